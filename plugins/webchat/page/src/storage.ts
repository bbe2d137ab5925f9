// Browser storage that may be blocked: then the page works, and forgets.

type Kind = "localStorage" | "sessionStorage";

export function load(kind: Kind, key: string): string | null {
  try {
    return window[kind].getItem(key);
  } catch {
    return null;
  }
}

export function save(kind: Kind, key: string, value: string): void {
  try {
    window[kind].setItem(key, value);
  } catch {
    // Nothing is lost but the memory across visits.
  }
}
