// The two questions that the desk asks over HTTP.

import { get } from "./http";
import type { ConversationsPage, MessagesPage } from "./types";

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
