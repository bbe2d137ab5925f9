// Drafts and unsent texts survive a reload of the page, in the browser tab and for the user who wrote them. Files do not.

import { effect } from "@preact/signals";
import type { State } from "./state";
import type { Store } from "./store";

const NAMES = ["drafts", "modes", "unsent", "suggestions", "translating"] as const;

type Kept = Pick<State, (typeof NAMES)[number]>;

export function restore(user: string): Partial<State> {
  try {
    const kept = JSON.parse(sessionStorage.getItem(name(user)) ?? "null") as Partial<Kept> | null;
    const unsent = kept?.unsent?.map((one) => ({ ...one, files: [] }));
    return kept ? { ...kept, ...(unsent && { unsent }) } : {};
  } catch {
    return {}; // storage is blocked, or holds something else
  }
}

export function keep(store: Store): void {
  const user = store.peek().me.user;
  const parts = NAMES.map((one) => store.select((state) => state[one]));
  effect(() => {
    const kept = Object.fromEntries(NAMES.map((one, at) => [one, parts[at]?.value])) as Kept;
    const unsent = kept.unsent.filter((one) => one.files.length === 0);
    try {
      sessionStorage.setItem(name(user), JSON.stringify({ ...kept, unsent } satisfies Kept));
    } catch {
      // blocked or full: the page works without
    }
  });
}

function name(user: string): string {
  return `innbox-desk:${user}`;
}
