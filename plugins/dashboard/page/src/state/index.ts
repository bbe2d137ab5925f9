// What the desk knows, and how each thing that happens changes it. Pure: no clock, no network, no page.

import type { Me } from "../types";
import { conversationHandlers, noConversations } from "./conversations";
import { countHandlers, nothingCounted } from "./counts";
import { lineHandlers, noLine } from "./line";
import { listHandlers, noLists } from "./lists";
import { nobody, presenceHandlers } from "./presence";
import type { Action, Handlers, State } from "./shape";
import { nothingWritten, writingHandlers } from "./writing";

export * from "./conversations";
export * from "./counts";
export * from "./line";
export * from "./listings";
export * from "./lists";
export * from "./presence";
export * from "./rings";
export * from "./shape";
export * from "./views";
export * from "./writing";

const handlers: Handlers<Action> = {
  ...lineHandlers,
  ...listHandlers,
  ...countHandlers,
  ...conversationHandlers,
  ...writingHandlers,
  ...presenceHandlers,
};

export function initialState(me: Me): State {
  return { me, ...noLine, ...noLists, ...nothingCounted, ...noConversations, ...nothingWritten, ...nobody };
}

export function reduce(state: State, action: Action): State {
  // The table has a handler for each type that takes actions of that type, which the compiler cannot follow here.
  const handle = handlers[action.type] as (state: State, action: Action) => State;
  return handle(state, action);
}
