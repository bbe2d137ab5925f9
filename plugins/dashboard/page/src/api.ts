// The two questions that the desk asks over HTTP.

import { texts } from "./messages";
import type { ConversationsPage, MessagesPage } from "./types";

const DEADLINE = 10_000;

export interface ConversationsQuery {
  hotel?: string | null;
  status?: string;
  handled_by?: string;
  q?: string;
  cursor?: string | null;
  limit?: number;
}

/** Throws an `Error` whose message is a sentence for people. A session that has ended leads to the sign-in page. */
export async function getConversations(query: ConversationsQuery): Promise<ConversationsPage> {
  return get<ConversationsPage>("/get_conversations", { ...query });
}

export async function getMessages(id: string, before: number | null, limit = 50): Promise<MessagesPage> {
  return get<MessagesPage>("/get_messages", { conversation_id: id, before, limit });
}

/** Whether the session still holds; true also when nobody can say. */
export async function checkSession(): Promise<void> {
  await getConversations({ limit: 1 }).catch(() => undefined);
}

async function get<T>(path: string, query: Record<string, string | number | null | undefined>): Promise<T> {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const response = await fetch(`${path}?${search}`, {
    headers: { accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(DEADLINE),
  }).catch(() => {
    throw new Error(texts.problem.unreachable);
  });
  if (response.status === 401) {
    location.assign(`/login?next=${encodeURIComponent("/dashboard")}`);
  }
  if (!response.ok) throw new Error(await reason(response));
  return (await response.json()) as T;
}

async function reason(response: Response): Promise<string> {
  if (response.status === 503) return texts.problem.unavailable;
  const told = (await response.json().catch(() => null)) as { error?: unknown } | null;
  return typeof told?.error === "string" ? told.error : texts.problem.other(response.status);
}
