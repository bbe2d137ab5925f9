// The one store: the state as a signal, slices of it for the parts that need no more, and a clock for relative times.

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Action, initialState, reduce, type State } from "./state";
import type { Me } from "./types";

const CLOCK_STEP = 20_000;

export class Store {
  readonly #state;
  readonly now = signal(Date.now());

  constructor(me: Me, restored: Partial<State> = {}) {
    this.#state = signal<State>({ ...initialState(me), ...restored });
    setInterval(() => {
      this.now.value = Date.now();
    }, CLOCK_STEP);
  }

  get state(): State {
    return this.#state.value;
  }

  /** The state, without subscribing to it: for handlers. */
  peek(): State {
    return this.#state.peek();
  }

  dispatch(action: Action): void {
    this.#state.value = reduce(this.#state.peek(), action);
  }

  /** A part of the state that wakes its readers only when it changes. */
  select<T>(choose: (state: State) => T): ReadonlySignal<T> {
    return computed(() => choose(this.#state.value));
  }
}
