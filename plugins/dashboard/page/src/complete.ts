// What is completed while one writes: `/` and a shortcut for a canned reply, `@` and a name for a colleague. Pure.

import type { CannedReply, Person } from "./types";

export type Sign = "/" | "@";

/** The word at the caret, from its sign on. */
export interface Word {
  sign: Sign;
  from: number;
  typed: string;
}

export interface Option {
  key: string;
  name: string;
  /** What stands beside the name: a canned reply's text. */
  more: string;
  insert: string;
}

const MOST = 8;

/** The word that is being written, where it begins with the sign; null anywhere else. */
export function wordAt(text: string, caret: number, sign: Sign): Word | null {
  const found = /(?:^|\s)([/@])([\p{L}\p{N}._-]*)$/u.exec(text.slice(0, caret));
  if (!found || found[1] !== sign) return null;
  const typed = found[2] ?? "";
  return { sign, from: caret - typed.length - 1, typed };
}

/** Puts `insert` in the place of the word; the caret stands behind it. */
export function replaceWord(text: string, word: Word, insert: string): { text: string; caret: number } {
  const end = word.from + 1 + word.typed.length;
  return { text: text.slice(0, word.from) + insert + text.slice(end), caret: word.from + insert.length };
}

/** The canned replies that fit: those whose shortcut begins so, then those that say it. */
export function cannedOptions(canned: CannedReply[], typed: string, fields: Record<string, string>): Option[] {
  const wanted = plain(typed);
  const byShortcut = canned.filter((one) => plain(one.shortcut).startsWith(wanted));
  const byText = canned.filter((one) => !byShortcut.includes(one) && plain(one.text).includes(wanted));
  return [...byShortcut, ...byText].slice(0, MOST).map((one) => {
    const insert = filled(one.text, fields);
    return { key: one.id, name: `/${one.shortcut}`, more: insert, insert };
  });
}

/** The colleagues one of whose names begins so. */
export function peopleOptions(people: Person[], typed: string, user: string): Option[] {
  const wanted = plain(typed);
  return people
    .filter((one) => one.name !== user && plain(one.name).split(/\s+/u).some((name) => name.startsWith(wanted)))
    .slice(0, MOST)
    .map((one) => ({ key: one.name, name: one.name, more: "", insert: `@${one.name} ` }));
}

/** Puts what is known into `{guest}` and the like; a field that nobody knows stays to be seen. */
export function filled(text: string, fields: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/gu, (whole, name: string) => fields[name] || whole);
}

/** Puts values into a template's `{{1}}`; one that is empty stays to be seen. */
export function filledTemplate(text: string, variables: Record<string, string>): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/gu, (whole, name: string) => variables[name]?.trim() || whole);
}

/** Cuts a note's text at the names of colleagues that it calls. */
export function mentionsIn(text: string, names: string[]): { text: string; isName: boolean }[] {
  const pieces: { text: string; isName: boolean }[] = [];
  const called = [...names].sort((a, b) => b.length - a.length).map((name) => `@${name}`);
  let from = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const name = called.find((one) => text.startsWith(one, at));
    if (!name) continue;
    if (at > from) pieces.push({ text: text.slice(from, at), isName: false });
    pieces.push({ text: name, isName: true });
    from = at + name.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), isName: false });
  return pieces;
}

/** Small letters without accents: “Inês” is found by “ines”. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
