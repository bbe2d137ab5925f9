// What is loaded of each list, kept in order as its conversations change: no list is sorted anew for one message.

import type { Conversation } from "../types";
import type { State } from "./shape";
import { type ListQuery, type Place, arrange, belongs, compare, isAbove, placeIn } from "./views";

/** How the loading of something stands. `next` is the key of the page below; null when there is none. */
export interface Loading {
  next: string | null;
  loading: boolean;
  loaded: boolean;
  problem: string | null;
}

/** One list. `end` is the last place of the pages that are loaded; null where they are all of it, or none is there. */
export interface Listing extends Loading {
  query: ListQuery;
  ids: string[];
  end: Place | null;
}

export const NOTHING_LOADED: Loading = { next: null, loading: false, loaded: false, problem: null };

/** A list that nothing was loaded of yet shows what is known from elsewhere. */
export function newListing(state: State, query: ListQuery): Listing {
  return { ...NOTHING_LOADED, query, ids: arrange(state.conversations.values(), query, state.me.user, null), end: null };
}

/** A page has come whose conversations are known by now: the list reaches down to the last of them. */
export function withPage(state: State, before: Listing, page: Conversation[], next: string | null): Listing {
  const last = page.at(-1);
  const end = next === null ? null : last ? placeIn(before.query.view, last) : before.end;
  const ids = arrange(state.conversations.values(), before.query, state.me.user, end);
  return { ...before, ids, end, next, loading: false, loaded: true, problem: null };
}

/** A conversation has changed, come or gone: it takes its new place in every list that it belongs to. */
export function relist(state: State, before: Conversation | null, after: Conversation | null): State["listings"] {
  let changed: Record<string, Listing> | null = null;
  for (const [key, listing] of Object.entries(state.listings)) {
    const moved = move(state, listing, before, after);
    if (moved !== listing) changed = { ...(changed ?? state.listings), [key]: moved };
  }
  return changed ?? state.listings;
}

function move(state: State, listing: Listing, before: Conversation | null, after: Conversation | null): Listing {
  const { query, end } = listing;
  const { user } = state.me;
  const old = before && belongs(before, query, user) ? placeIn(query.view, before) : null;
  const place = after && belongs(after, query, user) ? placeIn(query.view, after) : null;
  if (old && place && compare(query.view, old, place) === 0) return listing;
  const at = old ? listing.ids.indexOf(old.id) : -1;
  const isShown = place !== null && isAbove(query.view, place, end);
  if (at < 0 && !isShown) return listing;
  const ids = at < 0 ? [...listing.ids] : listing.ids.toSpliced(at, 1);
  if (isShown) ids.splice(slot(state, query, ids, place), 0, place.id);
  return { ...listing, ids };
}

/** Where a place comes to stand among ids that are in order. */
function slot(state: State, { view }: ListQuery, ids: string[], place: Place): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = state.conversations.get(ids[middle] ?? "")?.value;
    if (other && compare(view, placeIn(view, other), place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
