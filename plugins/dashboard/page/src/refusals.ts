// Why the server did not do something, in the language of the page. The server says it in English, with a short name
// for the reason; what has no sentence here stays as the server said it.

import { texts } from "./messages";

export function refusal(error: string, code: string | null | undefined): string {
  return texts.refused[code ?? error] ?? error;
}
