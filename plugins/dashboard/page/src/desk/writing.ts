// Writing replies and notes, and getting each to the server once.

import { Attention } from "../attention";
import { bareLanguage } from "../format";
import { Refusal, Unreachable, upload } from "../http";
import { texts } from "../messages";
import { refusal } from "../refusals";
import { NoAnswer, type Line } from "../socket";
import {
  type Mode,
  type Unsent,
  draftKey,
  languageOfGuest,
  newestOfOthers,
  newestSeq,
  saidByOthersAfter,
} from "../state";
import type { Store } from "../store";
import type { Suggestion } from "../types";
import type { Answer, Asker, Told } from "./asking";
import type { WorkActions } from "./work";

const TYPING_PAUSE = 2_000;
const TRY_LATER = new Set(["unavailable", "too fast"]);
const UNSEEN = "unseen";
const MOST_FILES = 10;
const MOST_BYTES = 16 * 1024 * 1024;

export class WritingActions {
  readonly attention = new Attention();
  readonly #store: Store;
  readonly #line: Line;
  readonly #asker: Asker;
  readonly #work: WorkActions;
  #typedAt = 0;
  #flushing = false;

  constructor(store: Store, line: Line, asker: Asker, work: WorkActions) {
    this.#store = store;
    this.#line = line;
    this.#asker = asker;
    this.#work = work;
  }

  draft(id: string, mode: Mode, text: string): void {
    const isBegun = text && !this.#store.peek().drafts[draftKey(id, mode)];
    if (isBegun && mode === "reply") this.attention.look(id);
    this.#store.dispatch({ type: "drafted", id, mode, text });
    if (text && mode === "reply" && Date.now() - this.#typedAt > TYPING_PAUSE) {
      this.#typedAt = Date.now();
      this.#line.tell("typing", { conversation_id: id });
    }
  }

  chooseMode(id: string, mode: Mode): void {
    this.#store.dispatch({ type: "mode chosen", id, mode });
  }

  /** Put files to the reply that is being written; what is too much stays out, and why is told. */
  addFiles(id: string, files: File[]): void {
    const before = this.#store.peek().files[id] ?? [];
    const wanted = [...before, ...files.filter((file) => file.size > 0)];
    const bytes = wanted.reduce((sum, file) => sum + file.size, 0);
    if (wanted.length > MOST_FILES) this.#work.tell(id, texts.files.tooMany(MOST_FILES));
    else if (bytes > MOST_BYTES) this.#work.tell(id, texts.files.tooLarge(MOST_BYTES / 1024 / 1024));
    else this.#store.dispatch({ type: "files chosen", id, files: wanted });
  }

  removeFile(id: string, file: File): void {
    const files = (this.#store.peek().files[id] ?? []).filter((one) => one !== file);
    this.#store.dispatch({ type: "files chosen", id, files });
  }

  translateInto(language: string, on: boolean): void {
    this.#store.dispatch({ type: "translating chosen", language, on });
  }

  // the bot's draft

  /** Take the bot's draft to where one writes. */
  editSuggestion(id: string, suggestion: Suggestion): void {
    this.attention.look(id);
    const draft = this.#store.peek().drafts[draftKey(id, "reply")];
    this.#store.dispatch({ type: "mode chosen", id, mode: "reply" });
    this.#store.dispatch({
      type: "drafted",
      id,
      mode: "reply",
      text: draft ? `${suggestion.text}\n${draft}` : suggestion.text,
    });
    this.#store.dispatch({ type: "suggestion taken", id, suggestionId: suggestion.id });
  }

  sendSuggestion(id: string, suggestion: Suggestion): void {
    this.#put(this.#unsent(id, "reply", suggestion.text, { seenSeq: suggestion.seq, suggestionId: suggestion.id }));
  }

  async dismissSuggestion(id: string, suggestion: Suggestion): Promise<void> {
    const done = await this.#asker.change(id, "dismiss_suggestion", { suggestion_id: suggestion.id });
    if (done) this.#work.tell(id, texts.suggestion.dismissed, () => this.editSuggestion(id, suggestion));
  }

  // sending

  /**
   * Send the draft: it stands in the conversation at once, and stays there until the server has it or refuses it. A
   * reply to less than what was said is held once, with a look at what came.
   */
  write(id: string, mode: Mode): void {
    const state = this.#store.peek();
    const text = (state.drafts[draftKey(id, mode)] ?? "").trim();
    const files = mode === "reply" ? (state.files[id] ?? []) : [];
    if (!text && files.length === 0) return;
    if (mode === "note") return this.#put(this.#unsent(id, mode, text, {}));
    const seenSeq = this.attention.seen(id, Date.now());
    if (seenSeq !== null && saidByOthersAfter(state, id, seenSeq).length > 0) return this.#hold(id, seenSeq);
    this.#put(this.#unsent(id, mode, text, { files, seenSeq, suggestionId: state.suggestions[id] ?? null }));
  }

  /** Send what was held, whatever came. */
  sendAnyway(id: string): void {
    this.attention.point(id, newestOfOthers(this.#store.peek(), id));
    this.write(id, "reply");
  }

  /** What came has been seen; the reply stays where it is written. */
  lookedAt(id: string): void {
    this.attention.point(id, newestOfOthers(this.#store.peek(), id));
    this.#store.dispatch({ type: "held no more" });
  }

  sendAgain(clientId: string): void {
    this.#store.dispatch({ type: "sending again", clientId });
    void this.flush();
  }

  /** Take a text that was refused back to where it was written. */
  edit(clientId: string): void {
    const unsent = this.#store.peek().unsent.find((one) => one.clientId === clientId);
    if (!unsent) return;
    const { conversationId: id, mode, files, suggestionId } = unsent;
    const draft = this.#store.peek().drafts[draftKey(id, mode)];
    this.#store.dispatch({ type: "sent", clientId });
    this.#store.dispatch({ type: "mode chosen", id, mode });
    this.#store.dispatch({ type: "drafted", id, mode, text: draft ? `${unsent.text}\n${draft}` : unsent.text });
    if (files.length > 0) this.addFiles(id, files);
    if (suggestionId) this.#store.dispatch({ type: "suggestion taken", id, suggestionId });
  }

  discard(clientId: string): void {
    this.#store.dispatch({ type: "sent", clientId });
  }

  /** Keep the draft to be sent at a time. */
  async schedule(id: string, at: number): Promise<void> {
    const text = (this.#store.peek().drafts[draftKey(id, "reply")] ?? "").trim();
    if (text && (await this.#work.schedule(id, text, at, newId()))) {
      this.#store.dispatch({ type: "drafted", id, mode: "reply", text: "" });
    }
  }

  async sendTemplate(id: string, contentSid: string, variables: Record<string, string>): Promise<boolean> {
    const asked = { content_sid: contentSid, variables, client_id: newId() };
    return (await this.#asker.change(id, "send_template", asked)) !== null;
  }

  /** Send what is unsent, one after the other; what gets no answer is tried again under the same id at a later beat. */
  async flush(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      for (;;) {
        const next = this.#store.peek().unsent.find((one) => one.problem === null);
        if (!next) return;
        const answer = await this.#send(next);
        if (answer.ok) this.#arrived(next, answer);
        else if (TRY_LATER.has(answer.code ?? answer.error)) return;
        else if (answer.code === UNSEEN) await this.#takeBack(next);
        else this.#store.dispatch({ type: "sending failed", clientId: next.clientId, problem: refusal(answer.error, answer.code) });
      }
    } catch (error) {
      if (!(error instanceof NoAnswer) && !(error instanceof Unreachable)) throw error;
    } finally {
      this.#flushing = false;
    }
  }

  #unsent(id: string, mode: Mode, text: string, more: Partial<Unsent>): Unsent {
    const state = this.#store.peek();
    const language = languageOfGuest(state, id);
    const isTranslated = mode === "reply" && language && state.me.can?.translate && state.translating[language];
    return {
      clientId: newId(),
      conversationId: id,
      mode,
      text,
      files: [],
      writtenAt: new Date().toISOString(),
      afterSeq: newestSeq(state, id),
      seenSeq: null,
      suggestionId: null,
      translateTo: isTranslated ? bareLanguage(language) : null,
      problem: null,
      ...more,
    };
  }

  #put(unsent: Unsent): void {
    this.#store.dispatch({ type: "written", unsent });
    this.#typedAt = 0;
    void this.flush();
  }

  #hold(id: string, afterSeq: number): void {
    this.#store.dispatch({ type: "held", conversationId: id, afterSeq });
    this.attention.point(id, newestOfOthers(this.#store.peek(), id));
  }

  /** The guest wrote what did not get here in time: fetch it, and give the reply back to its writer. */
  async #takeBack(unsent: Unsent): Promise<void> {
    await this.#line.catchUp();
    this.edit(unsent.clientId);
    this.#hold(unsent.conversationId, unsent.seenSeq ?? unsent.afterSeq);
  }

  #arrived(unsent: Unsent, answer: { translated?: boolean | null }): void {
    this.#store.dispatch({ type: "sent", clientId: unsent.clientId });
    if (answer.translated === false) this.#work.tell(unsent.conversationId, texts.translation.failed);
  }

  async #send(unsent: Unsent): Promise<Answer<{ translated?: boolean | null }>> {
    const { clientId: client_id, conversationId: conversation_id, text } = unsent;
    if (unsent.mode === "note") return this.#asker.ask("agent_note", { conversation_id, text, client_id });
    const payload = {
      conversation_id,
      text,
      client_id,
      ...(unsent.seenSeq !== null && { seen_seq: unsent.seenSeq }),
      ...(unsent.suggestionId && { suggestion_id: unsent.suggestionId }),
      ...(unsent.translateTo && { translate_to: unsent.translateTo }),
    };
    return unsent.files.length > 0 ? this.#upload(payload, unsent.files) : this.#asker.ask("agent_message", payload);
  }

  async #upload(payload: Record<string, unknown>, files: File[]): Promise<Answer> {
    const form = new FormData();
    for (const [name, value] of Object.entries(payload)) form.set(name, String(value));
    for (const file of files) form.append("files", file, file.name);
    try {
      const asOf = this.#store.peek().seen;
      const told = await upload<Told>("/send_files", form);
      this.#asker.told(told, asOf);
      return { ok: true, ...told };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { ok: false, error: error.message, ...(error.code && { code: error.code }) };
    }
  }
}

/** `crypto.randomUUID` is missing where the site is plain http on another machine than this one. */
function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
