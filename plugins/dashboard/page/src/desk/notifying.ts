// Tells who sits here of what is theirs, with a sound and the browser's notifications, and rings for what is urgent.

import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { type Alert, Alerts } from "../alerts";
import { excerpt, guestName } from "../format";
import { texts } from "../messages";
import type { Preferences } from "../preferences";
import { type Chime, Sound } from "../sound";
import { hotelName, ringing } from "../state";
import type { Store } from "../store";
import type { Conversation, WireEvent } from "../types";
import type { Asker } from "./asking";
import type { ConversationActions } from "./conversations";
import { isAttentive } from "./watching";

const RING_PAUSE = 5_000;
const SOUND_PAUSE = 2_000;

export type Permission = NotificationPermission | "impossible";

export class Notifier {
  /** Whether the browser lets notifications through. */
  readonly permission = signal<Permission>(permissionNow());
  readonly rings: ReadonlySignal<Conversation[]>;
  readonly #store: Store;
  readonly #asker: Asker;
  readonly #conversations: ConversationActions;
  readonly #preferences: Preferences;
  readonly #alerts = new Alerts();
  readonly #sound = new Sound();
  readonly #rungFor = new Set<string>();
  readonly #soundedAt = { mine: -SOUND_PAUSE, urgent: -SOUND_PAUSE };
  #ringTimer: ReturnType<typeof setInterval> | undefined;

  constructor(store: Store, asker: Asker, conversations: ConversationActions, preferences: Preferences) {
    this.#store = store;
    this.#asker = asker;
    this.#conversations = conversations;
    this.#preferences = preferences;
    this.rings = store.select(ringing);
  }

  start(): void {
    this.#sound.start();
    const calls = computed(() => this.rings.value.map(ringKey).join("\n"));
    effect(() => {
      clearInterval(this.#ringTimer);
      if (!calls.value) return;
      this.#ring();
      this.#ringTimer = setInterval(() => this.#sounds("urgent"), RING_PAUSE);
    });
  }

  /** Events have been taken in; `isLate` where they happened while the line was down: they are told of together. */
  heard(events: WireEvent[], isLate: boolean): void {
    const { open } = this.#store.peek();
    const alerts = this.#alerts
      .of(events, this.#store.peek())
      .filter((alert) => !(isAttentive() && alert.conversation.id === open));
    if (alerts.length === 0) return;
    this.#sounds("mine");
    const conversations = new Set(alerts.map((alert) => alert.conversation.id)).size;
    if (isLate && conversations > 1) this.#show(texts.notify.missed(alerts.length, conversations), "", "late", null);
    else for (const alert of alerts) this.#tell(alert);
  }

  /** Ask the browser for leave; only ever because somebody pressed a button. */
  async allow(): Promise<void> {
    if (this.permission.peek() === "impossible") return;
    this.permission.value = await Notification.requestPermission();
    this.#preferences.notifications.value = this.permission.peek() === "granted";
  }

  async acknowledge(id: string): Promise<void> {
    await this.#asker.change(id, "acknowledge");
  }

  /** Sound once now; show each call once, however often it sounds. */
  #ring(): void {
    this.#sounds("urgent");
    for (const one of this.rings.peek()) {
      const key = ringKey(one);
      if (this.#rungFor.has(key)) continue;
      this.#rungFor.add(key);
      const words = one.urgent?.words.join(", ") ?? "";
      this.#show(texts.notify.urgent(this.#nameOf(one)), words, one.id, one.id);
    }
  }

  #tell({ conversation: one, message }: Alert): void {
    this.#show(this.#nameOf(one), excerpt(message, this.#store.peek().me.user), one.id, one.id);
  }

  #nameOf(one: Conversation): string {
    const { hotels } = this.#store.peek().me;
    return hotels.length > 1 ? `${guestName(one)} · ${hotelName(hotels, one.hotel)}` : guestName(one);
  }

  #show(title: string, body: string, tag: string, id: string | null): void {
    if (this.permission.peek() !== "granted" || !this.#preferences.notifications.peek()) return;
    try {
      // One a conversation: the next message takes the place of the one before.
      const shown = new Notification(title, { body, tag: `innbox-${tag}`, icon: "/dashboard/static/favicon.svg" });
      shown.onclick = () => {
        window.focus();
        if (id) this.#conversations.open(id);
        shown.close();
      };
    } catch {
      // Some browsers of phones show none that a page asks for.
    }
  }

  #sounds(chime: Chime): void {
    const now = performance.now();
    if (!this.#preferences.sound.peek() || now - this.#soundedAt[chime] < SOUND_PAUSE) return;
    this.#soundedAt[chime] = now;
    this.#sound.play(chime);
  }
}

/** It rings anew for the next person, and where it has become urgent again. */
function ringKey(one: Conversation): string {
  return `${one.id} ${one.urgent?.since} ${one.urgent?.rings_for}`;
}

function permissionNow(): Permission {
  return "Notification" in window ? Notification.permission : "impossible";
}
