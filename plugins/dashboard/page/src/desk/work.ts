// The working tools: what staff do with a conversation beside writing in it. Each tells what came of it, and most of it
// can be undone.

import { signal } from "@preact/signals";
import { texts } from "../messages";
import { conversation } from "../state";
import type { Store } from "../store";
import type { BotMode, Conversation, Message, Scheduled } from "../types";
import { whenInZone, zoneOf } from "../zone";
import type { Asker, Told } from "./asking";

/** What came of the last thing that was done in a conversation. */
export interface Outcome {
  conversationId: string;
  text: string;
  undo: (() => void) | null;
}

export class WorkActions {
  readonly outcome = signal<Outcome | null>(null);
  readonly #store: Store;
  readonly #asker: Asker;
  readonly #translated = new Set<string>();
  #translations: Promise<unknown> = Promise.resolve();

  constructor(store: Store, asker: Asker) {
    this.#store = store;
    this.#asker = asker;
  }

  // who has it

  /** With `minutes`, the bot has it again after them. */
  async takeOver(id: string, minutes: number | null = null): Promise<void> {
    await this.#do(id, "take_over", minutes === null ? {} : { minutes });
  }

  async returnToBot(id: string): Promise<void> {
    const before = this.#known(id);
    const done = await this.#do(id, "return_to_bot");
    if (done && before) this.#tell(id, texts.done.returned, () => void this.#restore(before));
  }

  async botBack(id: string, minutes: number | null): Promise<void> {
    await this.#do(id, "set_bot_back", { minutes });
  }

  async assign(id: string, name: string | null): Promise<void> {
    const before = this.#known(id);
    if (!before || !(await this.#do(id, "assign", { assignee: name }))) return;
    const text = name === null ? texts.done.unassigned : texts.done.assigned(this.#isMe(name) ? texts.you : name);
    this.#tell(id, text, () => void this.#restore(before));
  }

  // until when

  async resolve(id: string): Promise<void> {
    const before = this.#known(id);
    if (before && (await this.#do(id, "resolve"))) {
      this.#tell(id, texts.done.resolved, () => void this.#restore(before));
    }
  }

  async snooze(id: string, until: number): Promise<void> {
    const before = this.#known(id);
    if (!before || !(await this.#do(id, "snooze", { until: new Date(until).toISOString() }))) return;
    const when = whenInZone(until, Date.now(), zoneOf(this.#store.peek().me.hotels, before.hotel));
    this.#tell(id, texts.done.snoozed(when), () => void this.#restore(before));
  }

  async wake(id: string): Promise<void> {
    const before = this.#known(id);
    if (before) await this.#restore(before);
  }

  async schedule(id: string, text: string, at: number, clientId: string): Promise<boolean> {
    const asked = { text, at: new Date(at).toISOString(), client_id: clientId };
    const done = await this.#do<{ scheduled: Scheduled }>(id, "schedule_message", asked);
    return done !== null;
  }

  async cancelScheduled(id: string, one: Scheduled): Promise<void> {
    await this.#do(id, "cancel_scheduled", { scheduled_id: one.id });
  }

  // what it is

  async setLabels(id: string, labels: string[]): Promise<void> {
    await this.#do(id, "set_labels", { labels });
  }

  async setBotMode(id: string, mode: BotMode | null): Promise<boolean> {
    return (await this.#do(id, "set_bot_mode", { mode })) !== null;
  }

  async acknowledge(id: string): Promise<void> {
    await this.#do(id, "acknowledge");
  }

  async setOptOut(id: string, out: boolean): Promise<boolean> {
    return (await this.#do(id, "set_opt_out", { out })) !== null;
  }

  // its messages

  async retry(id: string, messageId: string): Promise<void> {
    await this.#do(id, "retry_message", { message_id: messageId });
  }

  async decide(id: string, messageId: string, arrived: boolean): Promise<void> {
    await this.#do(id, "decide_message", { message_id: messageId, arrived });
  }

  async retryMedia(id: string, messageId: string, position: number): Promise<void> {
    await this.#do(id, "retry_media", { message_id: messageId, position });
  }

  async translate(message: Message, language: string): Promise<void> {
    const { conversation_id: id, text } = message;
    const done = await this.#do<Told>(id, "translate_message", { message_id: message.id, language });
    if (done?.message?.translations?.[language]?.trim() === text.trim()) this.#tell(id, texts.translation.same, null);
  }

  /** Translate one after the other, and once; what fails can still be asked for. */
  translateQuietly(message: Message, language: string): void {
    const key = `${message.id}|${language}`;
    if (this.#translated.has(key)) return;
    this.#translated.add(key);
    const asked = { conversation_id: message.conversation_id, message_id: message.id, language };
    this.#translations = this.#translations
      .then(() => this.#asker.ask("translate_message", asked))
      .catch(() => undefined);
  }

  /** Tell what came of something done elsewhere: by a plugin, or here alone. */
  tell(id: string, text: string, undo: (() => void) | null = null): void {
    this.#tell(id, text, undo);
  }

  /** Ask, and show why where it was not done; what was told before is settled by that. */
  async #do<T extends object = object>(id: string, event: string, payload: object = {}): Promise<T | null> {
    this.outcome.value = null;
    return this.#asker.change<T>(id, event, payload);
  }

  /** Put a conversation back into the hands that had it, open. */
  async #restore(before: Conversation): Promise<void> {
    const { id } = before;
    if (before.handled_by === "staff" && this.#store.peek().me.keepsDesk) {
      await this.#do(id, "assign", { assignee: before.assignee });
      return;
    }
    const isClosed = this.#known(id)?.status !== "open";
    const taken = (before.handled_by === "bot" && !isClosed) || (await this.#do(id, "take_over"));
    if (taken && before.handled_by === "bot") await this.#do(id, "return_to_bot");
  }

  #tell(conversationId: string, text: string, undo: (() => void) | null): void {
    this.outcome.value = { conversationId, text, undo };
  }

  #known(id: string): Conversation | null {
    return conversation(this.#store.peek(), id);
  }

  #isMe(name: string): boolean {
    return name === this.#store.peek().me.user;
  }
}
