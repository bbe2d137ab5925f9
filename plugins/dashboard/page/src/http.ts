// How the page asks over HTTP, and what it makes of an answer that is none.

import { texts } from "./messages";
import { refusal } from "./refusals";

const DEADLINE = 10_000;
const UPLOAD_DEADLINE = 120_000;

export type Query = Record<string, string | number | null | undefined>;

/** The server refused; `code` is its short name for why. */
export class Refusal extends Error {
  readonly code: string | null;
  constructor(text: string, code: string | null) {
    super(text);
    this.code = code;
  }
}

/** The server did not answer, or cannot just now: whether it heard is unknown. */
export class Unreachable extends Error {}

/** Throws an `Error` whose message is a sentence for people. A session that has ended leads to the sign-in page. */
export async function get<T>(path: string, query: Query = {}): Promise<T> {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return ask<T>(`${path}?${search}`, { cache: "no-store" });
}

/** Throws as `get` does. */
export async function post<T>(path: string, body: object): Promise<T> {
  const headers = { "content-type": "application/json" };
  return ask<T>(path, { method: "POST", headers, body: JSON.stringify(body) });
}

export async function upload<T>(path: string, form: FormData): Promise<T> {
  return ask<T>(path, { method: "POST", body: form }, UPLOAD_DEADLINE);
}

async function ask<T>(address: string, request: RequestInit, deadline = DEADLINE): Promise<T> {
  const headers = { accept: "application/json", ...request.headers };
  const signal = AbortSignal.timeout(deadline);
  const response = await fetch(address, { ...request, headers, signal }).catch(() => {
    throw new Unreachable(texts.problem.unreachable);
  });
  if (response.status === 401) location.assign(`/login?next=${encodeURIComponent("/dashboard")}`);
  if (response.status === 503) throw new Unreachable(texts.problem.unavailable);
  const told = (await response.json().catch(() => null)) as (T & { ok?: boolean; error?: unknown; code?: string }) | null;
  if (response.ok && told && told.ok !== false) return told;
  const isTold = typeof told?.error === "string";
  const text = isTold ? refusal(told.error as string, told.code) : texts.problem.other(response.status);
  throw new Refusal(text, told?.code ?? null);
}
