// Things that are asked for when they are looked at: kept, shown at once the next time, and asked for anew behind it.

import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

export interface Entry<T> {
  value: T | null;
  loading: boolean;
  problem: string | null;
}

export class Fetched<T> {
  readonly #fetch: (key: string) => Promise<T>;
  readonly #entries = new Map<string, Signal<Entry<T>>>();
  /** What was asked for again while it was on its way: the answer may be older than what happened since. */
  readonly #again = new Set<string>();

  /** `fetch` throws an `Error` whose message is a sentence for people. */
  constructor(fetch: (key: string) => Promise<T>) {
    this.#fetch = fetch;
  }

  of(key: string): ReadonlySignal<Entry<T>> {
    return this.#entry(key);
  }

  /** Ask for it; what is known stays meanwhile, and after a failure. */
  async load(key: string): Promise<void> {
    const entry = this.#entry(key);
    if (entry.peek().loading) {
      this.#again.add(key);
      return;
    }
    entry.value = { ...entry.peek(), loading: true };
    try {
      entry.value = { value: await this.#fetch(key), loading: false, problem: null };
    } catch (error) {
      entry.value = { ...entry.peek(), loading: false, problem: error instanceof Error ? error.message : String(error) };
    }
    if (this.#again.delete(key)) await this.load(key);
  }

  #entry(key: string): Signal<Entry<T>> {
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = signal<Entry<T>>({ value: null, loading: false, problem: null });
      this.#entries.set(key, entry);
    }
    return entry;
  }
}
