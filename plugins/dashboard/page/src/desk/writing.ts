// Writing replies and notes, and getting each to the server once.

import { NoAnswer, type Line } from "../socket";
import { type Mode, draftKey, newestSeq } from "../state";
import type { Store } from "../store";
import type { Asker } from "./asking";

const TYPING_PAUSE = 2_000;
const TRY_LATER = new Set(["unavailable", "too fast"]);

export class WritingActions {
  readonly #store: Store;
  readonly #line: Line;
  readonly #asker: Asker;
  #typedAt = 0;
  #flushing = false;

  constructor(store: Store, line: Line, asker: Asker) {
    this.#store = store;
    this.#line = line;
    this.#asker = asker;
  }

  draft(id: string, mode: Mode, text: string): void {
    this.#store.dispatch({ type: "drafted", id, mode, text });
    if (text && mode === "reply" && Date.now() - this.#typedAt > TYPING_PAUSE) {
      this.#typedAt = Date.now();
      this.#line.tell("typing", { conversation_id: id });
    }
  }

  chooseMode(id: string, mode: Mode): void {
    this.#store.dispatch({ type: "mode chosen", id, mode });
  }

  /** Send the draft: it stands in the conversation at once, and stays there until the server has it or refuses it. */
  write(id: string, mode: Mode): void {
    const state = this.#store.peek();
    const text = (state.drafts[draftKey(id, mode)] ?? "").trim();
    if (!text) return;
    const writtenAt = new Date().toISOString();
    const afterSeq = newestSeq(state, id);
    const unsent = { clientId: newId(), conversationId: id, mode, text, writtenAt, afterSeq, problem: null };
    this.#store.dispatch({ type: "written", unsent });
    this.#typedAt = 0;
    void this.flush();
  }

  sendAgain(clientId: string): void {
    this.#store.dispatch({ type: "sending again", clientId });
    void this.flush();
  }

  /** Take a text that was refused back to where it was written. */
  edit(clientId: string): void {
    const unsent = this.#store.peek().unsent.find((one) => one.clientId === clientId);
    if (!unsent) return;
    const { conversationId: id, mode } = unsent;
    const draft = this.#store.peek().drafts[draftKey(id, mode)];
    this.#store.dispatch({ type: "sent", clientId });
    this.#store.dispatch({ type: "mode chosen", id, mode });
    this.#store.dispatch({ type: "drafted", id, mode, text: draft ? `${unsent.text}\n${draft}` : unsent.text });
  }

  discard(clientId: string): void {
    this.#store.dispatch({ type: "sent", clientId });
  }

  /** Send what is unsent, one after the other; what gets no answer is tried again under the same id at a later beat. */
  async flush(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      for (;;) {
        const next = this.#store.peek().unsent.find((one) => one.problem === null);
        if (!next) return;
        const { clientId, conversationId, text, mode } = next;
        const payload = { conversation_id: conversationId, text, client_id: clientId };
        const answer = await this.#asker.ask(mode === "note" ? "agent_note" : "agent_message", payload);
        if (answer.ok) this.#store.dispatch({ type: "sent", clientId });
        else if (TRY_LATER.has(answer.code ?? answer.error)) return;
        else this.#store.dispatch({ type: "sending failed", clientId, problem: answer.error });
      }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    } finally {
      this.#flushing = false;
    }
  }
}

/** `crypto.randomUUID` is missing where the site is plain http on another machine than this one. */
function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
