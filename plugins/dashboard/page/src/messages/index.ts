// The sentences of the page in the language of who sits here. Each language is a file of its own: `build.mjs` makes a
// script of each, and only one of them is loaded, before anything is drawn.

import type { Messages } from "./en";

export type { Messages } from "./en";

/** Not for constants of modules, which are made before a language is there. */
export let texts: Messages;

export function speak(messages: Messages): void {
  texts = messages;
}

/** Load the script of a language, as `build.mjs` has made it. */
export async function load(address: string): Promise<void> {
  const { default: messages } = (await import(address)) as { default: Messages };
  speak(messages);
}
