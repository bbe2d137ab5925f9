// Asking the server to do something, and taking in at once what it tells of it.

import { NoAnswer, type Line } from "../socket";
import { texts } from "../messages";
import { refusal } from "../refusals";
import { conversation } from "../state";
import type { Store } from "../store";
import type { Ack, Conversation, Message } from "../types";

/** What most answers tell: the conversation as it is now, and the messages that came of it. */
export interface Told {
  conversation?: Conversation;
  message?: Message | null;
  messages?: Message[];
}

export type Answer<T extends object = object> = Ack<T & Told>;

export class Asker {
  readonly #store: Store;
  readonly #line: Line;

  constructor(store: Store, line: Line) {
    this.#store = store;
    this.#line = line;
  }

  /** Raises `NoAnswer` where there is no connection or no answer in time. */
  async ask<T extends object = object>(event: string, payload: object): Promise<Answer<T>> {
    const asOf = this.#store.peek().seen;
    const answer = await this.#line.ask<T & Told>(event, payload);
    if (answer.ok) this.told(answer, asOf);
    return answer;
  }

  /** Take in what an answer tells; `asOf` is the newest event that was known when it was asked for. */
  told(answer: Told, asOf: number): void {
    const messages = answer.messages ?? (answer.message ? [answer.message] : []);
    this.#store.dispatch({ type: "told", conversation: answer.conversation, messages, asOf });
  }

  /** Ask for something about a conversation; why it was not done is shown there. Null where it was not. */
  async change<T extends object = object>(id: string, event: string, payload: object = {}): Promise<(T & Told) | null> {
    this.#store.dispatch({ type: "refusal seen" });
    const problem = (text: string): null => {
      this.#store.dispatch({ type: "refused", conversationId: id, text });
      return null;
    };
    try {
      const answer = await this.ask<T>(event, { conversation_id: id, ...payload });
      return answer.ok ? answer : problem(await this.#reason(id, answer));
    } catch (error) {
      return problem(sentence(error));
    }
  }

  /** Who was first is told by name: by then the desk may not have heard of it. */
  async #reason(id: string, { error, code }: { error: string; code?: string }): Promise<string> {
    const before = conversation(this.#store.peek(), id)?.assignee;
    if (code === "conflict") await this.#line.catchUp();
    const { me } = this.#store.peek();
    const holder = conversation(this.#store.peek(), id)?.assignee;
    const isTaken = code === "conflict" && holder && holder !== me.user && holder !== before;
    return isTaken ? texts.taken(holder) : refusal(error, code);
  }

  /** Ask for something whose answer matters only where there is one. */
  try(event: string, payload: object): void {
    void this.ask(event, payload).catch((error: unknown) => {
      if (!(error instanceof NoAnswer)) throw error;
    });
  }
}

export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : texts.problem.unreachable;
}
