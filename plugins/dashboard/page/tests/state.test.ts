import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Action,
  type ListQuery,
  type State,
  type Unsent,
  conversation,
  initialState,
  listing,
  newestOfOthers,
  othersAt,
  reduce,
  saidByOthersAfter,
  thread,
  unreadConversations,
  unsentOf,
  visibleIds,
} from "../src/state";
import type { Conversation, EventName, Gone, Message, WireEvent } from "../src/types";

const ME = { user: "ana", role: "agent", hotels: [{ slug: "miramar", name: "Hotel Miramar" }], title: "Innbox" };

/** Of a text that is written and nothing else. */
const NOTHING_MORE = { files: [], seenSeq: null, suggestionId: null, translateTo: null, problem: null };

function aMessage(seq: number, change: Partial<Message> = {}): Message {
  return {
    id: `m${seq}`,
    conversation_id: "c1",
    seq,
    direction: "in",
    author: { kind: "guest", name: null },
    text: `text ${seq}`,
    attachments: [],
    status: null,
    error: null,
    created_at: `2026-05-04T10:${String(seq).padStart(2, "0")}:00.000Z`,
    sources: [],
    ...change,
  };
}

function aConversation(id: string, change: Partial<Conversation> = {}): Conversation {
  return {
    id,
    hotel: "miramar",
    channel: "whatsapp",
    guest: { id: `g-${id}`, name: "Marta", handle: "+351911222333", language: "pt" },
    status: "open",
    handled_by: "bot",
    assignee: null,
    unread: 0,
    last_message: null,
    last_at: "2026-05-04T10:00:00.000Z",
    window_closes_at: null,
    labels: [],
    epoch: 0,
    ...change,
  };
}

function event(number: number, name: EventName, data: Message | Conversation | Gone): WireEvent {
  return { event: number, name, data };
}

function after(actions: Action[], state: State = initialState(ME)): State {
  return actions.reduce(reduce, state);
}

const ALL: ListQuery = { view: "all", hotel: null, label: null };

function aListOf(...conversations: Conversation[]): Action {
  return { type: "list loaded", query: ALL, page: { conversations, next_cursor: null, last_event: 10 }, asOf: 0 };
}

function aThreadOf(messages: Message[], next_before: number | null = null, asOf = 10): Action {
  return { type: "thread loaded", id: "c1", page: { messages, next_before }, asOf };
}

function seqs(state: State): number[] {
  return thread(state, "c1").messages.map((known) => known.value.seq);
}

function shown(state: State): string[] {
  return visibleIds(state);
}

describe("catching up", () => {
  it("starts from the first page of the inbox", () => {
    const state = after([aListOf(aConversation("c1"))]);
    assert.equal(state.cursor, 10);
  });

  it("is not moved by live events, which may have overtaken a lost one", () => {
    const state = after([
      aListOf(aConversation("c1")),
      { type: "event", event: event(12, "conversation_update", aConversation("c1", { unread: 1 })) },
    ]);
    assert.equal(state.cursor, 10);
    assert.equal(state.seen, 12);
  });

  it("is moved by a live event that is the very next one, so that it need not come twice", () => {
    const next = (number: number): Action => ({
      type: "event",
      event: event(number, "conversation_update", aConversation("c1", { unread: number })),
    });
    assert.equal(after([aListOf(aConversation("c1")), next(11), next(12)]).cursor, 12);
    assert.equal(after([aListOf(aConversation("c1")), next(12), next(11)]).cursor, 11);
    assert.equal(after([next(1)]).cursor, null);
  });

  it("brings the lost event, and changes nothing that came live", () => {
    const lost = event(11, "new_message", aMessage(1));
    const live = event(12, "new_message", aMessage(2));
    const state = after([
      aListOf(aConversation("c1")),
      aThreadOf([]),
      { type: "event", event: live },
      { type: "synced", events: [lost, live], upTo: 12 },
    ]);
    assert.deepEqual(seqs(state), [1, 2]);
    assert.equal(state.cursor, 12);
  });

  it("never goes back", () => {
    const state = after([
      aListOf(),
      { type: "synced", events: [], upTo: 30 },
      { type: "synced", events: [], upTo: 20 },
    ]);
    assert.equal(state.cursor, 30);
  });

  it("does not start anew with another list", () => {
    const query: ListQuery = { ...ALL, view: "resolved" };
    const page = { conversations: [], next_cursor: null, last_event: 50 };
    const state = after([aListOf(), { type: "list loaded", query, page, asOf: 10 }]);
    assert.equal(state.cursor, 10);
  });
});

describe("an erased conversation", () => {
  const gone: Action = { type: "event", event: event(20, "conversation_gone", { id: "c1" }) };
  const before: Action[] = [
    aListOf(aConversation("c1"), aConversation("c2")),
    { type: "opened", id: "c1" },
    aThreadOf([aMessage(1)]),
    { type: "drafted", id: "c1", mode: "reply", text: "a draft" },
    { type: "drafted", id: "c2", mode: "reply", text: "another" },
    { type: "mode chosen", id: "c1", mode: "note" },
    {
      type: "written",
      unsent: {
        clientId: "x",
        conversationId: "c1",
        mode: "note",
        text: "unsent",
        writtenAt: "2026-05-04T10:00:00.000Z",
        afterSeq: 1,
        ...NOTHING_MORE,
      },
    },
    { type: "files chosen", id: "c1", files: [new File(["x"], "x.png")] },
    { type: "suggestion taken", id: "c1", suggestionId: "s1" },
    { type: "held", conversationId: "c1", afterSeq: 0 },
  ];

  it("leaves the list and the screen, with all that was written for it", () => {
    const state = after([...before, gone]);
    assert.deepEqual(shown(state), ["c2"]);
    assert.equal(state.open, null);
    assert.deepEqual(thread(state, "c1").messages, []);
    assert.deepEqual(state.drafts, { "c2|reply": "another" });
    assert.deepEqual([state.modes, state.unsent, state.files, state.suggestions, state.held], [{}, [], {}, {}, null]);
    assert.equal(JSON.stringify(state).includes("text 1"), false);
  });

  it("leaves other conversations open", () => {
    assert.equal(after([...before, { type: "opened", id: "c2" }, gone]).open, "c2");
  });

  it("is not brought back by what was asked for before", () => {
    const late = { conversations: [aConversation("c1")], next_cursor: null, last_event: 19 };
    const state = after([
      ...before,
      { type: "synced", events: [event(20, "conversation_gone", { id: "c1" })], upTo: 20 },
      { type: "list loaded", query: ALL, page: late, asOf: 19 },
      aThreadOf([aMessage(1)], null, 19),
      { type: "event", event: event(18, "new_message", aMessage(2)) },
      { type: "told", conversation: aConversation("c1"), messages: [aMessage(3)], asOf: 19 },
      { type: "thread failed", id: "c1", problem: "not found" },
      { type: "opened", id: "c1" },
    ]);
    assert.deepEqual(shown(state), ["c2"]);
    assert.equal(state.threads["c1"], undefined);
    assert.equal(state.open, null);
  });

  it("is forgotten where nothing was known of it", () => {
    const state = after([aListOf(aConversation("c2")), gone]);
    assert.deepEqual(shown(state), ["c2"]);
    assert.equal(state.seen, 20);
  });
});

describe("conversations", () => {
  it("appear when an event tells of one that no list has shown", () => {
    const state = after([
      aListOf(aConversation("c1")),
      {
        type: "event",
        event: event(11, "conversation_update", aConversation("c2", { last_at: "2026-05-04T11:00:00Z" })),
      },
    ]);
    assert.deepEqual(shown(state), ["c2", "c1"]);
  });

  it("keep the newer event when an older one comes late", () => {
    const state = after([
      aListOf(aConversation("c1")),
      {
        type: "event",
        event: event(13, "conversation_update", aConversation("c1", { handled_by: "staff", epoch: 2 })),
      },
      { type: "event", event: event(12, "conversation_update", aConversation("c1", { epoch: 1 })) },
    ]);
    assert.equal(conversation(state, "c1")?.epoch, 2);
  });

  it("are not set back by a page that was asked for before the last event", () => {
    const state = after([
      aListOf(aConversation("c1")),
      { type: "event", event: event(13, "conversation_update", aConversation("c1", { unread: 4 })) },
      aListOf(aConversation("c1", { unread: 0 })),
    ]);
    assert.equal(conversation(state, "c1")?.unread, 4);
  });

  it("leave the open list when resolved, and come under Resolved", () => {
    const resolved = after([
      aListOf(aConversation("c1"), aConversation("c2")),
      { type: "event", event: event(11, "conversation_update", aConversation("c1", { status: "resolved" })) },
    ]);
    assert.deepEqual(shown(resolved), ["c2"]);
    assert.deepEqual(shown(after([{ type: "view chosen", view: "resolved" }], resolved)), ["c1"]);
  });

  it("are listed by who answers and by hotel, the newest first", () => {
    const state = after([
      aListOf(
        aConversation("c1", { handled_by: "staff", last_at: "2026-05-04T09:00:00Z" }),
        aConversation("c2", { handled_by: "bot" }),
        aConversation("c3", { handled_by: "staff", hotel: "aurora", last_at: "2026-05-04T11:00:00Z" }),
      ),
      { type: "view chosen", view: "staff" },
    ]);
    assert.deepEqual(shown(state), ["c3", "c1"]);
    assert.deepEqual(shown(after([{ type: "hotel chosen", hotel: "miramar" }], state)), ["c1"]);
  });

  it("show their newest message at once, and its delivery", () => {
    const reply = aMessage(3, { direction: "out", status: "sent" });
    const state = after([
      aListOf(aConversation("c1", { last_message: aMessage(2) })),
      { type: "event", event: event(11, "new_message", reply) },
      { type: "event", event: event(12, "message_update", { ...reply, status: "read" }) },
      { type: "event", event: event(13, "message_update", aMessage(1, { text: "an older one" })) },
    ]);
    assert.equal(conversation(state, "c1")?.last_message?.status, "read");
    assert.equal(conversation(state, "c1")?.last_at, reply.created_at);
  });

  it("with something unread are counted", () => {
    const state = after([aListOf(aConversation("c1", { unread: 3 }), aConversation("c2"))]);
    assert.equal(unreadConversations(state), 1);
    assert.equal(unreadConversations({ ...state, hotel: "aurora" }), 0);
  });
});

describe("messages", () => {
  it("stand in the order of their seq, however they come", () => {
    const state = after([
      aThreadOf([aMessage(3), aMessage(4)], 3),
      { type: "event", event: event(12, "new_message", aMessage(6)) },
      { type: "event", event: event(11, "new_message", aMessage(5)) },
      aThreadOf([aMessage(1), aMessage(2)]),
    ]);
    assert.deepEqual(seqs(state), [1, 2, 3, 4, 5, 6]);
    assert.equal(thread(state, "c1").nextBefore, null);
  });

  it("come once, however often they are told", () => {
    const twice: Action = { type: "event", event: event(11, "new_message", aMessage(1)) };
    assert.deepEqual(seqs(after([aThreadOf([]), twice, twice])), [1]);
  });

  it("are not set back by an older event", () => {
    const out = (status: "sent" | "read"): Message => aMessage(1, { direction: "out", status });
    const state = after([
      aThreadOf([out("sent")]),
      { type: "event", event: event(13, "message_update", out("read")) },
      { type: "event", event: event(12, "message_update", out("sent")) },
    ]);
    assert.equal(thread(state, "c1").messages[0]?.value.status, "read");
  });

  it("are not kept for a conversation that nobody has opened", () => {
    const state = after([
      aListOf(aConversation("c1")),
      { type: "event", event: event(11, "new_message", aMessage(1)) },
    ]);
    assert.deepEqual(seqs(state), []);
    assert.equal(thread(state, "c1").loaded, false);
  });

  it("above the loaded part wait until that part is loaded", () => {
    const state = after([
      aThreadOf([aMessage(8)], 8),
      { type: "event", event: event(11, "message_update", aMessage(2, { direction: "out", status: "read" })) },
    ]);
    assert.deepEqual(seqs(state), [8]);
  });

  it("that come while the first page is on its way are not missed, though it was read before", () => {
    const state = after([
      aListOf(aConversation("c1")),
      { type: "thread requested", id: "c1" },
      { type: "event", event: event(11, "new_message", aMessage(2)) },
      { type: "event", event: event(12, "message_update", aMessage(1, { text: "as it is now" })) },
      { type: "told", messages: [aMessage(3)], asOf: 12 },
      aThreadOf([aMessage(1)]),
    ]);
    assert.deepEqual(seqs(state), [1, 2, 3]);
    assert.equal(thread(state, "c1").messages[0]?.value.text, "as it is now");
  });

  it("that change while the page above is on its way do not stand there as they were", () => {
    const out = (status: "sent" | "read"): Message => aMessage(2, { direction: "out", status });
    const state = after([
      aThreadOf([aMessage(8)], 8),
      { type: "thread requested", id: "c1" },
      { type: "event", event: event(11, "message_update", out("read")) },
      { type: "event", event: event(12, "message_update", aMessage(1)) },
      aThreadOf([out("sent")], 2),
    ]);
    assert.deepEqual(seqs(state), [2, 8]);
    assert.equal(thread(state, "c1").messages[0]?.value.status, "read");
  });

  it("that came before a page that never arrived are in the next", () => {
    const state = after([
      { type: "thread requested", id: "c1" },
      { type: "event", event: event(11, "new_message", aMessage(1, { text: "as it was" })) },
      { type: "thread failed", id: "c1", problem: "no connection" },
      { type: "thread requested", id: "c1" },
      aThreadOf([aMessage(1)], null, 11),
    ]);
    assert.equal(thread(state, "c1").messages[0]?.value.text, "text 1");
    assert.equal(thread(state, "c1").meanwhile.length, 0);
  });

  it("keep what is there when loading fails, and say why", () => {
    const state = after([
      aThreadOf([aMessage(1)]),
      { type: "thread requested", id: "c1" },
      { type: "thread failed", id: "c1", problem: "no connection" },
    ]);
    assert.deepEqual(seqs(state), [1]);
    assert.equal(thread(state, "c1").problem, "no connection");
    assert.equal(thread(state, "c1").loading, false);
  });
});

describe("writing", () => {
  const unsent: Unsent = {
    clientId: "k1",
    conversationId: "c1",
    mode: "reply",
    text: "We keep a place.",
    writtenAt: "2026-05-04T10:10:00.000Z",
    afterSeq: 1,
    ...NOTHING_MORE,
  };
  const mine = aMessage(2, { direction: "out", author: { kind: "staff", name: "ana" }, text: unsent.text });

  it("keeps a draft for each conversation, and another for its note", () => {
    const state = after([
      { type: "drafted", id: "c1", mode: "reply", text: "to the guest" },
      { type: "drafted", id: "c1", mode: "note", text: "to us" },
      { type: "drafted", id: "c2", mode: "reply", text: "to another" },
      { type: "written", unsent },
    ]);
    assert.deepEqual(state.drafts, { "c1|note": "to us", "c2|reply": "to another" });
  });

  it("shows the text until the server has it", () => {
    const written = after([aThreadOf([aMessage(1)]), { type: "written", unsent }]);
    assert.deepEqual(unsentOf(written, "c1"), [unsent]);
    assert.deepEqual(unsentOf(written, "c2"), []);
    assert.deepEqual(unsentOf(after([{ type: "sent", clientId: "k1" }], written), "c1"), []);
  });

  it("does not show it twice when the event is faster than the acknowledgement", () => {
    const state = after([
      aThreadOf([aMessage(1)]),
      { type: "written", unsent },
      { type: "written", unsent: { ...unsent, clientId: "k2" } },
      { type: "event", event: event(11, "new_message", mine) },
    ]);
    assert.deepEqual(
      unsentOf(state, "c1").map((one) => one.clientId),
      ["k2"],
    );
  });

  it("does not take the same words said before, or by a colleague, for it", () => {
    const state = after([
      aThreadOf([aMessage(1, { ...mine, id: "m1", seq: 1 })]),
      { type: "written", unsent },
      { type: "event", event: event(11, "new_message", { ...mine, author: { kind: "staff", name: "josé" } }) },
    ]);
    assert.equal(unsentOf(state, "c1").length, 1);
  });

  it("knows its own words when the guest gets them in another language, and its files", () => {
    const translated = { ...mine, text: "Guardamos um lugar.", original: unsent.text };
    const heard: Action = { type: "event", event: event(11, "new_message", translated) };
    const state = after([aThreadOf([aMessage(1)]), { type: "written", unsent }, heard]);
    assert.deepEqual(unsentOf(state, "c1"), []);

    const withFiles = { ...unsent, files: [new File(["x"], "x.png")] };
    const waits = after([aThreadOf([aMessage(1)]), { type: "written", unsent: withFiles }, heard]);
    assert.equal(unsentOf(waits, "c1").length, 1);
  });

  it("takes files and the bot's draft along, and leaves both when the draft is wiped out or sent", () => {
    const made: Action[] = [
      { type: "drafted", id: "c1", mode: "reply", text: "The bot says" },
      { type: "suggestion taken", id: "c1", suggestionId: "s1" },
      { type: "files chosen", id: "c1", files: [new File(["x"], "x.png")] },
    ];
    assert.deepEqual(after(made).suggestions, { c1: "s1" });
    assert.deepEqual(after([...made, { type: "drafted", id: "c1", mode: "note", text: "" }]).suggestions, { c1: "s1" });
    assert.deepEqual(after([...made, { type: "drafted", id: "c1", mode: "reply", text: "" }]).suggestions, {});
    const sent = after([...made, { type: "written", unsent }]);
    assert.deepEqual([sent.drafts, sent.files, sent.suggestions], [{}, {}, {}]);
    assert.deepEqual(after([...made, { type: "files chosen", id: "c1", files: [] }]).files, {});
  });

  it("is held over what others said to the guest or the guest said, and not over one's own words or notes", () => {
    const state = after([
      aThreadOf([
        aMessage(1),
        { ...mine, seq: 2 },
        aMessage(3, { direction: "note", author: { kind: "staff", name: "bo" } }),
        aMessage(4, { direction: "out", author: { kind: "bot", name: null } }),
        aMessage(5, { direction: "out", author: { kind: "staff", name: "bo" } }),
        aMessage(6),
      ]),
    ]);
    assert.deepEqual(
      saidByOthersAfter(state, "c1", 1).map((message) => message.seq),
      [4, 5, 6],
    );
    assert.deepEqual(saidByOthersAfter(state, "c1", 6), []);
    assert.equal(newestOfOthers(state, "c1"), 6);
    assert.equal(newestOfOthers(state, "c2"), 0);
  });

  it("keeps a refused text with the reason, and tries it again under the same id", () => {
    const refused = after([
      { type: "written", unsent },
      { type: "sending failed", clientId: "k1", problem: "too long" },
    ]);
    assert.equal(refused.unsent[0]?.problem, "too long");
    assert.equal(refused.unsent[0]?.text, unsent.text);
    const again = after([{ type: "sending again", clientId: "k1" }], refused);
    assert.deepEqual(again.unsent, [unsent]);
  });

  it("takes the acknowledged message in", () => {
    const state = after([
      aListOf(aConversation("c1")),
      aThreadOf([aMessage(1)]),
      { type: "told", conversation: aConversation("c1", { handled_by: "staff" }), messages: [mine], asOf: 10 },
    ]);
    assert.deepEqual(seqs(state), [1, 2]);
    assert.equal(conversation(state, "c1")?.handled_by, "staff");
  });

  it("lets an event that is newer than the acknowledgement stand", () => {
    const state = after([
      aListOf(aConversation("c1")),
      { type: "event", event: event(14, "conversation_update", aConversation("c1", { status: "resolved" })) },
      { type: "told", conversation: aConversation("c1"), messages: [], asOf: 10 },
    ]);
    assert.equal(conversation(state, "c1")?.status, "resolved");
  });
});

describe("search", () => {
  const page = { conversations: [aConversation("c7")], next_cursor: "x", last_event: 10 };

  it("shows what the server found, in its order, and more below", () => {
    const state = after([
      aListOf(aConversation("c1")),
      { type: "searched", q: "sea" },
      { type: "search loaded", q: "sea", page, asOf: 0, first: true },
      {
        type: "search loaded",
        q: "sea",
        page: { ...page, conversations: [aConversation("c1")] },
        asOf: 0,
        first: false,
      },
    ]);
    assert.deepEqual(shown(state), ["c7", "c1"]);
  });

  it("ignores an answer to an earlier question", () => {
    const state = after([
      { type: "searched", q: "sea view" },
      { type: "search loaded", q: "sea", page, asOf: 0, first: true },
    ]);
    assert.deepEqual(shown(state), []);
    assert.equal(state.search?.listing.loaded, false);
  });

  it("ends with an empty question, and with another view", () => {
    const searching = after([{ type: "searched", q: "sea" }]);
    assert.equal(after([{ type: "searched", q: "" }], searching).search, null);
    assert.equal(after([{ type: "view chosen", view: "bot" }], searching).search, null);
  });
});

describe("the rest of the desk", () => {
  it("remembers of each list how far it is loaded", () => {
    const page = { conversations: [], next_cursor: "further", last_event: 3 };
    const state = after([
      { type: "list requested", query: ALL },
      { type: "list loaded", query: ALL, page, asOf: 0 },
    ]);
    const { next, loading, loaded, problem } = listing(state, ALL);
    assert.deepEqual([next, loading, loaded, problem], ["further", false, true, null]);
    assert.equal(listing(state, { ...ALL, view: "bot" }).loaded, false);
  });

  it("tells who else looks and writes, never oneself, and nothing of those who left", () => {
    const at = (user: string, viewing: string | null, typing: string | null, online = true): Action => ({
      type: "presence",
      presence: { user, online, viewing, typing },
    });
    const state = after([
      at("ana", "c1", "c1"),
      at("josé", "c1", "c1"),
      at("zoe", "c1", null),
      at("max", "c1", null, false),
      at("eva", "c2", "c2"),
    ]);
    assert.deepEqual(othersAt(state, "c1"), { typing: ["josé"], looking: ["zoe"] });
    assert.deepEqual(othersAt(after([{ type: "connection", connection: "offline" }], state), "c1").looking, []);
  });

  it("forgets a refusal when another conversation is opened", () => {
    const refused = after([{ type: "refused", conversationId: "c1", text: "josé answers already." }]);
    assert.equal(refused.refusal?.text, "josé answers already.");
    assert.equal(after([{ type: "opened", id: "c2" }], refused).refusal, null);
  });
});
