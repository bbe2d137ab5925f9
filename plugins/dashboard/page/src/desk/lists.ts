// The lists of conversations: choosing one, loading it page by page, searching.

import { getConversations } from "../api";
import type { Line } from "../socket";
import { type Tab, listing, listingKey } from "../state";
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

  chooseTab(tab: Tab): void {
    this.#store.dispatch({ type: "tab chosen", tab });
    this.loadOnce();
  }

  chooseHotel(hotel: string | null): void {
    this.#store.dispatch({ type: "hotel chosen", hotel });
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
    const { tab, hotel } = this.#store.peek();
    if (!listing(this.#store.peek(), listingKey(tab, hotel)).loaded) void this.load(false);
  }

  /** Load the first page of the chosen list, or, with `more`, the page below what is there. */
  async load(more: boolean): Promise<void> {
    const { tab, hotel, seen } = this.#store.peek();
    const key = listingKey(tab, hotel);
    const before = listing(this.#store.peek(), key);
    if (before.loading || (more && before.next === null)) return;
    this.#store.dispatch({ type: "list requested", key });
    try {
      const status = tab === "resolved" ? { status: "resolved" } : { status: "open" };
      const handledBy = tab === "bot" || tab === "staff" ? { handled_by: tab } : {};
      const cursor = more ? before.next : null;
      const page = await getConversations({ hotel, ...status, ...handledBy, cursor, limit: PAGE });
      this.#store.dispatch({ type: "list loaded", key, page, asOf: seen });
      void this.#line.catchUp();
    } catch (error) {
      this.#store.dispatch({ type: "list failed", key, problem: sentence(error) });
    }
  }

  async loadFound(first: boolean): Promise<void> {
    const { search, hotel, seen } = this.#store.peek();
    if (!search || (!first && (search.listing.loading || search.listing.next === null))) return;
    const { q } = search;
    this.#store.dispatch({ type: "search requested", q });
    try {
      const page = await getConversations({ hotel, q, cursor: first ? null : search.listing.next, limit: PAGE });
      this.#store.dispatch({ type: "search loaded", q, page, asOf: seen, first });
    } catch (error) {
      this.#store.dispatch({ type: "search failed", q, problem: sentence(error) });
    }
  }
}
