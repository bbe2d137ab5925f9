// What comes over the wire, as the server writes it. Times are RFC 3339 in UTC.

export type Direction = "in" | "out" | "note";
export type AuthorKind = "guest" | "bot" | "staff" | "system";
export type HandledBy = "bot" | "staff";
export type ConversationStatus = "open" | "snoozed" | "resolved";
export type DeliveryStatus =
  "pending" | "sending" | "sent" | "delivered" | "read" | "failed" | "cancelled" | "unknown" | "parked";
export type BotMode = "auto" | "draft" | "off";

export interface Place {
  kind: "location";
  latitude: number | null;
  longitude: number | null;
  label: string | null;
  address: string | null;
}

export interface FileAttachment {
  kind: "image" | "audio" | "video" | "file";
  content_type: string | null;
  name: string | null;
  size: number | null;
  url: string | null;
  state: "ready" | "fetching" | "failed";
}

export type Attachment = Place | FileAttachment;

export interface Message {
  id: string;
  conversation_id: string;
  seq: number;
  direction: Direction;
  author: { kind: AuthorKind; name: string | null };
  text: string;
  attachments: Attachment[];
  status: DeliveryStatus | null;
  error: { code: string; text: string } | null;
  created_at: string;
  sources?: string[];
  /** How the bot came to it: see `Turn`. */
  turn_id?: string | null;
  language?: string | null;
  /** The text in other languages. */
  translations?: Record<string, string>;
  /** What staff wrote, where the guest was sent a translation. */
  original?: string | null;
  /** The colleagues whom a note calls. */
  mentions?: string[];
}

export interface Guest {
  id: string;
  name: string | null;
  handle: string;
  language: string | null;
  /** They want no message that they did not ask for. */
  opted_out?: boolean;
}

export interface Urgent {
  since: string;
  words: string[];
  rings_for: string | null;
  acknowledged_by: string | null;
}

/** What the bot would answer, for staff to edit and send. */
export interface Suggestion {
  id: string;
  text: string;
  seq: number;
  turn_id: string;
  sources: string[];
}

export interface Conversation {
  id: string;
  hotel: string;
  channel: string;
  guest: Guest;
  status: ConversationStatus;
  handled_by: HandledBy;
  assignee: string | null;
  unread: number;
  last_message: Message | null;
  last_at: string | null;
  window_closes_at: string | null;
  labels: string[];
  epoch: number;
  // Stores that keep a desk tell these as well.
  waiting_since?: string | null;
  snoozed_until?: string | null;
  /** Null: as the hotel's bot. */
  bot_mode?: BotMode | null;
  bot_back_at?: string | null;
  scheduled_at?: string | null;
  urgent?: Urgent | null;
  suggestion?: Suggestion | null;
}

export type EventName = "new_message" | "message_update" | "conversation_update" | "conversation_gone";

/** A conversation that was erased with its guest. */
export interface Gone {
  id: string;
}

export interface WireEvent {
  event: number;
  name: EventName;
  data: Message | Conversation | Gone;
}

export interface Presence {
  user: string;
  online: boolean;
  viewing: string | null;
  typing: string | null;
}

export interface ConversationsPage {
  conversations: Conversation[];
  next_cursor: string | null;
  last_event: number;
}

export interface MessagesPage {
  messages: Message[];
  next_before: number | null;
}

/** Every acknowledgement of the socket: what was asked for, or a sentence that says why not. */
export type Ack<T = object> = ({ ok: true } & T) | { ok: false; error: string; code?: string };

// What the desk asks for when it is looked at.

export interface Fact {
  label: string;
  value: string;
  source?: string;
}

/** What a plugin tells of a conversation. */
export interface Panel {
  title: string;
  items: Fact[];
  source?: string;
}

export interface GuestRecord {
  guest: Guest;
  first_seen_at: string;
  addresses: { channel: string; handle: string }[];
  opted_out_at: string | null;
  conversations: Conversation[];
  facts: Fact[];
  panels: Panel[];
}

/** How one answer of the bot came about. */
export interface Turn {
  id: string;
  ending: string;
  ended_at: string;
  record: {
    model?: string;
    sources?: string[];
    tools?: string[];
    prompt_tokens?: number;
    completion_tokens?: number;
    seconds?: number;
    cost_usd?: number | null;
    cached?: boolean;
    error?: string | null;
  };
  effects: { tool?: string; what?: string }[];
}

export interface Scheduled {
  id: string;
  user: string;
  text: string;
  at: string;
}

export interface MessageTemplate {
  content_sid: string;
  name: string;
  language: string;
  text: string;
  variables: string[];
}

export interface CannedReply {
  id: string;
  hotel: string;
  shortcut: string;
  text: string;
}

export interface Person {
  name: string;
  online: boolean;
}

/** What a plugin can do with a message. */
export interface MessageAction {
  name: string;
  label: string;
}

export interface HotelName {
  slug: string;
  name: string;
  timezone?: string;
  languages?: string[];
}

/** Who sits at this desk, as the page's `data-` attributes tell. */
export interface Me {
  user: string;
  role: string;
  hotels: HotelName[];
  title: string;
  /** The language in which they read. */
  language?: string;
  /** Whether the store keeps what the desk offers beyond the main job. */
  keepsDesk?: boolean;
  can?: { translate: boolean; templates: boolean };
}
