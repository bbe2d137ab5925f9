// The lists of conversations: choosing one, loading it page by page, searching.

import { find, getTab, getView } from "../api";
import type { Line } from "../socket";
import { type ListQuery, type View, URGENT, chosenList, listing } from "../state";
import type { Store } from "../store";
import { sentence } from "./asking";

const PAGE = 50;
const SEARCH_PAUSE = 250;

export class ListActions {
  readonly #store: Store;
  readonly #line: Line;
  #searchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store, line: Line) {
    this.#store = store;
    this.#line = line;
  }

  choose(view: View): void {
    this.#store.dispatch({ type: "view chosen", view });
    this.loadOnce();
  }

  chooseHotel(hotel: string | null): void {
    this.#store.dispatch({ type: "hotel chosen", hotel });
    this.loadOnce();
  }

  chooseLabel(label: string | null): void {
    this.#store.dispatch({ type: "label chosen", label });
    this.loadOnce();
  }

  search(q: string): void {
    clearTimeout(this.#searchTimer);
    const wanted = q.trim();
    if (wanted === (this.#store.peek().search?.q ?? "")) return;
    if (!wanted) this.#store.dispatch({ type: "searched", q: "" });
    else {
      this.#searchTimer = setTimeout(() => {
        this.#store.dispatch({ type: "searched", q: wanted });
        void this.loadFound(true);
      }, SEARCH_PAUSE);
    }
  }

  /** Load the chosen list, unless it was loaded before. */
  loadOnce(): void {
    const state = this.#store.peek();
    if (!listing(state, chosenList(state)).loaded) void this.load();
  }

  /** Load what rings, unless it was loaded before: it must ring whichever list is chosen. */
  loadUrgent(): void {
    const state = this.#store.peek();
    if (state.me.keepsDesk && !listing(state, URGENT).loaded) void this.load(URGENT);
  }

  /** Load the first page of a list. */
  async load(query: ListQuery = chosenList(this.#store.peek())): Promise<void> {
    await this.#loadPage(query, null);
  }

  /** Load the page below what is there. */
  async loadMore(): Promise<void> {
    const query = chosenList(this.#store.peek());
    const { next } = listing(this.#store.peek(), query);
    if (next !== null) await this.#loadPage(query, next);
  }

  async #loadPage(query: ListQuery, cursor: string | null): Promise<void> {
    const { seen, me } = this.#store.peek();
    if (listing(this.#store.peek(), query).loading) return;
    this.#store.dispatch({ type: "list requested", query });
    try {
      const page = await (me.keepsDesk ? getView(query, cursor, PAGE) : getTab(query, cursor, PAGE));
      this.#store.dispatch({ type: "list loaded", query, page, asOf: seen });
      void this.#line.catchUp();
    } catch (error) {
      this.#store.dispatch({ type: "list failed", query, problem: sentence(error) });
    }
  }

  async loadFound(first: boolean): Promise<void> {
    const { search, hotel, seen } = this.#store.peek();
    if (!search || (!first && (search.listing.loading || search.listing.next === null))) return;
    const { q } = search;
    this.#store.dispatch({ type: "search requested", q });
    try {
      const page = await find(q, hotel, first ? null : search.listing.next, PAGE);
      this.#store.dispatch({ type: "search loaded", q, page, asOf: seen, first });
    } catch (error) {
      this.#store.dispatch({ type: "search failed", q, problem: sentence(error) });
    }
  }
}
