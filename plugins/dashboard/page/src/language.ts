// The language of the page, kept by the browser in a cookie so that the server's pages follow.

import { setCookie } from "./cookies";

/** Each by its own name, as the server has them. */
export const LANGUAGES = { en: "English", pt: "Português", es: "Español", fr: "Français", de: "Deutsch" };

const COOKIE = "innbox_language";

/** Drafts, and the conversation that is open, are there again after the reload. */
export function chooseLanguage(code: string): void {
  setCookie(COOKIE, code);
  location.reload();
}
