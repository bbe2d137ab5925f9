// What the desk knows, part by part. Each part has its own file beside this one, with what happens to it.

import type { Me } from "../types";
import type { ConversationAction, Conversations } from "./conversations";
import type { CountAction, Counts } from "./counts";
import type { LineAction, LineState } from "./line";
import type { ListAction, Lists } from "./lists";
import type { PresenceAction, Present } from "./presence";
import type { Writing, WritingAction } from "./writing";

export interface State extends LineState, Lists, Counts, Conversations, Writing, Present {
  me: Me;
}

/** Everything that can happen. */
export type Action = LineAction | ListAction | CountAction | ConversationAction | WritingAction | PresenceAction;

/** How each kind of action changes the state. */
export type Handlers<A extends { type: string }> = {
  [T in A["type"]]: (state: State, action: Extract<A, { type: T }>) => State;
};

/** A thing and the number of the event that told of it, or that it is at least as new as. */
export interface Known<T> {
  stamp: number;
  value: T;
}
