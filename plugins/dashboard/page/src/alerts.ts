// Which of the things that happen are told to who sits here: what is theirs, and what calls them; never the rest. Pure.

import { conversation, type State } from "./state";
import type { Conversation, Message, WireEvent } from "./types";

export interface Alert {
  conversation: Conversation;
  message: Message;
}

/** Notes what has been told, so that the same message, heard of live and again by `sync`, is told once. */
export class Alerts {
  readonly #told = new Set<string>();
  /** Messages in conversations of which nothing was known; the conversation's own event comes right after. */
  #waiting: Message[] = [];

  /** What to tell of events that have just been taken into `state`. */
  of(events: WireEvent[], state: State): Alert[] {
    const messages = events.flatMap((event) => {
      const isNew = event.name === "new_message" && !this.#told.has((event.data as Message).id);
      return isNew ? [event.data as Message] : [];
    });
    for (const message of messages) this.#told.add(message.id);
    this.#forgetOld();
    const alerts: Alert[] = [];
    const waiting: Message[] = [];
    for (const message of [...this.#waiting, ...messages]) {
      const one = conversation(state, message.conversation_id);
      if (!one) waiting.push(message);
      else if (isTold(message, one, state.me.user)) alerts.push({ conversation: one, message });
    }
    this.#waiting = waiting.slice(-MOST_WAITING);
    return alerts;
  }

  #forgetOld(): void {
    for (const id of this.#told) {
      if (this.#told.size <= MOST_TOLD) return;
      this.#told.delete(id);
    }
  }
}

const MOST_WAITING = 20;
const MOST_TOLD = 2_000;

function isTold(message: Message, one: Conversation, user: string): boolean {
  if (message.direction === "in") return one.handled_by === "staff" && one.assignee === user;
  const isCalled = message.direction === "note" && (message.mentions ?? []).includes(user);
  return isCalled && message.author.name !== user;
}
