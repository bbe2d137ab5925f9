// What comes over the wire, as the server writes it. Times are RFC 3339 in UTC.

export type Direction = "in" | "out" | "note";
export type AuthorKind = "guest" | "bot" | "staff" | "system";
export type HandledBy = "bot" | "staff";
export type ConversationStatus = "open" | "snoozed" | "resolved";
export type DeliveryStatus =
  "pending" | "sending" | "sent" | "delivered" | "read" | "failed" | "cancelled" | "unknown" | "parked";

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
}

export interface Guest {
  id: string;
  name: string | null;
  handle: string;
  language: string | null;
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
export type Ack<T = object> = ({ ok: true } & T) | { ok: false; error: string };

export interface HotelName {
  slug: string;
  name: string;
}

/** Who sits at this desk, as the page's `data-` attributes tell. */
export interface Me {
  user: string;
  role: string;
  hotels: HotelName[];
  title: string;
}
