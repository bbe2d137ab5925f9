// What can be done with a conversation, but for writing in it.

import { signal } from "@preact/signals";
import { getMessages } from "../api";
import { conversation, thread } from "../state";
import type { Store } from "../store";
import { type Asker, sentence } from "./asking";

interface Here {
  fromList?: boolean;
  /** The guest is shown in the conversation's place. */
  guest?: boolean;
}

export class ConversationActions {
  /** Whether the guest is shown where there is no room for that beside the conversation. */
  readonly guestShown = signal(false);
  readonly #store: Store;
  readonly #asker: Asker;

  constructor(store: Store, asker: Asker) {
    this.#store = store;
    this.#asker = asker;
  }

  /** Open a conversation; the address keeps it over a reload, and the browser's Back leads to the list. */
  open(id: string): void {
    const address = `#${encodeURIComponent(id)}`;
    if (this.#store.peek().open) history.replaceState(here(), "", address);
    else history.pushState({ fromList: true }, "", address);
    this.show(id);
  }

  close(): void {
    if (here().fromList) history.back();
    else {
      history.replaceState(null, "", location.pathname);
      this.show(null);
    }
  }

  /** Show the guest in the conversation's place; the browser's Back leads to the conversation again. */
  showGuest(): void {
    history.pushState({ ...here(), guest: true }, "", location.href);
    this.guestShown.value = true;
  }

  hideGuest(): void {
    if (here().guest) history.back();
    else this.guestShown.value = false;
  }

  /** Show a conversation, or none, whatever the address says. */
  show(id: string | null): void {
    this.guestShown.value = id !== null && here().guest === true;
    if (id && this.#store.peek().gone[id]) return this.show(null);
    if (this.#store.peek().open !== id) this.#store.dispatch({ type: "opened", id });
    if (!id) return;
    if (!thread(this.#store.peek(), id).loaded) void this.loadMessages(id, false);
    // An address from elsewhere may name a conversation that no list has shown; this answers with it.
    if (!conversation(this.#store.peek(), id)) this.markRead(id);
  }

  async loadMessages(id: string, older: boolean): Promise<void> {
    const before = thread(this.#store.peek(), id);
    if (before.loading || (older && before.nextBefore === null)) return;
    const asOf = this.#store.peek().seen;
    this.#store.dispatch({ type: "thread requested", id });
    try {
      const page = await getMessages(id, older ? before.nextBefore : null);
      this.#store.dispatch({ type: "thread loaded", id, page, asOf });
    } catch (error) {
      this.#store.dispatch({ type: "thread failed", id, problem: sentence(error) });
    }
  }

  markRead(id: string): void {
    this.#asker.try("mark_read", { conversation_id: id });
  }
}

function here(): Here {
  return (history.state ?? {}) as Here;
}
