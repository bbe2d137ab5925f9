// How many conversations are in each view. The server counts; what is heard of afterwards is added and taken away here.
// Where a change cannot be told (a conversation comes up of which nothing was known), the counts are stale: they stay
// and are asked for anew.

import type { Conversation } from "../types";
import type { Handlers, State } from "./shape";
import { COUNTED, type Counted, belongs } from "./views";

export type Numbers = Record<Counted, number>;

/** The server counts no further. */
export const MOST_COUNTED = 1000;

export interface HotelCounts {
  numbers: Numbers | null;
  loading: boolean;
  stale: boolean;
}

export interface Counts {
  /** By hotel; "" for all together. */
  counts: Record<string, HotelCounts>;
}

export type CountAction =
  | { type: "counts requested"; hotel: string }
  | { type: "counts loaded"; hotel: string; numbers: Numbers }
  | { type: "counts failed"; hotel: string };

const NONE: HotelCounts = { numbers: null, loading: false, stale: true };

export const nothingCounted: Counts = { counts: {} };

export const countHandlers: Handlers<CountAction> = {
  "counts requested": (state, { hotel }) => withCounts(state, hotel, { loading: true, stale: false }),
  "counts loaded": (state, { hotel, numbers }) => withCounts(state, hotel, { loading: false, numbers }),
  "counts failed": (state, { hotel }) => withCounts(state, hotel, { loading: false, stale: true }),
};

export function countsOf(state: State, hotel: string | null): HotelCounts {
  return state.counts[hotel ?? ""] ?? NONE;
}

/** What was known of a conversation has changed. While a count is under way nobody can tell whether it is in it. */
export function recount(state: State, before: Conversation, after: Conversation | null): State["counts"] {
  return changed(state, before.hotel, (counts, hotel) => {
    const inView = (one: Conversation | null, view: Counted): number =>
      Number(one !== null && belongs(one, { view, hotel, label: null }, state.me.user));
    const steps = COUNTED.map((view) => [view, inView(after, view) - inView(before, view)] as const);
    const moved = steps.filter(([, step]) => step !== 0);
    if (moved.length === 0) return counts;
    if (counts.loading || counts.numbers === null) return { ...counts, stale: true };
    // "1000 or more" cannot be counted down from.
    if (moved.some(([view]) => (counts.numbers?.[view] ?? 0) >= MOST_COUNTED)) return { ...counts, stale: true };
    const numbers = { ...counts.numbers };
    for (const [view, step] of moved) numbers[view] = Math.max(0, numbers[view] + step);
    return { ...counts, numbers };
  });
}

/** Something has happened to a conversation of which nothing was known: it may have left one view for another. */
export function uncounted(state: State, { hotel }: Conversation): State["counts"] {
  return changed(state, hotel, (counts) => (counts.stale ? counts : { ...counts, stale: true }));
}

function changed(
  state: State,
  ofHotel: string,
  change: (counts: HotelCounts, hotel: string | null) => HotelCounts,
): State["counts"] {
  let after = state.counts;
  for (const hotel of [ofHotel, ""]) {
    const counts = state.counts[hotel];
    const moved = counts && change(counts, hotel || null);
    if (moved && moved !== counts) after = { ...after, [hotel]: moved };
  }
  return after;
}

function withCounts(state: State, hotel: string, change: Partial<HotelCounts>): State {
  return { ...state, counts: { ...state.counts, [hotel]: { ...countsOf(state, hotel), ...change } } };
}
