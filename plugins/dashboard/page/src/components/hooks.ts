import { useEffect, useState } from "preact/hooks";
import type { Entry, Fetched } from "../fetched";

/** Whether a media query holds, as the window changes. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const changed = (): void => setMatches(list.matches);
    changed();
    list.addEventListener("change", changed);
    return () => list.removeEventListener("change", changed);
  }, [query]);
  return matches;
}

export const NARROW = "(max-width: 719.98px)";
export const WIDE = "(min-width: 1120px)";
/** A finger rather than a mouse: there, Enter writes a new line. */
export const TOUCH = "(pointer: coarse)";

/** Whether something is on its way, and a wrapper that keeps a button from being pressed twice meanwhile. */
export function useBusy(): [boolean, (act: () => Promise<unknown>) => () => void] {
  const [busy, setBusy] = useState(false);
  return [
    busy,
    (act) => () => {
      setBusy(true);
      void act().finally(() => setBusy(false));
    },
  ];
}

/** Something that is asked for now, and shown as it was known meanwhile. An empty key asks for nothing. */
export function useFetched<T>(fetched: Fetched<T>, key: string, stamp: unknown = null): Entry<T> {
  useEffect(() => {
    if (key) void fetched.load(key);
  }, [fetched, key, stamp]);
  return fetched.of(key).value;
}
