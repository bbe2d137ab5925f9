// What the writer of a reply has seen of a conversation: what they must not talk past. Pure: the time is an argument.
//
// All that is there when a conversation is opened, or when a reply is begun, counts as seen. What arrives while one
// writes counts once it has stood in view for a moment: nobody reads a line that appears as they press Enter.

const MOMENT = 1_500;

interface Seen {
  upTo: number;
  /** Newer ones that stand in view, and since when. */
  inView: { seq: number; since: number }[];
}

export class Attention {
  readonly #seen = new Map<string, Seen>();

  /** A conversation is opened: what is shown of it first is seen. */
  open(id: string): void {
    this.#seen.delete(id);
  }

  /** `seq` is the newest message of others that stands in view. */
  show(id: string, seq: number, now: number): void {
    const known = this.#seen.get(id);
    if (!known) this.#seen.set(id, { upTo: seq, inView: [] });
    else if (seq > Math.max(known.upTo, known.inView.at(-1)?.seq ?? 0)) known.inView.push({ seq, since: now });
  }

  /** The newest messages are out of view: those that have not stood there long enough have not been seen. */
  hide(id: string, now: number): void {
    const known = this.#seen.get(id);
    if (known) this.#seen.set(id, { upTo: this.seen(id, now) ?? known.upTo, inView: [] });
  }

  /** A reply is begun, or what arrived has been pointed out: what stands in view is seen. */
  look(id: string): void {
    const known = this.#seen.get(id);
    if (known) this.#seen.set(id, { upTo: known.inView.at(-1)?.seq ?? known.upTo, inView: [] });
  }

  /** What arrived has been shown to the writer wherever they were. */
  point(id: string, seq: number): void {
    this.#seen.set(id, { upTo: Math.max(seq, this.#seen.get(id)?.upTo ?? 0), inView: [] });
  }

  /** The newest message of others that the writer has seen; null where nothing was shown yet. */
  seen(id: string, now: number): number | null {
    const known = this.#seen.get(id);
    if (!known) return null;
    return known.inView.findLast((one) => now - one.since >= MOMENT)?.seq ?? known.upTo;
  }
}
