// The lists of conversations: which one is chosen, what is loaded of each, and what a search has found.

import type { Conversation, ConversationsPage, HotelName } from "../types";
import { knowConversation } from "./knowing";
import type { Handlers, State } from "./shape";

export type Tab = "all" | "bot" | "staff" | "resolved";

/** What is loaded of one list of conversations. `next` is the key of the page below; null when there is none. */
export interface Listing {
  next: string | null;
  loading: boolean;
  loaded: boolean;
  problem: string | null;
}

export interface Search {
  q: string;
  ids: string[];
  listing: Listing;
}

export interface Lists {
  listings: Record<string, Listing>;
  tab: Tab;
  hotel: string | null;
  search: Search | null;
}

export type ListAction =
  | { type: "list requested"; key: string }
  | { type: "list loaded"; key: string; page: ConversationsPage; asOf: number }
  | { type: "list failed"; key: string; problem: string }
  | { type: "searched"; q: string }
  | { type: "search requested"; q: string }
  | { type: "search loaded"; q: string; page: ConversationsPage; asOf: number; first: boolean }
  | { type: "search failed"; q: string; problem: string }
  | { type: "tab chosen"; tab: Tab }
  | { type: "hotel chosen"; hotel: string | null };

const NO_LISTING: Listing = { next: null, loading: false, loaded: false, problem: null };

export const noLists: Lists = { listings: {}, tab: "all", hotel: null, search: null };

export const listHandlers: Handlers<ListAction> = {
  "list requested": (state, { key }) => withListing(state, key, { loading: true }),
  "list failed": (state, { key, problem }) => withListing(state, key, { loading: false, problem }),
  "list loaded": (state, { key, page, asOf }) => {
    const merged = knowPage(state, page, asOf);
    const loaded = withListing(merged, key, { next: page.next_cursor, loading: false, loaded: true, problem: null });
    return { ...loaded, cursor: state.cursor ?? page.last_event, seen: Math.max(state.seen, page.last_event) };
  },
  searched: (state, { q }) => ({
    ...state,
    search: q ? { q, ids: [], listing: { ...NO_LISTING, loading: true } } : null,
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
  "tab chosen": (state, { tab }) => ({ ...state, tab, search: null }),
  "hotel chosen": (state, { hotel }) => ({ ...state, hotel, search: null }),
};

function knowPage(state: State, page: ConversationsPage, asOf: number): State {
  const stamp = Math.max(asOf, page.last_event);
  return page.conversations.reduce((before, found) => knowConversation(before, found, stamp), state);
}

function withListing(state: State, key: string, change: Partial<Listing>): State {
  return { ...state, listings: { ...state.listings, [key]: { ...listing(state, key), ...change } } };
}

function withSearch(state: State, q: string, change: Partial<Listing>): State {
  if (state.search?.q !== q) return state;
  return { ...state, search: { ...state.search, listing: { ...state.search.listing, ...change } } };
}

// what is to be seen

export function listingKey(tab: Tab, hotel: string | null): string {
  return `${tab}|${hotel ?? ""}`;
}

export function listing(state: State, key: string): Listing {
  return state.listings[key] ?? NO_LISTING;
}

/** The conversations of the chosen tab and hotel, the newest first; or what was found, in the order of the server. */
export function visibleConversations(
  conversations: State["conversations"],
  tab: Tab,
  hotel: string | null,
  search: Search | null,
): Conversation[] {
  if (search) return search.ids.flatMap((id) => conversations[id]?.value ?? []);
  return Object.values(conversations)
    .map((known) => known.value)
    .filter((one) => (hotel === null || one.hotel === hotel) && belongs(one, tab))
    .sort(newestFirst);
}

function belongs(one: Conversation, tab: Tab): boolean {
  if (tab === "resolved") return one.status === "resolved";
  return one.status !== "resolved" && (tab === "all" || one.handled_by === tab);
}

function newestFirst(a: Conversation, b: Conversation): number {
  const [left, right] = [a.last_at ?? "", b.last_at ?? ""];
  if (left !== right) return left < right ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

/** How many conversations of the chosen hotel have something unread, as far as they are loaded. */
export function unreadConversations(conversations: State["conversations"], hotel: string | null): number {
  return Object.values(conversations).filter(
    ({ value }) => value.unread > 0 && value.status !== "resolved" && (hotel === null || value.hotel === hotel),
  ).length;
}

export function hotelName(hotels: HotelName[], slug: string): string {
  return hotels.find((hotel) => hotel.slug === slug)?.name ?? slug;
}
