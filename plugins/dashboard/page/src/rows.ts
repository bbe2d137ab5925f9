// Which rows of a long list are drawn, and where it stands when rows come in above. Pure: all measures are arguments.

/** Rows beyond each edge that are drawn as well: a fling shows rows, not blanks. */
const AHEAD = 15;
/** Scrolling draws anew only when it has passed this many rows. */
const STEP = 10;

export interface Drawn {
  from: number;
  /** The row after the last one. */
  to: number;
}

/** The rows in view, and some beyond, of `count` rows that are `row` pixels high each. */
export function drawnRows(top: number, height: number, row: number, count: number): Drawn {
  const first = Math.floor(top / row / STEP) * STEP;
  const last = Math.ceil((top + height) / row / STEP) * STEP;
  return { from: Math.max(0, Math.min(first - AHEAD, count)), to: Math.min(count, last + AHEAD) };
}

/** How far to scroll so that what is in view stays there, now that ids have come, gone, or moved. */
export function shiftOf(before: string[], after: string[], top: number, height: number, row: number): number {
  if (top < row / 2) return 0; // who stands at the top sees what comes in there
  const inView = before.slice(Math.floor(top / row), Math.ceil((top + height) / row));
  const places = new Map(after.map((id, at) => [id, at]));
  const shifts = inView.flatMap((id, at) => {
    const now = places.get(id);
    return now === undefined ? [] : [now - (Math.floor(top / row) + at)];
  });
  // One that moved away is not what is being read: most of the others moved alike.
  const middle = shifts.sort((a, b) => a - b)[shifts.length >> 1] ?? 0;
  return middle * row;
}

/** Where to scroll so that a whole row is in view, with as little movement as can be. */
export function topToSee(at: number, top: number, height: number, row: number): number {
  if (at * row < top) return at * row;
  return Math.max(top, (at + 1) * row - height);
}
