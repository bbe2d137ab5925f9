// What the desk does by itself while somebody looks at it: telling colleagues, marking as read, following the address.

import { effect, signal } from "@preact/signals";
import type { Line } from "../socket";
import { conversation } from "../state";
import type { Store } from "../store";
import type { ConversationActions } from "./conversations";

export class Watcher {
  readonly #store: Store;
  readonly #line: Line;
  readonly #conversations: ConversationActions;
  readonly #attentive = signal(isAttentive());
  readonly #visible = signal(!document.hidden);

  constructor(store: Store, line: Line, conversations: ConversationActions) {
    this.#store = store;
    this.#line = line;
    this.#conversations = conversations;
  }

  start(): void {
    const looked = (): void => {
      this.#attentive.value = isAttentive();
      this.#visible.value = !document.hidden;
    };
    for (const name of ["focus", "blur"]) window.addEventListener(name, looked);
    document.addEventListener("visibilitychange", looked);
    for (const name of ["hashchange", "popstate"]) window.addEventListener(name, () => this.followAddress());

    this.followAddress();
    this.#tellWhatIsViewed();
    this.#markReadWhatIsSeen();
    this.#leaveWhatIsGone();
  }

  /** Show the conversation that the address names. */
  followAddress(): void {
    this.#conversations.show(idInAddress());
  }

  #tellWhatIsViewed(): void {
    const open = this.#store.select((state) => state.open);
    const online = this.#store.select((state) => state.connection === "live");
    let viewed: string | null = null;
    let told = false;
    effect(() => {
      const wanted = this.#visible.value ? open.value : null;
      // A lost connection has left by itself, and a new one knows nothing of what the old one was told.
      if (!online.value) told = false;
      else if (!told || viewed !== wanted) {
        if (viewed && viewed !== wanted) this.#line.tell("leave_conversation", { conversation_id: viewed });
        if (wanted) this.#line.tell("join_conversation", { conversation_id: wanted });
        viewed = wanted;
        told = true;
      }
    });
  }

  #leaveWhatIsGone(): void {
    const gone = this.#store.select((state) => state.gone);
    effect(() => {
      const erased = gone.value;
      const id = idInAddress();
      if (id && erased[id]) history.replaceState(null, "", location.pathname);
    });
  }

  #markReadWhatIsSeen(): void {
    const unread = this.#store.select((state) => {
      const one = state.open && state.connection === "live" ? conversation(state, state.open) : null;
      return one && one.unread > 0 ? `${one.id}|${one.unread}` : "";
    });
    effect(() => {
      const [id] = unread.value.split("|");
      if (id && this.#attentive.value) this.#conversations.markRead(id);
    });
  }
}

export function isAttentive(): boolean {
  return !document.hidden && document.hasFocus();
}

function idInAddress(): string | null {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null;
  }
}
