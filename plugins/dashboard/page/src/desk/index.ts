// The desk: what a person can do at it, by part, and what it does by itself.

import type { ReadonlySignal } from "@preact/signals";
import { Lookups } from "../lookups";
import { Preferences } from "../preferences";
import { Line } from "../socket";
import { type Present, thread } from "../state";
import type { Store } from "../store";
import { Asker } from "./asking";
import { ConversationActions } from "./conversations";
import { Counter } from "./counting";
import { Keyboard } from "./keyboard";
import { ListActions } from "./lists";
import { Notifier } from "./notifying";
import { Watcher } from "./watching";
import { WorkActions } from "./work";
import { WritingActions } from "./writing";

export class Desk {
  readonly store: Store;
  readonly lists: ListActions;
  readonly conversations: ConversationActions;
  readonly work: WorkActions;
  readonly writing: WritingActions;
  readonly lookups = new Lookups();
  readonly preferences = new Preferences();
  readonly keyboard: Keyboard;
  readonly notifier: Notifier;
  /** Who is at the desk: by itself, since much that happens changes nothing of it. */
  readonly presence: ReadonlySignal<Present["presence"]>;
  readonly #line: Line;
  readonly #counter: Counter;
  readonly #watcher: Watcher;

  constructor(store: Store) {
    this.store = store;
    this.#line = new Line(store);
    const asker = new Asker(store, this.#line);
    this.lists = new ListActions(store, this.#line);
    this.conversations = new ConversationActions(store, asker);
    this.work = new WorkActions(store, asker);
    this.writing = new WritingActions(store, this.#line, asker, this.work);
    this.keyboard = new Keyboard(store, this.lists, this.conversations, this.preferences);
    this.notifier = new Notifier(store, asker, this.conversations, this.preferences);
    this.presence = store.select((state) => state.presence);
    this.#counter = new Counter(store);
    this.#watcher = new Watcher(store, this.#line, this.conversations);
  }

  start(): void {
    this.preferences.start();
    this.keyboard.start();
    this.#watcher.start();
    this.lists.loadOnce();
    this.lists.loadUrgent();
    this.#counter.start();
    this.notifier.start();
    if (this.store.peek().me.keepsDesk) void this.lookups.actions.load("all");
    this.#line.start({
      live: (fresh) => this.#whenLive(fresh),
      heard: (events, isLate) => this.notifier.heard(events, isLate),
    });
  }

  /** The server answers, after a new connection or as ever: what could not be done without it is done now. */
  #whenLive(fresh: boolean): void {
    this.lists.loadOnce();
    this.lists.loadUrgent();
    const { open } = this.store.peek();
    if (fresh && open && !thread(this.store.peek(), open).loaded) this.conversations.show(open);
    void this.writing.flush();
  }
}
