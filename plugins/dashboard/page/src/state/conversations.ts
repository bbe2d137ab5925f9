// The conversations themselves: what is known of each, its messages, and the one that is open.

import type { Conversation, Message, MessagesPage } from "../types";
import { type Heard, knowMessage } from "./knowing";
import type { Handlers, Known, State } from "./shape";
import { Shelf } from "./shelf";

/**
 * What is loaded of one conversation, ordered by `seq`. `nextBefore` is the key of the page above. `meanwhile` is what
 * was heard while a page was on its way, which may be older than that.
 */
export interface Thread {
  messages: Known<Message>[];
  nextBefore: number | null;
  meanwhile: Heard[];
  loading: boolean;
  loaded: boolean;
  problem: string | null;
}

export interface Conversations {
  conversations: Shelf<Known<Conversation>>;
  threads: Record<string, Thread>;
  open: string | null;
  /** Conversations that were erased: what was fetched before that, and comes after it, must not bring them back. */
  gone: Record<string, true>;
  /** Why the last click on a button of a conversation did nothing. */
  refusal: { conversationId: string; text: string } | null;
}

export type ConversationAction =
  | { type: "opened"; id: string | null }
  | { type: "thread requested"; id: string }
  | { type: "thread loaded"; id: string; page: MessagesPage; asOf: number }
  | { type: "thread failed"; id: string; problem: string }
  | { type: "refused"; conversationId: string; text: string }
  | { type: "refusal seen" };

const NO_THREAD: Thread = {
  messages: [],
  nextBefore: null,
  meanwhile: [],
  loading: false,
  loaded: false,
  problem: null,
};

export const noConversations: Conversations = {
  conversations: new Shelf(),
  threads: {},
  open: null,
  gone: {},
  refusal: null,
};

export const conversationHandlers: Handlers<ConversationAction> = {
  opened: (state, { id }) => ({ ...state, open: id && state.gone[id] ? null : id, refusal: null }),
  "thread requested": (state, { id }) => withThread(state, id, { loading: true }),
  "thread failed": (state, { id, problem }) => withThread(state, id, { loading: false, meanwhile: [], problem }),
  "thread loaded": (state, { id, page, asOf }) => {
    if (state.gone[id]) return state;
    const { meanwhile } = thread(state, id);
    const fetched = page.messages.map((value): Heard => ({ stamp: asOf, value, how: "add" }));
    return [...fetched, ...meanwhile].reduce(
      (before, { value, stamp, how }) => knowMessage(before, value, stamp, how),
      withThread(state, id, {
        nextBefore: page.next_before,
        meanwhile: [],
        loading: false,
        loaded: true,
        problem: null,
      }),
    );
  },
  refused: (state, { conversationId, text }) => ({ ...state, refusal: { conversationId, text } }),
  "refusal seen": (state) => (state.refusal ? { ...state, refusal: null } : state),
};

function withThread(state: State, id: string, change: Partial<Thread>): State {
  if (state.gone[id]) return state;
  return { ...state, threads: { ...state.threads, [id]: { ...thread(state, id), ...change } } };
}

// what is to be seen

export function conversation(state: State, id: string): Conversation | null {
  return state.conversations.get(id)?.value ?? null;
}

export function thread(state: State, id: string): Thread {
  return state.threads[id] ?? NO_THREAD;
}

export function newestSeq(state: State, id: string): number {
  return thread(state, id).messages.at(-1)?.value.seq ?? conversation(state, id)?.last_message?.seq ?? 0;
}

/** The language that a guest writes, as far as anybody knows: what their last messages were in, else their own. */
export function languageOfGuest(state: State, id: string): string | null {
  const said = thread(state, id).messages.findLast(({ value }) => value.direction === "in" && value.language);
  return said?.value.language ?? conversation(state, id)?.guest.language ?? null;
}
