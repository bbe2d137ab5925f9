// A record that is never changed in place, for many things: a change copies one board of it, not the whole.

const BOARDS = 256;

export class Shelf<T> {
  readonly #boards: readonly ReadonlyMap<string, T>[];

  constructor(boards: readonly ReadonlyMap<string, T>[] = Array.from({ length: BOARDS }, () => new Map<string, T>())) {
    this.#boards = boards;
  }

  get(id: string): T | undefined {
    return this.#boards[boardOf(id)]?.get(id);
  }

  with(id: string, thing: T): Shelf<T> {
    return this.#changed(id, (board) => board.set(id, thing));
  }

  without(id: string): Shelf<T> {
    return this.get(id) === undefined ? this : this.#changed(id, (board) => board.delete(id));
  }

  /** All of it, in no order. */
  *values(): Iterable<T> {
    for (const board of this.#boards) yield* board.values();
  }

  toJSON(): T[] {
    return [...this.values()];
  }

  #changed(id: string, change: (board: Map<string, T>) => unknown): Shelf<T> {
    const at = boardOf(id);
    const board = new Map(this.#boards[at]);
    change(board);
    return new Shelf(this.#boards.with(at, board));
  }
}

/** The end of an id decides: ids of things that were made one after the other begin alike. */
function boardOf(id: string): number {
  let sum = 0;
  for (let at = Math.max(0, id.length - 8); at < id.length; at += 1) sum = (sum * 31 + id.charCodeAt(at)) & 0xffff;
  return sum % BOARDS;
}
