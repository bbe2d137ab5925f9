// What is written here: drafts, and texts that the server has not confirmed.

import { thread } from "./conversations";
import { without } from "./records";
import type { Handlers, State } from "./shape";

export type Mode = "reply" | "note";

/** A reply or note that the server has not confirmed. `afterSeq` is the newest message that was known when written. */
export interface Unsent {
  clientId: string;
  conversationId: string;
  mode: Mode;
  text: string;
  writtenAt: string;
  afterSeq: number;
  problem: string | null;
}

export interface Writing {
  drafts: Record<string, string>;
  modes: Record<string, Mode>;
  unsent: Unsent[];
}

export type WritingAction =
  | { type: "drafted"; id: string; mode: Mode; text: string }
  | { type: "mode chosen"; id: string; mode: Mode }
  | { type: "written"; unsent: Unsent }
  | { type: "sending failed"; clientId: string; problem: string }
  | { type: "sending again"; clientId: string }
  | { type: "sent"; clientId: string };

export const nothingWritten: Writing = { drafts: {}, modes: {}, unsent: [] };

export const writingHandlers: Handlers<WritingAction> = {
  drafted: (state, { id, mode, text }) => ({ ...state, drafts: withText(state.drafts, draftKey(id, mode), text) }),
  "mode chosen": (state, { id, mode }) => ({ ...state, modes: { ...state.modes, [id]: mode } }),
  written: (state, { unsent }) => ({
    ...state,
    unsent: [...state.unsent, unsent],
    drafts: withText(state.drafts, draftKey(unsent.conversationId, unsent.mode), ""),
  }),
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
        message.text.trim() === unsent.text.trim(),
    );
    if (twin) arrived.add(twin.id);
    return !twin;
  });
}
