import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { drawnRows, shiftOf, topToSee } from "../rows";

const LOAD_AHEAD = 20;

interface Props {
  ids: string[];
  label: string;
  busy: boolean;
  /** The height of a row in rem. */
  row: number;
  /** The row that Tab reaches; where it is out of view it is drawn all the same. */
  reachable: string | undefined;
  draw: (id: string, place: RowPlace) => JSX.Element;
  /** The end is coming into view. */
  onNearEnd: () => void;
  onFocused: (id: string) => void;
  /** What moves the focus from outside: by rows, up or down. */
  mover?: { current: ((step: number) => void) | null };
  children: ComponentChildren;
}

/** What a row is told of its place. */
export interface RowPlace {
  at: number;
  of: number;
  top: number;
  height: number;
}

/** A list of any length of which only what is seen is drawn. Arrow keys, Home and End move the focus through all of it. */
export function VirtualList(props: Props) {
  const { ids, reachable } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const { row, top, height, scrolled } = useMeasures(scroller, props.row);
  useStillness(scroller, ids, row);

  const drawn = drawnRows(top, height, row, ids.length);
  useEffect(() => {
    if (drawn.to + LOAD_AHEAD > ids.length) props.onNearEnd();
  });

  /** A row that gets the focus once it is drawn. */
  const wanted = useRef<string | null>(null);
  const focusDrawn = (id: string): boolean => {
    const link = list.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] > a`);
    link?.focus({ preventScroll: true });
    return link !== undefined && link !== null;
  };
  useLayoutEffect(() => {
    if (wanted.current && focusDrawn(wanted.current)) wanted.current = null;
  });
  const focusOn = (at: number): void => {
    const id = ids[Math.max(0, Math.min(at, ids.length - 1))];
    const box = scroller.current;
    if (!id || !box) return;
    box.scrollTop = topToSee(ids.indexOf(id), box.scrollTop, box.clientHeight, row);
    scrolled();
    wanted.current = focusDrawn(id) ? null : id;
    props.onFocused(id);
  };
  useKeptFocus(scroller, ids, focusOn);
  const move = (step: number): void => {
    const at = reachable === undefined ? -1 : ids.indexOf(reachable);
    const isThere = list.current?.contains(document.activeElement) ?? false;
    // From elsewhere the first step shows where one is.
    focusOn(isThere ? at + step : Math.max(at, 0));
  };
  useEffect(() => {
    const { mover } = props;
    if (!mover) return undefined;
    mover.current = move;
    return () => (mover.current = null);
  });
  const pressed = (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const page = Math.max(1, Math.floor(height / row) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -ids.length, End: ids.length };
    const step = steps[event.key as keyof typeof steps];
    if (step === undefined || !list.current?.contains(document.activeElement)) return;
    event.preventDefault();
    move(step);
  };

  const rows = rowsToDraw(ids, drawn.from, drawn.to, reachable);
  return (
    <div class="list" ref={scroller} onScroll={scrolled} onKeyDown={pressed}>
      <ul
        ref={list}
        role="list"
        aria-label={props.label}
        aria-busy={props.busy}
        style={{ height: `${ids.length * row}px` }}
        onFocusIn={(event) => {
          const item = (event.target as HTMLElement).closest<HTMLElement>("[data-id]");
          if (item?.dataset.id) props.onFocused(item.dataset.id);
        }}
      >
        {rows.map((at) => {
          const id = ids[at] ?? "";
          return props.draw(id, { at, of: ids.length, top: at * row, height: row });
        })}
      </ul>
      {props.children}
    </div>
  );
}

function rowsToDraw(ids: string[], from: number, to: number, reachable: string | undefined): number[] {
  const rows = Array.from({ length: to - from }, (_, at) => from + at);
  const at = reachable === undefined ? -1 : ids.indexOf(reachable);
  if (at >= 0 && at < from) return [at, ...rows];
  return at >= to ? [...rows, at] : rows;
}

/** What the box measures, and where it stands. Drawn anew only when other rows are to be drawn. */
function useMeasures(scroller: { current: HTMLElement | null }, rem: number) {
  const [measures, setMeasures] = useState({ row: rem * 16, top: 0, height: 800 });
  const last = useRef(measures);
  const measure = (): void => {
    const box = scroller.current;
    if (!box || box.clientHeight === 0) return;
    const row = rem * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const now = { row, top: box.scrollTop, height: box.clientHeight };
    const [a, b] = [last.current, now].map((one) => drawnRows(one.top, one.height, one.row, Infinity));
    if (a?.from === b?.from && a?.to === b?.to && last.current.row === row) return;
    last.current = now;
    setMeasures(now);
  };
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return undefined;
    let top = 0;
    // A browser may forget where a list stood while another screen hid it.
    const keep = (): void => {
      if (box.clientHeight > 0) top = box.scrollTop;
    };
    const shown = (): void => {
      if (box.clientHeight > 0 && box.scrollTop === 0) box.scrollTop = top;
      measure();
    };
    const observer = new ResizeObserver(shown);
    observer.observe(box);
    box.addEventListener("scroll", keep);
    return () => {
      observer.disconnect();
      box.removeEventListener("scroll", keep);
    };
  }, []);
  return { ...measures, scrolled: measure };
}

/** What is being read stays where it is when rows come in above it. */
function useStillness(scroller: { current: HTMLElement | null }, ids: string[], row: number): void {
  const before = useRef(ids);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box && before.current !== ids) {
      const shift = shiftOf(before.current, ids, box.scrollTop, box.clientHeight, row);
      if (shift !== 0) box.scrollTop += shift;
    }
    before.current = ids;
  });
}

/** A row that moves must not lose the keyboard's focus on its way; one that leaves hands it to the row after it. */
function useKeptFocus(scroller: { current: HTMLElement | null }, ids: string[], focusOn: (at: number) => void): void {
  const focused = useRef<Element | null>(null);
  const place = useRef(-1);
  useEffect(() => {
    const remember = (): void => {
      const active = document.activeElement;
      if (active !== document.body) focused.current = scroller.current?.contains(active) ? active : null;
    };
    const leave = (event: Event): void => {
      if (!scroller.current?.contains(event.target as Node)) focused.current = null;
    };
    document.addEventListener("focusin", remember);
    document.addEventListener("pointerdown", leave);
    return () => {
      document.removeEventListener("focusin", remember);
      document.removeEventListener("pointerdown", leave);
    };
  }, [scroller]);
  useLayoutEffect(() => {
    const element = focused.current;
    const isLost = document.activeElement === document.body && element instanceof HTMLElement;
    if (isLost && element.isConnected) element.focus({ preventScroll: true });
    else if (isLost && place.current >= 0 && ids.length > 0) focusOn(place.current);
    const item = document.activeElement?.closest<HTMLElement>("[data-id]");
    place.current = item?.dataset.id ? ids.indexOf(item.dataset.id) : -1;
  });
}
