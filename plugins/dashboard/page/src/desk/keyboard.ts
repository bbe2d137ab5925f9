// The keyboard anywhere on the page: what a key means is told by `shortcuts.ts`; here it is done.

import { signal } from "@preact/signals";
import type { Preferences } from "../preferences";
import { meaning, type Pressed } from "../shortcuts";
import { viewsOf } from "../state";
import type { Store } from "../store";
import type { ConversationActions } from "./conversations";
import type { ListActions } from "./lists";

const G_LASTS = 1_500;
const TYPED_INTO = "textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=button])";

export class Keyboard {
  /** Whether the sheet with all shortcuts is open. */
  readonly sheet = signal(false);
  readonly #store: Store;
  readonly #lists: ListActions;
  readonly #conversations: ConversationActions;
  readonly #preferences: Preferences;
  #move: (step: number) => void = () => undefined;
  #gAt = -G_LASTS;

  constructor(store: Store, lists: ListActions, conversations: ConversationActions, preferences: Preferences) {
    this.#store = store;
    this.#lists = lists;
    this.#conversations = conversations;
    this.#preferences = preferences;
  }

  start(): void {
    document.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** The list says how the focus moves in it; call what is returned when it is gone. */
  moves(move: (step: number) => void): () => void {
    this.#move = move;
    return () => {
      if (this.#move === move) this.#move = () => undefined;
    };
  }

  #pressed(event: KeyboardEvent): void {
    const target = event.target instanceof Element ? event.target : document.body;
    // What a button has opened has the keyboard to itself; Escape closes it.
    if (event.defaultPrevented || event.isComposing || document.querySelector(":popover-open")) return;
    const done = meaning({
      key: event.key,
      afterG: event.timeStamp - this.#gAt < G_LASTS,
      isHeld: event.ctrlKey || event.altKey || event.metaKey,
      isTyping: target.matches(TYPED_INTO),
      isOff: !this.#preferences.shortcuts.value,
    });
    if (event.key !== "Shift") this.#gAt = -G_LASTS;
    if (done && this.#do(done, target, event.timeStamp)) event.preventDefault();
  }

  /** Whether there was something to do. */
  #do(pressed: Pressed, target: Element, now: number): boolean {
    switch (pressed.does) {
      case "begin":
        this.#gAt = now;
        return true;
      case "move":
        this.#move(pressed.step);
        return true;
      case "view":
        if (!viewsOf(this.#store.peek()).includes(pressed.view)) return false;
        this.#lists.choose(pressed.view);
        return true;
      case "sheet":
        this.sheet.value = !this.sheet.peek();
        return true;
      case "press":
        return press(pressed.key);
      case "leave":
        return this.#leave(target);
    }
  }

  /** One step out: of the sheet, of the guest, of a field or the conversation to the list, and from the list to none open. */
  #leave(target: Element): boolean {
    if (this.sheet.peek()) {
      this.sheet.value = false;
      return true;
    }
    if (this.#conversations.guestShown.peek()) {
      this.#conversations.hideGuest();
      return true;
    }
    const isOpen = this.#store.peek().open !== null;
    const isTyping = target.matches(TYPED_INTO);
    const list = document.querySelector(".list");
    if ((isOpen || isTyping) && list?.checkVisibility() && !list.contains(target)) {
      if (target instanceof HTMLElement) target.blur();
      this.#move(0);
      return true;
    }
    if (isOpen) this.#conversations.close();
    return isOpen;
  }
}

/** Press what wears a key, where it is to be seen: a field takes the focus, all else is clicked. */
function press(key: string): boolean {
  const wearers = document.querySelectorAll<HTMLElement>(`[aria-keyshortcuts="${CSS.escape(key)}"]`);
  const wearer = [...wearers].find((one) => one.checkVisibility() && !one.matches(":disabled"));
  if (!wearer) return false;
  if (wearer.matches(TYPED_INTO)) wearer.focus();
  else wearer.click();
  return true;
}
