// How the newest word on a conversation or a message is taken in, and an older one left.

import type { Conversation, Message } from "../types";
import type { Thread } from "./conversations";
import { recount } from "./counts";
import { relist } from "./listings";
import { without } from "./records";
import type { Known, State } from "./shape";
import { draftKey } from "./writing";

export function knowConversation(state: State, conversation: Conversation, stamp: number): State {
  const known = state.conversations.get(conversation.id);
  if (state.gone[conversation.id] || (known && known.stamp > stamp)) return state;
  return withConversation(state, { stamp, value: conversation });
}

function withConversation(state: State, known: Known<Conversation>): State {
  const before = state.conversations.get(known.value.id)?.value ?? null;
  const after = { ...state, conversations: state.conversations.with(known.value.id, known) };
  const counts = before ? recount(after, before, known.value) : after.counts;
  return { ...after, listings: relist(after, before, known.value), counts };
}

/** Forget an erased conversation, with what was written for it and never sent. */
export function forget(state: State, id: string): State {
  const before = state.conversations.get(id)?.value ?? null;
  const after = { ...state, conversations: state.conversations.without(id) };
  return {
    ...after,
    listings: relist(after, before, null),
    counts: before ? recount(after, before, null) : after.counts,
    gone: { ...state.gone, [id]: true },
    search: state.search && { ...state.search, ids: state.search.ids.filter((found) => found !== id) },
    threads: without(state.threads, id),
    drafts: without(without(state.drafts, draftKey(id, "reply")), draftKey(id, "note")),
    modes: without(state.modes, id),
    files: without(state.files, id),
    suggestions: without(state.suggestions, id),
    held: state.held?.conversationId === id ? null : state.held,
    unsent: state.unsent.filter((unsent) => unsent.conversationId !== id),
    open: state.open === id ? null : state.open,
    refusal: state.refusal?.conversationId === id ? null : state.refusal,
  };
}

/** A message is part of its conversation's line in the list, which must not wait for the conversation's own event. */
export function knowLastMessage(state: State, message: Message, stamp: number): State {
  const known = state.conversations.get(message.conversation_id);
  const last = known?.value.last_message ?? null;
  if (!known || known.stamp > stamp || (last && last.seq > message.seq)) return state;
  if (last?.id !== message.id && message.direction === "note") return state;
  const newer = last?.id !== message.id;
  const value = { ...known.value, last_message: message, last_at: newer ? message.created_at : known.value.last_at };
  return withConversation(state, { stamp: known.stamp, value });
}

/** `replace` never adds: an update of a message above the loaded part waits until that part is loaded. */
type How = "add" | "replace";

/** Word of a message, and what it does to what is loaded. */
export interface Heard extends Known<Message> {
  how: How;
}

/** What comes while a page is on its way is kept for when that is there: the page may have been read before. */
export function knowMessage(state: State, message: Message, stamp: number, how: How): State {
  const before = state.threads[message.conversation_id];
  if (!before) return state;
  const messages = before.loaded ? mergeMessage(before, message, stamp, how) : before.messages;
  const meanwhile = before.loading ? [...before.meanwhile, { stamp, value: message, how }] : before.meanwhile;
  if (messages === before.messages && meanwhile === before.meanwhile) return state;
  return { ...state, threads: { ...state.threads, [message.conversation_id]: { ...before, messages, meanwhile } } };
}

function mergeMessage(loaded: Thread, message: Message, stamp: number, how: How): Known<Message>[] {
  const known = { stamp, value: message };
  const at = loaded.messages.findIndex((other) => other.value.id === message.id);
  if (at >= 0) {
    const before = loaded.messages[at];
    return before && before.stamp > stamp ? loaded.messages : loaded.messages.with(at, known);
  }
  if (how === "replace") return loaded.messages;
  const place = loaded.messages.findIndex((other) => other.value.seq > message.seq);
  return place < 0 ? [...loaded.messages, known] : loaded.messages.toSpliced(place, 0, known);
}
