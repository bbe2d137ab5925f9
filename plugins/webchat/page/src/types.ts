// What goes over the socket, as the server shapes it.

export interface Attachment {
  kind: "image" | "audio" | "video" | "file" | "location";
  name?: string | null;
  url?: string | null; // a link that needs no session
}

export interface Message {
  id: string;
  seq: number | null; // null: the store could not tell, it goes to the end
  direction: "in" | "out";
  author: { kind: "guest" | "bot" | "staff" | "system" };
  text: string;
  attachments?: Attachment[];
  created_at: string;
  client_id?: string; // of the guest's own messages: the name under which a page sent it
}

export interface Welcome {
  token: string;
  messages: Message[];
}

export type Code = "too_long" | "empty" | "invalid" | "too_fast" | "unavailable" | "unknown_hotel" | "refused" | "unknown";

export interface Refused {
  ok: false;
  error: string;
  code?: Code;
  retry_after?: number; // seconds
}

export type Answer<T> = ({ ok: true } & T) | Refused;

export type Link = "connecting" | "online" | "offline" | "closed";
