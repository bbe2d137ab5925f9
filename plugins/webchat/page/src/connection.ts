// The socket: connects with the guest's token, sends what is in the outbox in order, and asks again for what may be lost.

import { io, type Socket } from "socket.io-client";

import type { Outbox } from "./outbox";
import { load, save } from "./storage";
import type { Answer, Link, Message, Refused, Welcome } from "./types";

const ANSWER_MS = 10_000;
const RETRY_MS = 3_000;
const SYNC_EVERY_MS = 60_000;

export interface Listener {
  link(state: Link): void;
  messages(messages: Message[]): void;
  typing(author: string): void;
  outbox(): void;
}

export class Connection {
  private readonly socket: Socket;
  private readonly tokenKey: string;
  private welcomed = false;
  private sending = false;
  private retry: number | undefined;

  constructor(
    private readonly hotel: string,
    language: string,
    private readonly outbox: Outbox,
    private readonly listener: Listener,
  ) {
    this.tokenKey = `innbox.chat.${hotel}.token`;
    this.socket = io("/webchat", {
      transports: ["websocket"],
      reconnectionDelay: 500,
      reconnectionDelayMax: 5_000,
      auth: (give) => give({ hotel: this.hotel, token: load("localStorage", this.tokenKey), language }),
    });
    this.listen();
    window.setInterval(() => document.visibilityState === "visible" && this.sync(), SYNC_EVERY_MS);
  }

  /** Send what waits, one after the other; call it whenever something was added. */
  pump(): void {
    const item = this.outbox.next();
    if (!item || !this.welcomed || this.sending) return;
    this.sending = true;
    const { client_id, text } = item;
    this.ask<{ message: Message }>("user_message", { client_id, text }, (answer) => {
      this.sending = false;
      if (answer?.ok) this.listener.messages([answer.message]);
      else if (answer && isFinal(answer)) this.outbox.fail(client_id, answer.code === "too_long" ? "too_long" : "refused");
      else return this.pumpLater(answer?.retry_after);
      this.listener.outbox();
      this.pump();
    });
  }

  /** Ask for the newest messages again: what was said while the wire was down was said to nobody. */
  sync(): void {
    if (!this.welcomed) return;
    this.ask<{ messages: Message[] }>("sync", {}, (answer) => answer?.ok && this.listener.messages(answer.messages));
  }

  /** Tell that the guest has seen everything up to `seq`. */
  read(seq: number): void {
    if (this.welcomed) this.socket.emit("read", { seq });
  }

  /** Use the token that another tab got, so that both show one conversation. */
  shareToken(): void {
    window.addEventListener("storage", (event) => {
      if (event.key === this.tokenKey && event.newValue) this.socket.disconnect().connect();
    });
  }

  private listen(): void {
    this.socket.on("welcome", (welcome: Welcome) => {
      save("localStorage", this.tokenKey, welcome.token);
      this.welcomed = true;
      this.sending = false;
      this.listener.messages(welcome.messages);
      this.listener.link("online");
      this.pump();
    });
    this.socket.on("new_message", (message: Message) => this.listener.messages([message]));
    this.socket.on("typing", ({ author }: { author: string }) => this.listener.typing(author));
    this.socket.on("disconnect", () => this.lost());
    this.socket.on("connect_error", (error: Error & { data?: { code?: string; retry_after?: number } }) => {
      if (error.data?.code === "unknown_hotel") this.listener.link("closed");
      else this.lost(error.data?.retry_after);
    });
  }

  private lost(retryAfter?: number): void {
    this.welcomed = false;
    this.listener.link("offline");
    if (this.socket.active) return; // it reconnects by itself, unless the server ended or refused the connection
    window.clearTimeout(this.retry);
    this.retry = window.setTimeout(() => this.socket.connect(), jittered(retryAfter));
  }

  private pumpLater(seconds?: number): void {
    window.setTimeout(() => this.pump(), jittered(seconds));
  }

  private ask<T>(name: string, data: object, then: (answer: Answer<T> | null) => void): void {
    this.socket.timeout(ANSWER_MS).emit(name, data, (error: Error | null, answer: Answer<T>) => then(error ? null : answer));
  }
}

function isFinal(answer: Refused): boolean {
  return answer.code !== "too_fast" && answer.code !== "unavailable";
}

/** Return a wait in milliseconds. The spread keeps all guests from knocking at once when a server comes back. */
function jittered(seconds?: number): number {
  return (seconds === undefined ? RETRY_MS : seconds * 1000) * (1 + Math.random() / 2);
}
