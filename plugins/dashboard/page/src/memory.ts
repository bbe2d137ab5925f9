// Drafts and unsent texts survive a reload of the page, in the browser tab and for the user who wrote them. Files do not:
// what was to go with some waits for its writer.

import { effect } from "@preact/signals";
import { texts } from "./messages";
import type { State, Unsent } from "./state";
import type { Store } from "./store";

const NAMES = ["drafts", "modes", "unsent", "suggestions", "translating"] as const;

type Kept = Pick<State, (typeof NAMES)[number]>;

export function restore(user: string): Partial<State> {
  try {
    const kept = JSON.parse(sessionStorage.getItem(name(user)) ?? "null") as Partial<Kept> | null;
    if (!kept) return {};
    return { ...kept, unsent: (kept.unsent ?? []).map(withoutFiles) };
  } catch {
    return {}; // storage is blocked, or holds something else
  }
}

export function keep(store: Store): void {
  const user = store.peek().me.user;
  const parts = NAMES.map((one) => store.select((state) => state[one]));
  effect(() => {
    const kept = Object.fromEntries(NAMES.map((one, at) => [one, parts[at]?.value])) as Kept;
    try {
      sessionStorage.setItem(name(user), JSON.stringify(kept));
    } catch {
      // blocked or full: the page works without
    }
  });
}

function withoutFiles(one: Unsent): Unsent {
  return one.files?.length ? { ...one, files: [], problem: texts.files.lost } : { ...one, files: [] };
}

function name(user: string): string {
  return `innbox-desk:${user}`;
}
