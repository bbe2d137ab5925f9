// What the desk asks over HTTP to fill its list and its conversations.

import { get } from "./http";
import type { ListQuery, Numbers } from "./state";
import type { ConversationsPage, MessagesPage } from "./types";

// All of these throw an `Error` whose message is a sentence for people; a session that has ended leads to the sign-in.

/** A page of a view, from a store that keeps a desk. */
export async function getView(query: ListQuery, cursor: string | null, limit: number): Promise<ConversationsPage> {
  return get<ConversationsPage>("/get_view", { ...query, cursor, limit });
}

/** A page of what every store can list. */
export async function getTab(query: ListQuery, cursor: string | null, limit: number): Promise<ConversationsPage> {
  const { view, hotel } = query;
  const status = view === "resolved" ? view : "open";
  const handledBy = view === "bot" || view === "staff" ? { handled_by: view } : {};
  return get<ConversationsPage>("/get_conversations", { hotel, status, ...handledBy, cursor, limit });
}

export async function getCounts(hotel: string | null): Promise<Numbers> {
  return get<Numbers>("/get_counts", { hotel });
}

export async function find(
  q: string,
  hotel: string | null,
  cursor: string | null,
  limit: number,
): Promise<ConversationsPage> {
  return get<ConversationsPage>("/get_conversations", { q, hotel, cursor, limit });
}

export async function getMessages(id: string, before: number | null, limit = 50): Promise<MessagesPage> {
  return get<MessagesPage>("/get_messages", { conversation_id: id, before, limit });
}

/** Notice where the session has ended; where nobody can say, nothing happens. */
export async function checkSession(): Promise<void> {
  await get("/get_conversations", { limit: 1 }).catch(() => undefined);
}
