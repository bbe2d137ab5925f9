// The language of the page, kept by the browser in a cookie so that the server's pages follow.

/** Each by its own name, as the server has them. */
export const LANGUAGES = { en: "English", pt: "Português", es: "Español", fr: "Français", de: "Deutsch" };

const COOKIE = "innbox_language";
const A_YEAR = 365 * 24 * 3600;

/** Drafts, and the conversation that is open, are there again after the reload. */
export function chooseLanguage(code: string): void {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${COOKIE}=${code}; path=/; max-age=${A_YEAR}; samesite=lax${secure}`;
  location.reload();
}
