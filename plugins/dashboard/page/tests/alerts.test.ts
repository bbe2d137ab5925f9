import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Alerts } from "../src/alerts";
import { type Action, type State, URGENT, initialState, reduce, ringing } from "../src/state";
import type { Conversation, Message, Urgent, WireEvent } from "../src/types";

const ME = { user: "ana", role: "agent", hotels: [], title: "Innbox", keepsDesk: true };

function aConversation(id: string, change: Partial<Conversation> = {}): Conversation {
  return {
    id,
    hotel: "miramar",
    channel: "whatsapp",
    guest: { id: `g-${id}`, name: "Marta", handle: "+351911222333", language: "pt" },
    status: "open",
    handled_by: "staff",
    assignee: "ana",
    unread: 0,
    last_message: null,
    last_at: "2026-05-04T10:00:00.000Z",
    window_closes_at: null,
    labels: [],
    epoch: 0,
    ...change,
  };
}

let number = 10;

function said(conversation_id: string, change: Partial<Message> = {}): WireEvent {
  number += 1;
  const data: Message = {
    id: `m${number}`,
    conversation_id,
    seq: number,
    direction: "in",
    author: { kind: "guest", name: null },
    text: "Hello?",
    attachments: [],
    status: null,
    error: null,
    created_at: "2026-05-04T10:00:00.000Z",
    ...change,
  };
  return { event: number, name: "new_message", data };
}

function updated(conversation: Conversation): WireEvent {
  number += 1;
  return { event: number, name: "conversation_update", data: conversation };
}

function knowing(...conversations: Conversation[]): State {
  const page = { conversations, next_cursor: null, last_event: 10 };
  return reduce(initialState(ME), { type: "list loaded", query: URGENT, page, asOf: 0 });
}

function after(state: State, events: WireEvent[]): State {
  return events.map((event): Action => ({ type: "event", event })).reduce(reduce, state);
}

/** The conversations that are told of when events come one after the other. */
function told(state: State, ...events: WireEvent[]): string[] {
  const alerts = new Alerts();
  let now = state;
  return events.flatMap((event) => {
    now = after(now, [event]);
    return alerts.of([event], now).map((alert) => alert.conversation.id);
  });
}

describe("what is told to who sits here", () => {
  it("is a guest's message in a conversation of theirs", () => {
    assert.deepEqual(told(knowing(aConversation("c1")), said("c1")), ["c1"]);
  });

  it("is nothing of the bot's, of colleagues', or of what nobody has", () => {
    const others = knowing(
      aConversation("bot", { handled_by: "bot", assignee: null }),
      aConversation("hers", { assignee: "zoe" }),
      aConversation("nobodys", { assignee: null }),
    );
    assert.deepEqual(told(others, said("bot"), said("hers"), said("nobodys")), []);
  });

  it("is no reply, whoever wrote it", () => {
    const reply = said("c1", { direction: "out", author: { kind: "staff", name: "zoe" } });
    assert.deepEqual(told(knowing(aConversation("c1")), reply), []);
  });

  it("is a note that calls them, wherever it stands, but not their own", () => {
    const note = (author: string): WireEvent =>
      said("hers", { direction: "note", author: { kind: "staff", name: author }, mentions: ["ana"] });
    assert.deepEqual(told(knowing(aConversation("hers", { assignee: "zoe" })), note("zoe"), note("ana")), ["hers"]);
  });

  it("is told once, though the event comes live and again by sync", () => {
    const event = said("c1");
    assert.deepEqual(told(knowing(aConversation("c1")), event, event), ["c1"]);
  });

  it("waits for the conversation where nothing was known of it", () => {
    assert.deepEqual(told(knowing(), said("c9"), updated(aConversation("c9"))), ["c9"]);
    assert.deepEqual(told(knowing(), said("c8"), updated(aConversation("c8", { assignee: "zoe" }))), []);
  });

  it("is nothing new where a conversation changes without a message", () => {
    assert.deepEqual(told(knowing(aConversation("c1")), updated(aConversation("c1", { labels: ["vip"] }))), []);
  });
});

describe("what rings", () => {
  const urgent = (change: Partial<Urgent> = {}): Partial<Conversation> => ({
    urgent: { since: "2026-05-04T10:00:00.000Z", words: ["fire"], rings_for: null, acknowledged_by: null, ...change },
  });
  const rings = (state: State): string[] => ringing(state).map((one) => one.id);

  it("calls everybody, or the one whose turn it is", () => {
    const state = knowing(
      aConversation("all", urgent()),
      aConversation("ana", urgent({ rings_for: "ana" })),
      aConversation("zoe", urgent({ rings_for: "zoe" })),
      aConversation("calm"),
    );
    assert.deepEqual(rings(state).sort(), ["all", "ana"]);
  });

  it("ends when somebody has heard, and when it is resolved", () => {
    const state = knowing(aConversation("c1", urgent()), aConversation("c2", urgent()));
    const heard = updated(aConversation("c1", urgent({ acknowledged_by: "zoe" })));
    const resolved = updated(aConversation("c2", { status: "resolved" }));
    assert.deepEqual(rings(after(state, [heard, resolved])), []);
  });

  it("begins with an event of a conversation that no list has shown", () => {
    assert.deepEqual(rings(after(knowing(), [updated(aConversation("c9", urgent()))])), ["c9"]);
  });
});
