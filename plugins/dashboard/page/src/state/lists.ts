// The lists of conversations: which one is chosen, what is loaded of each, and what a search has found.

import type { ConversationsPage, HotelName } from "../types";
import { knowConversation } from "./knowing";
import { type Listing, type Loading, NOTHING_LOADED, newListing, withPage } from "./listings";
import type { Handlers, State } from "./shape";
import { type ListQuery, type View, listKey } from "./views";

export interface Search {
  q: string;
  ids: string[];
  listing: Loading;
}

export interface Lists {
  view: View;
  hotel: string | null;
  label: string | null;
  search: Search | null;
  listings: Record<string, Listing>;
}

export type ListAction =
  | { type: "view chosen"; view: View }
  | { type: "hotel chosen"; hotel: string | null }
  | { type: "label chosen"; label: string | null }
  | { type: "list requested"; query: ListQuery }
  | { type: "list loaded"; query: ListQuery; page: ConversationsPage; asOf: number }
  | { type: "list failed"; query: ListQuery; problem: string }
  | { type: "searched"; q: string }
  | { type: "search requested"; q: string }
  | { type: "search loaded"; q: string; page: ConversationsPage; asOf: number; first: boolean }
  | { type: "search failed"; q: string; problem: string };

export const noLists: Lists = { view: "all", hotel: null, label: null, search: null, listings: {} };

export const listHandlers: Handlers<ListAction> = {
  "view chosen": (state, { view }) => ({ ...state, view, search: null }),
  "hotel chosen": (state, { hotel }) => ({ ...state, hotel, search: null }),
  "label chosen": (state, { label }) => ({ ...state, label, search: null }),
  "list requested": (state, { query }) => withListing(state, { ...listing(state, query), loading: true }),
  "list failed": (state, { query, problem }) =>
    withListing(state, { ...listing(state, query), loading: false, problem }),
  "list loaded": (state, { query, page, asOf }) => {
    const known = knowPage(state, page, asOf);
    const loaded = withPage(known, listing(known, query), page.conversations, page.next_cursor);
    const cursor = state.cursor ?? page.last_event;
    return { ...withListing(known, loaded), cursor, seen: Math.max(state.seen, page.last_event) };
  },
  searched: (state, { q }) => ({
    ...state,
    search: q ? { q, ids: [], listing: { ...NOTHING_LOADED, loading: true } } : null,
  }),
  "search requested": (state, { q }) => withSearch(state, q, { loading: true }),
  "search failed": (state, { q, problem }) => withSearch(state, q, { loading: false, problem }),
  "search loaded": (state, { q, page, asOf, first }) => {
    if (state.search?.q !== q) return state;
    const before = first ? [] : state.search.ids;
    const ids = page.conversations.map((found) => found.id);
    return {
      ...knowPage(state, page, asOf),
      search: {
        q,
        ids: [...before, ...ids.filter((id) => !before.includes(id))],
        listing: { next: page.next_cursor, loading: false, loaded: true, problem: null },
      },
    };
  },
};

function knowPage(state: State, page: ConversationsPage, asOf: number): State {
  const stamp = Math.max(asOf, page.last_event);
  return page.conversations.reduce((before, found) => knowConversation(before, found, stamp), state);
}

function withListing(state: State, changed: Listing): State {
  return { ...state, listings: { ...state.listings, [listKey(changed.query)]: changed } };
}

function withSearch(state: State, q: string, change: Partial<Loading>): State {
  if (state.search?.q !== q) return state;
  return { ...state, search: { ...state.search, listing: { ...state.search.listing, ...change } } };
}

// what is to be seen

export function chosenList({ view, hotel, label }: State): ListQuery {
  return { view, hotel, label };
}

export function listing(state: State, query: ListQuery): Listing {
  return state.listings[listKey(query)] ?? newListing(state, query);
}

/** The ids of the chosen list in its order; or of what was found, in the order of the server. */
export function visibleIds(state: State): string[] {
  return state.search ? state.search.ids : listing(state, chosenList(state)).ids;
}

/** How many conversations of the chosen hotel have something unread, as far as they are loaded. */
export function unreadConversations(state: State): number {
  let count = 0;
  for (const { value } of state.conversations.values()) {
    const isHere = state.hotel === null || value.hotel === state.hotel;
    if (isHere && value.unread > 0 && value.status !== "resolved") count += 1;
  }
  return count;
}

export function hotelName(hotels: HotelName[], slug: string): string {
  return hotels.find((hotel) => hotel.slug === slug)?.name ?? slug;
}
