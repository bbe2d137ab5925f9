// Keeps the counts of the views true: asks for them where they are stale, but never often.

import { effect } from "@preact/signals";
import { getCounts } from "../api";
import { countsOf } from "../state";
import type { Store } from "../store";

const SOON = 1_000;
const PAUSE = 10_000;
/** What came in the meantime may have been counted wrongly, rarely: nothing wrong stays for longer than this. */
const TRUST = 60_000;

export class Counter {
  readonly #store: Store;
  #askedAt = 0;
  #hasFailed = false;
  #seenThen = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  start(): void {
    if (!this.#store.peek().me.keepsDesk) return;
    const wanted = this.#store.select((state) => {
      const { stale, loading, numbers } = countsOf(state, state.hotel);
      if (!stale || loading || state.connection !== "live") return null;
      return `${state.hotel ?? ""}|${numbers === null}`;
    });
    effect(() => {
      clearTimeout(this.#timer);
      if (wanted.value === null) return;
      // All desks hear the same events: they must not all ask at the same moment.
      const pause = PAUSE * (1 + Math.random() / 2);
      const isFirst = wanted.value.endsWith("true") && !this.#hasFailed;
      const wait = isFirst ? 0 : Math.max(SOON, this.#askedAt + pause - Date.now());
      this.#timer = setTimeout(() => void this.#count(), wait);
    });
    setInterval(() => {
      const { connection, seen } = this.#store.peek();
      if (connection === "live" && seen !== this.#seenThen && !document.hidden) void this.#count();
    }, TRUST);
  }

  /** Ask how many there are in each view of the chosen hotel. What was counted before stays meanwhile. */
  async #count(): Promise<void> {
    const { hotel: chosen, seen } = this.#store.peek();
    const hotel = chosen ?? "";
    [this.#askedAt, this.#seenThen] = [Date.now(), seen];
    this.#store.dispatch({ type: "counts requested", hotel });
    try {
      this.#store.dispatch({ type: "counts loaded", hotel, numbers: await getCounts(chosen) });
      this.#hasFailed = false;
    } catch {
      this.#hasFailed = true;
      this.#store.dispatch({ type: "counts failed", hotel });
    }
  }
}
