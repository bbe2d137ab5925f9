// The desk: what a person can do at it, by part, and what it does by itself.

import { Line } from "../socket";
import { thread } from "../state";
import type { Store } from "../store";
import { Asker } from "./asking";
import { ConversationActions } from "./conversations";
import { ListActions } from "./lists";
import { Watcher } from "./watching";
import { WritingActions } from "./writing";

export type { Change } from "./conversations";

export class Desk {
  readonly store: Store;
  readonly lists: ListActions;
  readonly conversations: ConversationActions;
  readonly writing: WritingActions;
  readonly #line: Line;
  readonly #watcher: Watcher;

  constructor(store: Store) {
    this.store = store;
    this.#line = new Line(store);
    const asker = new Asker(store, this.#line);
    this.lists = new ListActions(store, this.#line);
    this.conversations = new ConversationActions(store, asker);
    this.writing = new WritingActions(store, this.#line, asker);
    this.#watcher = new Watcher(store, this.#line, this.conversations);
  }

  start(): void {
    this.#watcher.start();
    void this.lists.load(false);
    this.#line.start((fresh) => this.#whenLive(fresh));
  }

  /** The server answers, after a new connection or as ever: what could not be done without it is done now. */
  #whenLive(fresh: boolean): void {
    this.lists.loadOnce();
    const { open } = this.store.peek();
    if (fresh && open && !thread(this.store.peek(), open).loaded) this.conversations.show(open);
    void this.writing.flush();
  }
}
