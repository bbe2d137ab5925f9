// What the server's pages must know of what was chosen here.

const A_YEAR = 365 * 24 * 3600;

export function cookie(name: string): string | null {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? null;
}

/** Null takes it away. */
export function setCookie(name: string, value: string | null): void {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${value ?? ""}; path=/; max-age=${value === null ? 0 : A_YEAR}; samesite=lax${secure}`;
}
