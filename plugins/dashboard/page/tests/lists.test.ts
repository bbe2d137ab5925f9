import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawnRows, shiftOf, topToSee } from "../src/rows";
import {
  type Action,
  COUNTED,
  type ListQuery,
  type State,
  VIEWS,
  type View,
  arrange,
  belongs,
  countsOf,
  initialState,
  listing,
  reduce,
  visibleIds,
} from "../src/state";
import { Shelf } from "../src/state/shelf";
import type { Conversation } from "../src/types";

const ME = { user: "ana", role: "agent", hotels: [], title: "Innbox", keepsDesk: true };

function aConversation(id: string, change: Partial<Conversation> = {}): Conversation {
  return {
    id,
    hotel: "miramar",
    channel: "whatsapp",
    guest: { id: `g-${id}`, name: "Marta", handle: "+351911222333", language: "pt" },
    status: "open",
    handled_by: "staff",
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

function at(minute: number): string {
  return `2026-05-04T10:${String(minute).padStart(2, "0")}:00.000Z`;
}

function of(view: View, hotel: string | null = null, label: string | null = null): ListQuery {
  return { view, hotel, label };
}

function after(actions: Action[], state: State = initialState(ME)): State {
  return actions.reduce(reduce, state);
}

function loaded(query: ListQuery, conversations: Conversation[], next_cursor: string | null = null): Action {
  return { type: "list loaded", query, page: { conversations, next_cursor, last_event: 10 }, asOf: 0 };
}

let number = 10;
function updated(conversation: Conversation): Action {
  number += 1;
  return { type: "event", event: { event: number, name: "conversation_update", data: conversation } };
}

const URGENT = { since: at(1), words: ["fire"], rings_for: null, acknowledged_by: null };

describe("a view", () => {
  const conversations = {
    bot: aConversation("bot", { handled_by: "bot" }),
    nobodys: aConversation("nobodys"),
    mine: aConversation("mine", { assignee: "ana" }),
    hers: aConversation("hers", { assignee: "zoe", waiting_since: at(2) }),
    urgent: aConversation("urgent", { urgent: URGENT }),
    snoozed: aConversation("snoozed", { status: "snoozed", assignee: "ana", waiting_since: at(1), urgent: URGENT }),
    resolved: aConversation("resolved", { status: "resolved", assignee: "ana" }),
  };
  const expected: Partial<Record<View, string[]>> = {
    all: ["bot", "nobodys", "mine", "hers", "urgent", "snoozed"],
    mine: ["mine"],
    unassigned: ["nobodys", "urgent"],
    bot: ["bot"],
    waiting: ["hers"],
    urgent: ["urgent"],
    snoozed: ["snoozed"],
    resolved: ["resolved"],
    staff: ["nobodys", "mine", "hers", "urgent"],
  };
  for (const [view, ids] of Object.entries(expected)) {
    it(`${view} holds what belongs to it`, () => {
      const found = Object.values(conversations).filter((one) => belongs(one, of(view as View), "ana"));
      assert.deepEqual(
        found.map((one) => one.id),
        ids,
      );
    });
  }

  it("lists the newest first, and who waits longest before all others", () => {
    const early = aConversation("early", { last_at: at(9), waiting_since: at(3) });
    const late = aConversation("late", { last_at: at(8), waiting_since: at(4) });
    const known = [early, late].map((value) => ({ stamp: 1, value }));
    assert.deepEqual(arrange(known, of("all"), "ana", null), ["early", "late"]);
    assert.deepEqual(arrange(known.reverse(), of("waiting"), "ana", null), ["early", "late"]);
  });

  it("keeps to the hotel and the label", () => {
    const one = aConversation("c1", { labels: ["vip"] });
    assert.equal(belongs(one, of("all", "miramar", "vip"), "ana"), true);
    assert.equal(belongs(one, of("all", "aurora"), "ana"), false);
    assert.equal(belongs(one, of("all", null, "late"), "ana"), false);
  });
});

describe("a list loaded by pages", () => {
  const first = [aConversation("c9", { last_at: at(9) }), aConversation("c8", { last_at: at(8) })];
  const below = aConversation("c5", { last_at: at(5) });

  it("shows nothing below its last page, where not all is known", () => {
    const state = after([loaded(of("all"), first, "c8"), updated(below)]);
    assert.deepEqual(visibleIds(state), ["c9", "c8"]);
  });

  it("shows it where the next page comes, between what that brings", () => {
    const page = [aConversation("c7", { last_at: at(7) }), aConversation("c4", { last_at: at(4) })];
    const state = after([loaded(of("all"), first, "c8"), updated(below), loaded(of("all"), page)]);
    assert.deepEqual(visibleIds(state), ["c9", "c8", "c7", "c5", "c4"]);
  });

  it("brings what is written now to the top, from wherever it was", () => {
    const state = after([loaded(of("all"), first, "c8"), updated({ ...below, last_at: at(10) })]);
    assert.deepEqual(visibleIds(state), ["c5", "c9", "c8"]);
  });

  it("keeps its end when the last one moves up", () => {
    const moved = { ...aConversation("c8"), last_at: at(20) };
    const state = after([loaded(of("all"), first, "c8"), updated(moved), updated(below)]);
    assert.deepEqual(visibleIds(state), ["c8", "c9"]);
  });

  it("shows what is known of it before its first page is there", () => {
    const state = after([loaded(of("all"), first), { type: "view chosen", view: "unassigned" }]);
    assert.deepEqual(visibleIds(state), ["c9", "c8"]);
    assert.equal(listing(state, of("unassigned")).loaded, false);
  });

  it("does not change for what changes nothing of its order", () => {
    const state = after([loaded(of("all"), first)]);
    const read = after([updated({ ...aConversation("c8"), last_at: at(8), unread: 3 })], state);
    assert.equal(visibleIds(read), visibleIds(state));
  });
});

describe("lists that follow events", () => {
  it("stand as if they were sorted anew each time", () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const pick = <T>(...choices: T[]): T => choices[random(choices.length)] as T;
    const queries = VIEWS.flatMap((view) => [of(view), of(view, "aurora"), of(view, null, "vip")]);
    let state = after(queries.map((query) => loaded(query, [])));
    state = after(
      ["", "aurora"].flatMap((hotel): Action[] => [
        { type: "counts requested", hotel },
        { type: "counts loaded", hotel, numbers: Object.fromEntries(COUNTED.map((view) => [view, 0])) as never },
      ]),
      state,
    );
    const counted = new Set<string>();
    for (let step = 0; step < 600; step += 1) {
      const id = `c${random(40)}`;
      const before = counted.has(id);
      const change = aConversation(id, {
        hotel: Number(id.slice(1)) % 3 === 0 ? "aurora" : "miramar",
        status: pick("open", "open", "open", "snoozed", "resolved"),
        handled_by: pick("bot", "staff"),
        assignee: pick("ana", "zoe", null),
        last_at: at(random(60)),
        waiting_since: pick(null, at(random(60))),
        urgent: pick(null, null, URGENT),
        labels: pick([], ["vip"]),
      });
      counted.add(id);
      const gone: Action = { type: "event", event: { event: 1_000_000 + step, name: "conversation_gone", data: { id } } };
      state = after([before && random(20) === 0 ? gone : updated(change)], state);
    }
    const known = [...state.conversations.values()];
    assert.ok(known.length > 10);
    for (const query of queries) {
      assert.deepEqual(listing(state, query).ids, arrange(known, query, "ana", null), JSON.stringify(query));
    }
  });
});

describe("counts", () => {
  const numbers = { mine: 2, unassigned: 1, bot: 5, waiting: 0, urgent: 0, snoozed: 0 };
  const counted: Action[] = [
    { type: "counts requested", hotel: "" },
    { type: "counts loaded", hotel: "", numbers },
  ];
  const known = aConversation("c1", { handled_by: "bot" });

  it("follow what happens to a conversation that is known", () => {
    const state = after([loaded(of("all"), [known]), ...counted, updated({ ...known, handled_by: "staff" })]);
    assert.deepEqual(countsOf(state, null).numbers, { ...numbers, bot: 4, unassigned: 2 });
    assert.equal(countsOf(state, null).stale, false);
  });

  it("follow an acknowledgement, and do not count its event again", () => {
    const taken = { ...known, handled_by: "staff" as const, assignee: "ana" };
    const told: Action = { type: "told", conversation: taken, messages: [], asOf: 10 };
    const state = after([loaded(of("all"), [known]), ...counted, told, updated(taken)]);
    assert.deepEqual(countsOf(state, null).numbers, { ...numbers, bot: 4, mine: 3 });
  });

  it("are stale where a conversation comes up of which nothing was known", () => {
    const state = after([...counted, updated(known)]);
    assert.deepEqual(countsOf(state, null), { numbers, loading: false, stale: true });
  });

  it("are stale where something changed while they were being asked for", () => {
    const [requested, answered] = counted as [Action, Action];
    const state = after([
      loaded(of("all"), [known]),
      ...counted,
      requested,
      updated({ ...known, handled_by: "staff" }),
      answered,
    ]);
    assert.equal(countsOf(state, null).stale, true);
  });

  it("of another hotel stay", () => {
    const ofAurora: Action[] = counted.map((action) => ({ ...action, hotel: "aurora" }) as Action);
    const state = after([loaded(of("all"), [known]), ...ofAurora, updated({ ...known, handled_by: "staff" })]);
    assert.deepEqual(countsOf(state, "aurora").numbers, numbers);
  });

  it("of 1000 or more are asked for rather than counted down", () => {
    const many: Action = { type: "counts loaded", hotel: "", numbers: { ...numbers, bot: 1000 } };
    const state = after([loaded(of("all"), [known]), many, updated({ ...known, handled_by: "staff" })]);
    assert.equal(countsOf(state, null).numbers?.bot, 1000);
    assert.equal(countsOf(state, null).stale, true);
  });
});

describe("a shelf", () => {
  it("keeps things by id, and leaves what it was before", () => {
    const empty = new Shelf<number>();
    const full = Array.from({ length: 1000 }, (_, at) => at).reduce((shelf, at) => shelf.with(`id-${at}`, at), empty);
    assert.equal(full.get("id-777"), 777);
    assert.equal([...full.values()].length, 1000);
    assert.equal(full.without("id-777").get("id-777"), undefined);
    assert.equal(full.get("id-777"), 777);
    assert.equal(empty.get("id-1"), undefined);
    assert.equal(empty.without("id-1"), empty);
  });
});

describe("the rows of a long list", () => {
  const ids = Array.from({ length: 1000 }, (_, at) => `c${at}`);

  it("are drawn where they are seen, and some beyond", () => {
    const { from, to } = drawnRows(40_000, 800, 80, 10_000);
    assert.ok(from <= 500 && from > 460, String(from));
    assert.ok(to >= 510 && to < 550, String(to));
    assert.deepEqual(drawnRows(0, 800, 80, 12), { from: 0, to: 12 });
    assert.deepEqual(drawnRows(0, 800, 80, 0), { from: 0, to: 0 });
  });

  it("are the same while one scrolls a little", () => {
    assert.deepEqual(drawnRows(40_100, 700, 80, 10_000), drawnRows(40_050, 700, 80, 10_000));
  });

  it("stay where they are read when others come in above", () => {
    assert.equal(shiftOf(ids, ["new", "newer", ...ids], 8000, 800, 80), 160);
    assert.equal(shiftOf(ids, ids.slice(3), 8000, 800, 80), -240);
  });

  it("stay there, most of them, when one moves to the top from below or from among them", () => {
    const onTop = (id: string): string[] => [id, ...ids.filter((other) => other !== id)];
    assert.equal(shiftOf(ids, onTop("c500"), 8000, 800, 80), 80);
    assert.equal(shiftOf(ids, onTop("c103"), 8000, 800, 80), 0);
    assert.equal(shiftOf(ids, onTop("c108"), 8000, 800, 80), 80);
  });

  it("make room at the top for who looks there", () => {
    assert.equal(shiftOf(ids, ["new", ...ids], 0, 800, 80), 0);
  });

  it("come into view with as little movement as can be", () => {
    assert.equal(topToSee(5, 800, 800, 80), 400);
    assert.equal(topToSee(12, 800, 800, 80), 800);
    assert.equal(topToSee(30, 800, 800, 80), 1680);
  });
});
