// What the desk asks for when somebody looks at it, by the conversation or hotel that it belongs to.

import { Fetched } from "./fetched";
import { get, post } from "./http";
import type {
  CannedReply,
  Conversation,
  GuestRecord,
  MessageAction,
  MessageTemplate,
  Person,
  Scheduled,
  Turn,
} from "./types";

export class Lookups {
  /** By conversation. */
  readonly guest = new Fetched((id) => get<GuestRecord>("/get_guest", { conversation_id: id }));
  readonly scheduled = new Fetched(async (id) => {
    return (await get<{ scheduled: Scheduled[] }>("/get_scheduled", { conversation_id: id })).scheduled;
  });
  readonly templates = new Fetched(async (id) => {
    return (await get<{ templates: MessageTemplate[] }>("/get_templates", { conversation_id: id })).templates;
  });

  /** By hotel. */
  readonly canned = new Fetched(async (hotel) => {
    return (await get<{ canned: CannedReply[] }>("/get_canned", { hotel })).canned;
  });
  readonly people = new Fetched(async (hotel) => {
    return (await get<{ people: Person[] }>("/get_people", { hotel })).people;
  });
  readonly labels = new Fetched(async (hotel) => {
    return (await get<{ labels: string[] }>("/get_labels", { hotel })).labels;
  });

  /** By `turnKey`. */
  readonly turn = new Fetched((key) => {
    const [conversation_id, turn_id] = key.split("|");
    return get<Turn>("/get_turn", { conversation_id, turn_id });
  });

  /** The same for every conversation: the key is empty. */
  readonly actions = new Fetched(() => get<MessageAction[]>("/get_actions"));

  /** Let a plugin do something with a message; returns what it says. Throws as `post` does. */
  async act(action: MessageAction, message: { id: string; conversation_id: string }): Promise<string> {
    const asked = { conversation_id: message.conversation_id, message_id: message.id };
    return (await post<{ text: string }>(`/actions/${encodeURIComponent(action.name)}`, asked)).text;
  }
}

export function turnKey(conversation: Pick<Conversation, "id">, turnId: string): string {
  return `${conversation.id}|${turnId}`;
}
