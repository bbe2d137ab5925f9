// What a person can do at the desk, and what the desk does by itself: loading, sending, marking as read.

import { effect, signal } from "@preact/signals";
import { getConversations, getMessages } from "./api";
import { texts } from "./messages";
import { type Mode, type Tab, conversation, draftKey, listing, listingKey, newestSeq, thread } from "./state";
import { Line, NoAnswer } from "./socket";
import type { Store } from "./store";
import type { Ack, Conversation, Message } from "./types";

const PAGE = 50;
const SEARCH_PAUSE = 250;
const TYPING_PAUSE = 2_000;
const TRY_LATER = new Set(["unavailable", "too fast"]);

export type Change = "take_over" | "return_to_bot" | "resolve";
type Told = { conversation?: Conversation; message?: Message | null; messages?: Message[] };

export class Desk {
  readonly store: Store;
  readonly #line: Line;
  readonly #attentive = signal(isAttentive());
  readonly #visible = signal(!document.hidden);
  #searchTimer: ReturnType<typeof setTimeout> | undefined;
  #typedAt = 0;
  #flushing = false;

  constructor(store: Store) {
    this.store = store;
    this.#line = new Line(store);
  }

  start(): void {
    const looked = (): void => {
      this.#attentive.value = isAttentive();
      this.#visible.value = !document.hidden;
    };
    for (const name of ["focus", "blur"]) window.addEventListener(name, looked);
    document.addEventListener("visibilitychange", looked);
    window.addEventListener("hashchange", () => this.#show(idInAddress()));
    window.addEventListener("popstate", () => this.#show(idInAddress()));

    this.#show(idInAddress());
    void this.loadList(false);
    this.#line.start((fresh) => this.#whenLive(fresh));
    this.#tellWhatIsViewed();
    this.#markReadWhatIsSeen();
    this.#leaveWhatIsGone();
  }

  // the list

  chooseTab(tab: Tab): void {
    this.store.dispatch({ type: "tab chosen", tab });
    this.#loadListOnce();
  }

  chooseHotel(hotel: string | null): void {
    this.store.dispatch({ type: "hotel chosen", hotel });
    this.#loadListOnce();
  }

  search(q: string): void {
    clearTimeout(this.#searchTimer);
    const wanted = q.trim();
    if (wanted === (this.store.peek().search?.q ?? "")) return;
    if (!wanted) this.store.dispatch({ type: "searched", q: "" });
    else {
      this.#searchTimer = setTimeout(() => {
        this.store.dispatch({ type: "searched", q: wanted });
        void this.loadFound(true);
      }, SEARCH_PAUSE);
    }
  }

  /** Load the first page of the chosen list, or, with `more`, the page below what is there. */
  async loadList(more: boolean): Promise<void> {
    const { tab, hotel, seen } = this.store.peek();
    const key = listingKey(tab, hotel);
    const before = listing(this.store.peek(), key);
    if (before.loading || (more && before.next === null)) return;
    this.store.dispatch({ type: "list requested", key });
    try {
      const status = tab === "resolved" ? { status: "resolved" } : { status: "open" };
      const handledBy = tab === "bot" || tab === "staff" ? { handled_by: tab } : {};
      const cursor = more ? before.next : null;
      const page = await getConversations({ hotel, ...status, ...handledBy, cursor, limit: PAGE });
      this.store.dispatch({ type: "list loaded", key, page, asOf: seen });
      void this.#line.catchUp();
    } catch (error) {
      this.store.dispatch({ type: "list failed", key, problem: sentence(error) });
    }
  }

  async loadFound(first: boolean): Promise<void> {
    const { search, hotel, seen } = this.store.peek();
    if (!search || (!first && (search.listing.loading || search.listing.next === null))) return;
    const { q } = search;
    this.store.dispatch({ type: "search requested", q });
    try {
      const page = await getConversations({ hotel, q, cursor: first ? null : search.listing.next, limit: PAGE });
      this.store.dispatch({ type: "search loaded", q, page, asOf: seen, first });
    } catch (error) {
      this.store.dispatch({ type: "search failed", q, problem: sentence(error) });
    }
  }

  // a conversation

  /** Open a conversation; the address keeps it over a reload, and the browser's Back leads to the list. */
  open(id: string): void {
    const address = `#${encodeURIComponent(id)}`;
    if (this.store.peek().open) history.replaceState(history.state, "", address);
    else history.pushState({ fromList: true }, "", address);
    this.#show(id);
  }

  close(): void {
    if ((history.state as { fromList?: boolean } | null)?.fromList) history.back();
    else {
      history.replaceState(null, "", location.pathname);
      this.#show(null);
    }
  }

  async loadMessages(id: string, older: boolean): Promise<void> {
    const before = thread(this.store.peek(), id);
    if (before.loading || (older && before.nextBefore === null)) return;
    const asOf = this.store.peek().seen;
    this.store.dispatch({ type: "thread requested", id });
    try {
      const page = await getMessages(id, older ? before.nextBefore : null);
      this.store.dispatch({ type: "thread loaded", id, page, asOf });
    } catch (error) {
      this.store.dispatch({ type: "thread failed", id, problem: sentence(error) });
    }
  }

  async change(id: string, change: Change): Promise<void> {
    this.store.dispatch({ type: "refusal seen" });
    try {
      const answer = await this.#ask(change, { conversation_id: id });
      if (!answer.ok) this.store.dispatch({ type: "refused", conversationId: id, text: answer.error });
    } catch (error) {
      this.store.dispatch({ type: "refused", conversationId: id, text: sentence(error) });
    }
  }

  // writing

  draft(id: string, mode: Mode, text: string): void {
    this.store.dispatch({ type: "drafted", id, mode, text });
    if (text && mode === "reply" && Date.now() - this.#typedAt > TYPING_PAUSE) {
      this.#typedAt = Date.now();
      this.#line.tell("typing", { conversation_id: id });
    }
  }

  chooseMode(id: string, mode: Mode): void {
    this.store.dispatch({ type: "mode chosen", id, mode });
  }

  /** Send the draft: it stands in the conversation at once, and stays there until the server has it or refuses it. */
  write(id: string, mode: Mode): void {
    const state = this.store.peek();
    const text = (state.drafts[draftKey(id, mode)] ?? "").trim();
    if (!text) return;
    const writtenAt = new Date().toISOString();
    const afterSeq = newestSeq(state, id);
    const unsent = { clientId: newId(), conversationId: id, mode, text, writtenAt, afterSeq, problem: null };
    this.store.dispatch({ type: "written", unsent });
    this.#typedAt = 0;
    void this.#flush();
  }

  sendAgain(clientId: string): void {
    this.store.dispatch({ type: "sending again", clientId });
    void this.#flush();
  }

  /** Take a text that was refused back to where it was written. */
  edit(clientId: string): void {
    const unsent = this.store.peek().unsent.find((one) => one.clientId === clientId);
    if (!unsent) return;
    const { conversationId: id, mode } = unsent;
    const draft = this.store.peek().drafts[draftKey(id, mode)];
    this.store.dispatch({ type: "sent", clientId });
    this.store.dispatch({ type: "mode chosen", id, mode });
    this.store.dispatch({ type: "drafted", id, mode, text: draft ? `${unsent.text}\n${draft}` : unsent.text });
  }

  discard(clientId: string): void {
    this.store.dispatch({ type: "sent", clientId });
  }

  // by itself

  #whenLive(fresh: boolean): void {
    this.#loadListOnce();
    const { open } = this.store.peek();
    if (fresh && open && !thread(this.store.peek(), open).loaded) this.#show(open);
    void this.#flush();
  }

  #loadListOnce(): void {
    const { tab, hotel } = this.store.peek();
    if (!listing(this.store.peek(), listingKey(tab, hotel)).loaded) void this.loadList(false);
  }

  #show(id: string | null): void {
    if (id && this.store.peek().gone[id]) return this.#show(null);
    if (this.store.peek().open !== id) this.store.dispatch({ type: "opened", id });
    if (!id) return;
    if (!thread(this.store.peek(), id).loaded) void this.loadMessages(id, false);
    // An address from elsewhere may name a conversation that no list has shown; this answers with it.
    if (!conversation(this.store.peek(), id))
      void this.#ask("mark_read", { conversation_id: id }).catch(() => undefined);
  }

  /** Send what is unsent, one after the other; what gets no answer is tried again under the same id at a later beat. */
  async #flush(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      for (;;) {
        const next = this.store.peek().unsent.find((one) => one.problem === null);
        if (!next) return;
        const { clientId, conversationId, text, mode } = next;
        const payload = { conversation_id: conversationId, text, client_id: clientId };
        const answer = await this.#ask(mode === "note" ? "agent_note" : "agent_message", payload);
        if (answer.ok) this.store.dispatch({ type: "sent", clientId });
        else if (TRY_LATER.has(answer.code ?? answer.error)) return;
        else this.store.dispatch({ type: "sending failed", clientId, problem: answer.error });
      }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    } finally {
      this.#flushing = false;
    }
  }

  async #ask(event: string, payload: object): Promise<Ack<Told> & { code?: string }> {
    const asOf = this.store.peek().seen;
    const answer = await this.#line.ask<Told>(event, payload);
    if (answer.ok) {
      const messages = answer.messages ?? (answer.message ? [answer.message] : []);
      this.store.dispatch({ type: "told", conversation: answer.conversation, messages, asOf });
    }
    return answer;
  }

  #tellWhatIsViewed(): void {
    const open = this.store.select((state) => state.open);
    const online = this.store.select((state) => state.connection === "live");
    let viewed: string | null = null;
    let told = false;
    effect(() => {
      const wanted = this.#visible.value ? open.value : null;
      // A lost connection has left by itself, and a new one knows nothing of what the old one was told.
      if (!online.value) told = false;
      else if (!told || viewed !== wanted) {
        if (viewed && viewed !== wanted) this.#line.tell("leave_conversation", { conversation_id: viewed });
        if (wanted) this.#line.tell("join_conversation", { conversation_id: wanted });
        viewed = wanted;
        told = true;
      }
    });
  }

  #leaveWhatIsGone(): void {
    const gone = this.store.select((state) => state.gone);
    effect(() => {
      const erased = gone.value;
      const id = idInAddress();
      if (id && erased[id]) history.replaceState(null, "", location.pathname);
    });
  }

  #markReadWhatIsSeen(): void {
    const unread = this.store.select((state) => {
      const one = state.open && state.connection === "live" ? conversation(state, state.open) : null;
      return one && one.unread > 0 ? `${one.id}|${one.unread}` : "";
    });
    effect(() => {
      const [id] = unread.value.split("|");
      if (id && this.#attentive.value) void this.#ask("mark_read", { conversation_id: id }).catch(() => undefined);
    });
  }
}

function isAttentive(): boolean {
  return !document.hidden && document.hasFocus();
}

function idInAddress(): string | null {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null;
  }
}

/** `crypto.randomUUID` is missing where the site is plain http on another machine than this one. */
function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : texts.problem.unreachable;
}
