// Drafts and unsent texts survive a reload of the page, in the browser tab and for the user who wrote them.

import { effect } from "@preact/signals";
import type { State } from "./state";
import type { Store } from "./store";

type Kept = Pick<State, "drafts" | "modes" | "unsent">;

export function restore(user: string): Partial<State> {
  try {
    const kept = JSON.parse(sessionStorage.getItem(name(user)) ?? "null") as Kept | null;
    return kept ? { drafts: kept.drafts, modes: kept.modes, unsent: kept.unsent } : {};
  } catch {
    return {}; // storage is blocked, or holds something else
  }
}

export function keep(store: Store): void {
  const user = store.peek().me.user;
  const parts = [store.select((s) => s.drafts), store.select((s) => s.modes), store.select((s) => s.unsent)] as const;
  effect(() => {
    const [drafts, modes, unsent] = [parts[0].value, parts[1].value, parts[2].value];
    try {
      sessionStorage.setItem(name(user), JSON.stringify({ drafts, modes, unsent } satisfies Kept));
    } catch {
      // blocked or full: the page works without
    }
  });
}

function name(user: string): string {
  return `innbox-desk:${user}`;
}
