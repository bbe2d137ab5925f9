// The line to the server: connects, listens, and catches up on what it missed.
//
// A beat asks `sync` for all events after the cursor. It heals a lost live event, it notices within five seconds that
// nobody answers any more, and its first answer after a reconnect brings what happened meanwhile.

import { io, type Socket } from "socket.io-client";
import { checkSession } from "./api";
import { texts } from "./messages";
import type { Store } from "./store";
import type { Ack, EventName, Presence, WireEvent } from "./types";

const BEAT = 2_500;
const BEAT_WHEN_HIDDEN = 10_000;
const BEAT_DEADLINE = 2_000;
const DEADLINE = 6_000;
const OPENING = 4_000;
const MISSED_BEATS_TO_RECONNECT = 2;
const SESSION_CHECK_PAUSE = 10_000;
const RETRY_AFTER_REFUSAL = 2_000;
const EVENTS: EventName[] = ["new_message", "message_update", "conversation_update", "conversation_gone"];

type SyncAck = Ack<{ events: WireEvent[]; last_event: number; more?: boolean }>;

export interface Listener {
  /** Called after each proof that the server answers; `fresh` after a new connection. */
  live: (fresh: boolean) => void;
  /** Called when events have been taken in; `isLate` where the line was down when they happened. */
  heard: (events: WireEvent[], isLate: boolean) => void;
}

/** The server did not answer: whether it heard is unknown. */
export class NoAnswer extends Error {}

export class Line {
  readonly #store: Store;
  readonly #socket: Socket;
  /** Done with the page's first connection. */
  readonly #opened: Promise<void>;
  #listener: Listener = { live: () => undefined, heard: () => undefined };
  #catchingUp = false;
  #fresh = false;
  #missed = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sessionCheckedAt = 0;
  #leaving = false;

  constructor(store: Store) {
    this.#store = store;
    this.#socket = io({
      transports: ["websocket"],
      autoConnect: false,
      reconnectionDelay: 500,
      reconnectionDelayMax: 3_000,
      timeout: 4_000,
    });
    this.#opened = new Promise((done) => this.#socket.once("connect", done));
  }

  start(listener: Listener): void {
    this.#listener = listener;
    this.#listen();
    window.addEventListener("offline", () => this.#lost());
    window.addEventListener("online", () => this.#again());
    // On its way out a page is hidden too, but the browser is closing the socket by then.
    window.addEventListener("pagehide", () => (this.#leaving = true));
    window.addEventListener("pageshow", () => (this.#leaving = false));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.#beat();
    });
    this.#socket.connect();
    this.#schedule();
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /**
   * Ask for something. Raises `NoAnswer` where there is no connection or no answer in time. A page that has just been
   * drawn may be asked before its first connection is there: that is waited for.
   */
  async ask<T extends object = object>(event: string, payload: object, deadline = DEADLINE): Promise<Ack<T>> {
    if (!this.#socket.connected) {
      await Promise.race([this.#opened, new Promise((late) => setTimeout(late, OPENING))]);
    }
    // Without a connection socket.io would keep the packet and send it later, behind the back of our own retries.
    if (!this.#socket.connected) throw new NoAnswer(texts.problem.unreachable);
    try {
      return (await this.#socket.timeout(deadline).emitWithAck(event, payload)) as Ack<T>;
    } catch {
      throw new NoAnswer(texts.noAnswer);
    }
  }

  /** Say something whose answer does not matter. */
  tell(event: string, payload: object): void {
    if (this.#socket.connected && !this.#leaving) void this.ask(event, payload).catch(() => undefined);
  }

  /** Ask for what was missed, now rather than at the next beat. */
  async catchUp(): Promise<void> {
    if (this.#catchingUp || !this.#socket.connected || this.#store.peek().cursor === null) return;
    this.#catchingUp = true;
    try {
      await this.#pages();
    } catch {
      this.#beatMissed();
    } finally {
      this.#catchingUp = false;
    }
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("connect", () => {
      this.#fresh = true;
      this.#missed = 0;
      void this.#beat();
    });
    socket.on("disconnect", (reason) => {
      this.#lost();
      if (reason === "io server disconnect") this.#refused();
    });
    socket.on("connect_error", () => {
      this.#lost();
      this.#refused();
    });
    for (const name of EVENTS) {
      socket.on(name, (data: WireEvent["data"] & { event: number }) => {
        const event = { event: data.event, name, data };
        this.#store.dispatch({ type: "event", event });
        this.#listener.heard([event], false);
      });
    }
    socket.on("agent_status_update", (presence: Presence) => this.#store.dispatch({ type: "presence", presence }));
  }

  async #pages(): Promise<void> {
    const missed: WireEvent[] = [];
    for (let more = true; more;) {
      const since = this.#store.peek().cursor ?? 0;
      const answer = await this.ask<Extract<SyncAck, { ok: true }>>("sync", { since }, BEAT_DEADLINE);
      this.#missed = 0;
      if (!answer.ok) {
        this.#store.dispatch({ type: "connection", connection: "unsure" });
        return;
      }
      more = answer.more === true && answer.events.length > 0;
      const upTo = more ? (answer.events.at(-1)?.event ?? since) : answer.last_event;
      this.#store.dispatch({ type: "synced", events: answer.events, upTo });
      missed.push(...answer.events);
    }
    this.#store.dispatch({ type: "connection", connection: "live" });
    const fresh = this.#fresh;
    this.#fresh = false;
    this.#listener.heard(missed, fresh);
    this.#listener.live(fresh);
  }

  async #beat(): Promise<void> {
    this.#schedule();
    if (this.#store.peek().cursor === null) {
      if (this.#socket.connected) this.#listener.live(true);
    } else {
      await this.catchUp();
    }
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#beat(), document.hidden ? BEAT_WHEN_HIDDEN : BEAT);
  }

  #beatMissed(): void {
    this.#missed += 1;
    this.#lost();
    // Half-open connections (a laptop that slept) look connected for a long time: start over.
    if (this.#missed >= MISSED_BEATS_TO_RECONNECT && this.#socket.connected) {
      this.#missed = 0;
      this.#socket.io.engine.close();
    }
  }

  #lost(): void {
    this.#store.dispatch({ type: "connection", connection: "offline" });
  }

  #again(): void {
    if (this.#socket.connected) void this.catchUp();
    else this.#socket.connect();
  }

  /** Refused, or shown out: socket.io does not try again by itself. A session that has ended leads to the sign-in. */
  #refused(): void {
    if (Date.now() - this.#sessionCheckedAt > SESSION_CHECK_PAUSE) {
      this.#sessionCheckedAt = Date.now();
      void checkSession();
    }
    if (!this.#socket.active) setTimeout(() => this.#socket.connect(), RETRY_AFTER_REFUSAL);
  }
}
