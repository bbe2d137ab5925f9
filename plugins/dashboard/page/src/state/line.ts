// The line to the server: what came over it, and how far that is the whole truth.
//
// Two numbers keep it true. `cursor`: every event up to here has been applied, so `sync` asks for what comes after.
// `sync` moves it, and the first page of the inbox, and a live event whose number is the very next: between those two
// nothing can be missing. Any other live event may have overtaken one that was lost, and leaves it.
// `seen`: the newest event heard of by any way. What is fetched after event N was seen is at least as new as N, so it
// may replace what was known from N or before, and nothing newer.

import type { Conversation, Message, WireEvent } from "../types";
import { conversation } from "./conversations";
import { uncounted } from "./counts";
import { forget, knowConversation, knowLastMessage, knowMessage } from "./knowing";
import type { Handlers, State } from "./shape";

export type Connection = "connecting" | "live" | "unsure" | "offline";

export interface LineState {
  cursor: number | null;
  seen: number;
  connection: Connection;
}

export type LineAction =
  | { type: "event"; event: WireEvent }
  | { type: "synced"; events: WireEvent[]; upTo: number }
  | { type: "told"; conversation?: Conversation | undefined; messages: Message[]; asOf: number }
  | { type: "connection"; connection: Connection };

export const noLine: LineState = { cursor: null, seen: 0, connection: "connecting" };

export const lineHandlers: Handlers<LineAction> = {
  event: (state, { event }) => {
    const after = applyEvent(state, event);
    return event.event - 1 === state.cursor ? { ...after, cursor: event.event } : after;
  },
  synced: (state, { events, upTo }) => {
    const after = events.reduce(applyEvent, state);
    const cursor = Math.max(after.cursor ?? 0, upTo);
    return { ...after, cursor, seen: Math.max(after.seen, cursor) };
  },
  told: (state, { conversation, messages, asOf }) => {
    const merged = messages.reduce(
      (before, message) => knowLastMessage(knowMessage(before, message, asOf, "add"), message, asOf),
      state,
    );
    return conversation ? knowConversation(merged, conversation, asOf) : merged;
  },
  connection: (state, { connection }) => {
    if (state.connection === connection) return state;
    // Who is there is told anew after each connect; until then it would be hearsay.
    const presence = connection === "offline" ? {} : state.presence;
    return { ...state, connection, presence };
  },
};

function applyEvent(state: State, event: WireEvent): State {
  const after = takeIn(state, event);
  const id = "conversation_id" in event.data ? event.data.conversation_id : event.data.id;
  const newcomer = conversation(state, id) ? null : conversation(after, id);
  return newcomer ? { ...after, counts: uncounted(after, newcomer) } : after;
}

function takeIn(state: State, event: WireEvent): State {
  const heard = { ...state, seen: Math.max(state.seen, event.event) };
  if (event.name === "conversation_gone") return forget(heard, event.data.id);
  if (event.name === "conversation_update") {
    return knowConversation(heard, event.data as Conversation, event.event);
  }
  const message = event.data as Message;
  return knowLastMessage(
    knowMessage(heard, message, event.event, event.name === "new_message" ? "add" : "replace"),
    message,
    event.event,
  );
}
