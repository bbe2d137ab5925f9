// The views of the inbox: which conversations belong to one, in which order, and how many there are.

import type { Conversation } from "../types";
import type { Known, State } from "./shape";

/** What a store that keeps a desk lists, as the server names it. */
export const VIEWS = ["all", "mine", "unassigned", "bot", "waiting", "urgent", "snoozed", "resolved"] as const;
/** What every store can list. */
export const TABS = ["all", "bot", "staff", "resolved"] as const;
/** The views that the server counts. */
export const COUNTED = ["mine", "unassigned", "bot", "waiting", "urgent", "snoozed"] as const;

export type View = (typeof VIEWS)[number] | (typeof TABS)[number];
export type Counted = (typeof COUNTED)[number];

/** One list: a view of all hotels or of one, with or without a label. */
export interface ListQuery {
  view: View;
  hotel: string | null;
  label: string | null;
}

/** Where a conversation stands in a view. */
export interface Place {
  at: string;
  id: string;
}

export function viewsOf(state: State): readonly View[] {
  return state.me.keepsDesk ? VIEWS : TABS;
}

export function listKey({ view, hotel, label }: ListQuery): string {
  return JSON.stringify([view, hotel, label]);
}

export function belongs(one: Conversation, query: ListQuery, user: string): boolean {
  if (query.hotel !== null && one.hotel !== query.hotel) return false;
  if (query.label !== null && !one.labels.includes(query.label)) return false;
  return isIn(one, query.view, user);
}

function isIn(one: Conversation, view: View, user: string): boolean {
  if (view === "resolved") return one.status === "resolved";
  if (view === "all") return one.status !== "resolved";
  if (view === "snoozed") return one.status === "snoozed";
  if (one.status !== "open") return false;
  switch (view) {
    case "mine":
      return one.handled_by === "staff" && one.assignee === user;
    case "unassigned":
      return one.handled_by === "staff" && one.assignee === null;
    case "bot":
    case "staff":
      return one.handled_by === view;
    case "waiting":
      return Boolean(one.waiting_since);
    case "urgent":
      return Boolean(one.urgent);
  }
}

export function placeIn(view: View, one: Conversation): Place {
  return { at: (view === "waiting" ? one.waiting_since : one.last_at) ?? "", id: one.id };
}

/** Newest first; who waits longest first. Negative where `a` stands above `b`. */
export function compare(view: View, a: Place, b: Place): number {
  const upwards = a.at === b.at ? order(a.id, b.id) : order(a.at, b.at);
  return view === "waiting" ? upwards : -upwards;
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** The ids of a list, in order, of all that is known: down to `end`, below which not all is. */
export function arrange(known: Iterable<Known<Conversation>>, query: ListQuery, user: string, end: Place | null) {
  const places: Place[] = [];
  for (const { value } of known) {
    const place = placeIn(query.view, value);
    if (belongs(value, query, user) && isAbove(query.view, place, end)) places.push(place);
  }
  return places.sort((a, b) => compare(query.view, a, b)).map((place) => place.id);
}

export function isAbove(view: View, place: Place, end: Place | null): boolean {
  return end === null || compare(view, place, end) <= 0;
}
