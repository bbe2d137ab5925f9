// What is written here: drafts with all that goes with them, and texts that the server has not confirmed.

import type { Message } from "../types";
import { thread } from "./conversations";
import { without } from "./records";
import type { Handlers, State } from "./shape";

export type Mode = "reply" | "note";

/**
 * A reply or note that the server has not confirmed. `afterSeq` is the newest message that was known when written,
 * `seenSeq` the newest of others that the writer had seen (null: all that there is). `suggestionId` is the bot's draft
 * that it was made of, `translateTo` the guest's language, where the guest is to get it in that.
 */
export interface Unsent {
  clientId: string;
  conversationId: string;
  mode: Mode;
  text: string;
  files: File[];
  writtenAt: string;
  afterSeq: number;
  seenSeq: number | null;
  suggestionId: string | null;
  translateTo: string | null;
  problem: string | null;
}

export interface Writing {
  drafts: Record<string, string>;
  modes: Record<string, Mode>;
  unsent: Unsent[];
  /** By conversation: what goes with the reply that is being written. */
  files: Record<string, File[]>;
  /** By conversation: the bot's draft that the reply is made of. */
  suggestions: Record<string, string>;
  /** The languages into which replies are translated. */
  translating: Record<string, true>;
  /** A reply waits for a look at what came after `afterSeq`, which its writer had not seen. */
  held: { conversationId: string; afterSeq: number } | null;
}

export type WritingAction =
  | { type: "drafted"; id: string; mode: Mode; text: string }
  | { type: "mode chosen"; id: string; mode: Mode }
  | { type: "files chosen"; id: string; files: File[] }
  | { type: "suggestion taken"; id: string; suggestionId: string }
  | { type: "translating chosen"; language: string; on: boolean }
  | { type: "held"; conversationId: string; afterSeq: number }
  | { type: "held no more" }
  | { type: "written"; unsent: Unsent }
  | { type: "sending failed"; clientId: string; problem: string }
  | { type: "sending again"; clientId: string }
  | { type: "sent"; clientId: string };

export const nothingWritten: Writing = {
  drafts: {},
  modes: {},
  unsent: [],
  files: {},
  suggestions: {},
  translating: {},
  held: null,
};

export const writingHandlers: Handlers<WritingAction> = {
  drafted: (state, { id, mode, text }) => ({
    ...state,
    drafts: withText(state.drafts, draftKey(id, mode), text),
    // What was wiped out is no edit of the bot's draft any more.
    suggestions: text || mode === "note" ? state.suggestions : without(state.suggestions, id),
  }),
  "mode chosen": (state, { id, mode }) => ({ ...state, modes: { ...state.modes, [id]: mode } }),
  "files chosen": (state, { id, files }) => ({
    ...state,
    files: files.length > 0 ? { ...state.files, [id]: files } : without(state.files, id),
  }),
  "suggestion taken": (state, { id, suggestionId }) => ({
    ...state,
    suggestions: { ...state.suggestions, [id]: suggestionId },
  }),
  "translating chosen": (state, { language, on }) => ({
    ...state,
    translating: on ? { ...state.translating, [language]: true } : without(state.translating, language),
  }),
  held: (state, { conversationId, afterSeq }) => ({ ...state, held: { conversationId, afterSeq } }),
  "held no more": (state) => (state.held ? { ...state, held: null } : state),
  written: (state, { unsent }) => {
    const { conversationId: id, mode } = unsent;
    const left = { ...state, unsent: [...state.unsent, unsent], drafts: withText(state.drafts, draftKey(id, mode), "") };
    if (mode === "note") return left;
    return { ...left, files: without(state.files, id), suggestions: without(state.suggestions, id), held: null };
  },
  "sending failed": (state, { clientId, problem }) => withProblem(state, clientId, problem),
  "sending again": (state, { clientId }) => withProblem(state, clientId, null),
  sent: (state, { clientId }) => ({ ...state, unsent: state.unsent.filter((one) => one.clientId !== clientId) }),
};

function withText(texts: Record<string, string>, key: string, text: string): Record<string, string> {
  const others = without(texts, key);
  return text ? { ...others, [key]: text } : others;
}

function withProblem(state: State, clientId: string, problem: string | null): State {
  const unsent = state.unsent.map((one) => (one.clientId === clientId ? { ...one, problem } : one));
  return { ...state, unsent };
}

// what is to be seen

export function draftKey(id: string, mode: Mode): string {
  return `${id}|${mode}`;
}

/**
 * The replies and notes still to be shown as unsent. One whose message has come as an event, before the server's
 * acknowledgement, is left out: it would stand there twice.
 */
export function unsentOf(state: State, id: string): Unsent[] {
  const arrived = new Set<string>();
  const messages = thread(state, id).messages.map((known) => known.value);
  return state.unsent.filter((unsent) => {
    if (unsent.conversationId !== id) return false;
    const twin = messages.find(
      (message) =>
        message.seq > unsent.afterSeq &&
        !arrived.has(message.id) &&
        message.direction === (unsent.mode === "note" ? "note" : "out") &&
        message.author.name === state.me.user &&
        (message.original ?? message.text).trim() === unsent.text.trim() &&
        message.attachments.length >= Math.min(1, unsent.files.length),
    );
    if (twin) arrived.add(twin.id);
    return !twin;
  });
}

/** What others said to the guest, or the guest to them, after a message: nothing that its reader wrote or may skip. */
export function saidByOthersAfter(state: State, id: string, seq: number): Message[] {
  return thread(state, id)
    .messages.map((known) => known.value)
    .filter((message) => message.seq > seq && isOfOthers(message, state.me.user));
}

/** The newest message of others; 0 where there is none. */
export function newestOfOthers(state: State, id: string): number {
  return thread(state, id).messages.findLast((known) => isOfOthers(known.value, state.me.user))?.value.seq ?? 0;
}

function isOfOthers(message: Message, user: string): boolean {
  const { kind, name } = message.author;
  return message.direction !== "note" && kind !== "system" && !(kind === "staff" && name === user);
}
