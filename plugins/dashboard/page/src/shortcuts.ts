// The keyboard's shortcuts: which keys there are, and what a pressed key means. Pure.
//
// A shortcut of something that is seen is written on it as `aria-keyshortcuts`; pressing the key presses that.

import type { View } from "./state";

export const VIEW_KEYS: Partial<Record<View, string>> = {
  all: "a",
  mine: "m",
  unassigned: "n",
  bot: "b",
  staff: "t",
  waiting: "w",
  urgent: "u",
  snoozed: "s",
  resolved: "r",
};

/** The keys that press what wears them. */
export const WORN = ["/", "r", "n", "t", "b", "e", "s", "l", "a", "i"] as const;

export type Pressed =
  | { does: "move"; step: number }
  | { does: "view"; view: View }
  | { does: "press"; key: string }
  | { does: "sheet" }
  | { does: "leave" }
  | { does: "begin" };

export interface Press {
  key: string;
  /** Whether `g` was pressed just before. */
  afterG: boolean;
  /** Whether Ctrl, Alt or Meta is held: those belong to the browser. */
  isHeld: boolean;
  /** Whether it goes into a field: then only Escape is ours. */
  isTyping: boolean;
  /** Whether single letters are switched off; Escape and the arrow keys always do something. */
  isOff: boolean;
}

const MOVES: Record<string, number> = { j: 1, k: -1 };

/** What a pressed key means; null where it means nothing here. */
export function meaning({ key, afterG, isHeld, isTyping, isOff }: Press): Pressed | null {
  if (isHeld) return null;
  if (key === "Escape") return { does: "leave" };
  if (isTyping || isOff) return null;
  if (afterG) {
    const view = (Object.keys(VIEW_KEYS) as View[]).find((one) => VIEW_KEYS[one] === key);
    return view ? { does: "view", view } : null;
  }
  if (key in MOVES) return { does: "move", step: MOVES[key] ?? 0 };
  if (key === "g") return { does: "begin" };
  if (key === "?") return { does: "sheet" };
  return (WORN as readonly string[]).includes(key) ? { does: "press", key } : null;
}
