// Who else is at the desk, where they look, and where they write.

import type { Presence } from "../types";
import type { Handlers, State } from "./shape";

export interface Present {
  presence: Record<string, Presence>;
}

export type PresenceAction = { type: "presence"; presence: Presence };

export const nobody: Present = { presence: {} };

export const presenceHandlers: Handlers<PresenceAction> = {
  presence: (state, { presence }) => ({ ...state, presence: { ...state.presence, [presence.user]: presence } }),
};

/** The others who look at a conversation, and those of them who write. */
export function othersAt(state: State, id: string): { typing: string[]; looking: string[] } {
  return othersIn(state.presence, state.me.user, id);
}

export function othersIn(presence: Present["presence"], user: string, id: string) {
  const others = Object.values(presence).filter((one) => one.viewing === id && one.online && one.user !== user);
  const typing = others.filter((one) => one.typing === id).map((one) => one.user);
  const looking = others.filter((one) => one.typing !== id).map((one) => one.user);
  return { typing: typing.sort(), looking: looking.sort() };
}
