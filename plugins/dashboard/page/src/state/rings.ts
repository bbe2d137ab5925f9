// Urgent conversations that nobody has heard of yet: they ring.

import type { Conversation } from "../types";
import { conversation } from "./conversations";
import type { State } from "./shape";
import { type ListQuery, listKey } from "./views";

/** All that is urgent, in every hotel: loaded at the start, so that what rings is known wherever one looks. */
export const URGENT: ListQuery = { view: "urgent", hotel: null, label: null };

const NONE: Conversation[] = [];

/** What rings for who sits here, the newest first. */
export function ringing(state: State): Conversation[] {
  const { ids } = state.listings[listKey(URGENT)] ?? {};
  if (!ids?.length) return NONE;
  return ids.flatMap((id) => {
    const one = conversation(state, id);
    return one && ringsFor(one, state.me.user) ? [one] : [];
  });
}

function ringsFor({ urgent }: Conversation, user: string): boolean {
  if (!urgent || urgent.acknowledged_by !== null) return false;
  return urgent.rings_for === null || urgent.rings_for === user;
}
