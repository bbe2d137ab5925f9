import { useEffect, useState } from "preact/hooks";

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
