// What the log shows: confirmed messages by their number, then what is not confirmed yet.

import type { Outbox } from "./outbox";
import type { Attachment, Message } from "./types";

export interface Entry {
  key: string;
  mine: boolean;
  kind: Message["author"]["kind"];
  text: string;
  attachments: Attachment[];
  at: string; // RFC 3339
  state: "sent" | "waiting" | "too_long" | "refused" | "theirs";
  client_id?: string;
}

export class Thread {
  private readonly messages = new Map<string, Message>();

  constructor(private readonly outbox: Outbox) {}

  /** Take in messages; return those that were not known. A confirmed one leaves the outbox. */
  add(messages: Message[]): Message[] {
    const fresh = messages.filter((message) => !this.messages.has(message.id));
    for (const message of fresh) {
      this.messages.set(message.id, message);
      if (message.client_id) this.outbox.remove(message.client_id);
    }
    return fresh;
  }

  /** Return the number of the newest message that came from the hotel, or 0. */
  lastTheirs(): number {
    return Math.max(0, ...this.theirs().map((message) => message.seq ?? 0));
  }

  /** Say whether the hotel had the last word. */
  answered(): boolean {
    return this.confirmed().at(-1)?.direction === "out";
  }

  countTheirsAfter(seq: number): number {
    return this.theirs().filter((message) => (message.seq ?? 0) > seq).length;
  }

  entries(): Entry[] {
    const waiting = this.outbox.all().map(
      (item): Entry => ({
        key: item.client_id,
        mine: true,
        kind: "guest",
        text: item.text,
        attachments: [],
        at: item.written_at,
        state: item.failed ?? "waiting",
        client_id: item.client_id,
      }),
    );
    return [...this.confirmed().map(entryOf), ...waiting];
  }

  private confirmed(): Message[] {
    return [...this.messages.values()].sort((a, b) => place(a) - place(b));
  }

  private theirs(): Message[] {
    return [...this.messages.values()].filter((message) => message.direction === "out");
  }
}

function place(message: Message): number {
  return message.seq ?? Number.MAX_SAFE_INTEGER;
}

function entryOf(message: Message): Entry {
  const mine = message.direction === "in";
  return {
    key: message.client_id ?? message.id, // the same as while it waited, so that its element stays
    mine,
    kind: message.author.kind,
    text: message.text,
    attachments: message.attachments ?? [],
    at: message.created_at,
    state: mine ? "sent" : "theirs",
  };
}
