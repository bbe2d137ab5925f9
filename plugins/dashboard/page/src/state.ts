// What the desk knows, and how each thing that happens changes it. Pure: no clock, no network, no page.
//
// Two numbers keep it true. `cursor`: every event up to here has been applied, so `sync` asks for what comes after.
// Only `sync` (and the first page of the inbox) moves it: a live event may have overtaken one that was lost.
// `seen`: the newest event heard of by any way. What is fetched after event N was seen is at least as new as N, so it
// may replace what was known from N or before, and nothing newer.

import type {
  Conversation,
  ConversationsPage,
  HotelName,
  Me,
  Message,
  MessagesPage,
  Presence,
  WireEvent,
} from "./types";

export type Tab = "all" | "bot" | "staff" | "resolved";
export type Mode = "reply" | "note";
export type Connection = "connecting" | "live" | "unsure" | "offline";

/** A thing and the number of the event that told of it, or that it is at least as new as. */
export interface Known<T> {
  stamp: number;
  value: T;
}

/** What is loaded of one list of conversations. `next` is the key of the page below; null when there is none. */
export interface Listing {
  next: string | null;
  loading: boolean;
  loaded: boolean;
  problem: string | null;
}

/** What is loaded of one conversation, ordered by `seq`. `nextBefore` is the key of the page above. */
export interface Thread {
  messages: Known<Message>[];
  nextBefore: number | null;
  loading: boolean;
  loaded: boolean;
  problem: string | null;
}

/** A reply or note that the server has not confirmed. `afterSeq` is the newest message that was known when written. */
export interface Unsent {
  clientId: string;
  conversationId: string;
  mode: Mode;
  text: string;
  writtenAt: string;
  afterSeq: number;
  problem: string | null;
}

export interface Search {
  q: string;
  ids: string[];
  listing: Listing;
}

export interface State {
  me: Me;
  cursor: number | null;
  seen: number;
  conversations: Record<string, Known<Conversation>>;
  listings: Record<string, Listing>;
  threads: Record<string, Thread>;
  tab: Tab;
  hotel: string | null;
  search: Search | null;
  open: string | null;
  drafts: Record<string, string>;
  modes: Record<string, Mode>;
  unsent: Unsent[];
  /** Conversations that were erased: what was fetched before that, and comes after it, must not bring them back. */
  gone: Record<string, true>;
  presence: Record<string, Presence>;
  connection: Connection;
  /** Why the last click on a button of a conversation did nothing. */
  refusal: { conversationId: string; text: string } | null;
}

export type Action =
  | { type: "list requested"; key: string }
  | { type: "list loaded"; key: string; page: ConversationsPage; asOf: number }
  | { type: "list failed"; key: string; problem: string }
  | { type: "searched"; q: string }
  | { type: "search requested"; q: string }
  | { type: "search loaded"; q: string; page: ConversationsPage; asOf: number; first: boolean }
  | { type: "search failed"; q: string; problem: string }
  | { type: "thread requested"; id: string }
  | { type: "thread loaded"; id: string; page: MessagesPage; asOf: number }
  | { type: "thread failed"; id: string; problem: string }
  | { type: "event"; event: WireEvent }
  | { type: "synced"; events: WireEvent[]; upTo: number }
  | { type: "told"; conversation?: Conversation | undefined; messages: Message[]; asOf: number }
  | { type: "tab chosen"; tab: Tab }
  | { type: "hotel chosen"; hotel: string | null }
  | { type: "opened"; id: string | null }
  | { type: "drafted"; id: string; mode: Mode; text: string }
  | { type: "mode chosen"; id: string; mode: Mode }
  | { type: "written"; unsent: Unsent }
  | { type: "sending failed"; clientId: string; problem: string }
  | { type: "sending again"; clientId: string }
  | { type: "sent"; clientId: string }
  | { type: "presence"; presence: Presence }
  | { type: "connection"; connection: Connection }
  | { type: "refused"; conversationId: string; text: string }
  | { type: "refusal seen" };

const NO_LISTING: Listing = { next: null, loading: false, loaded: false, problem: null };
const NO_THREAD: Thread = { messages: [], nextBefore: null, loading: false, loaded: false, problem: null };

export function initialState(me: Me): State {
  return {
    me,
    cursor: null,
    seen: 0,
    conversations: {},
    listings: {},
    threads: {},
    tab: "all",
    hotel: null,
    search: null,
    open: null,
    drafts: {},
    modes: {},
    unsent: [],
    gone: {},
    presence: {},
    connection: "connecting",
    refusal: null,
  };
}

export function listingKey(tab: Tab, hotel: string | null): string {
  return `${tab}|${hotel ?? ""}`;
}

export function draftKey(id: string, mode: Mode): string {
  return `${id}|${mode}`;
}

export function listing(state: State, key: string): Listing {
  return state.listings[key] ?? NO_LISTING;
}

export function thread(state: State, id: string): Thread {
  return state.threads[id] ?? NO_THREAD;
}

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "list requested":
      return withListing(state, action.key, { loading: true });
    case "list failed":
      return withListing(state, action.key, { loading: false, problem: action.problem });
    case "list loaded":
      return listLoaded(state, action.key, action.page, action.asOf);
    case "searched":
      return {
        ...state,
        search: action.q ? { q: action.q, ids: [], listing: { ...NO_LISTING, loading: true } } : null,
      };
    case "search requested":
      return withSearch(state, action.q, { loading: true });
    case "search failed":
      return withSearch(state, action.q, { loading: false, problem: action.problem });
    case "search loaded":
      return searchLoaded(state, action.q, action.page, action.asOf, action.first);
    case "thread requested":
      return withThread(state, action.id, { loading: true });
    case "thread failed":
      return withThread(state, action.id, { loading: false, problem: action.problem });
    case "thread loaded":
      return threadLoaded(state, action.id, action.page, action.asOf);
    case "event":
      return applyEvent(state, action.event);
    case "synced": {
      const after = action.events.reduce(applyEvent, state);
      const cursor = Math.max(after.cursor ?? 0, action.upTo);
      return { ...after, cursor, seen: Math.max(after.seen, cursor) };
    }
    case "told":
      return told(state, action.conversation, action.messages, action.asOf);
    case "tab chosen":
      return { ...state, tab: action.tab, search: null };
    case "hotel chosen":
      return { ...state, hotel: action.hotel, search: null };
    case "opened":
      return { ...state, open: action.id && state.gone[action.id] ? null : action.id, refusal: null };
    case "drafted":
      return { ...state, drafts: withText(state.drafts, draftKey(action.id, action.mode), action.text) };
    case "mode chosen":
      return { ...state, modes: { ...state.modes, [action.id]: action.mode } };
    case "written":
      return {
        ...state,
        unsent: [...state.unsent, action.unsent],
        drafts: withText(state.drafts, draftKey(action.unsent.conversationId, action.unsent.mode), ""),
      };
    case "sending failed":
      return withUnsent(state, action.clientId, action.problem);
    case "sending again":
      return withUnsent(state, action.clientId, null);
    case "sent":
      return { ...state, unsent: state.unsent.filter((unsent) => unsent.clientId !== action.clientId) };
    case "presence":
      return { ...state, presence: { ...state.presence, [action.presence.user]: action.presence } };
    case "connection": {
      if (state.connection === action.connection) return state;
      // Who is there is told anew after each connect; until then it would be hearsay.
      const presence = action.connection === "offline" ? {} : state.presence;
      return { ...state, connection: action.connection, presence };
    }
    case "refused":
      return { ...state, refusal: { conversationId: action.conversationId, text: action.text } };
    case "refusal seen":
      return state.refusal ? { ...state, refusal: null } : state;
  }
}

// lists

function listLoaded(state: State, key: string, page: ConversationsPage, asOf: number): State {
  const stamp = Math.max(asOf, page.last_event);
  const merged = page.conversations.reduce((before, found) => knowConversation(before, found, stamp), state);
  const loaded = withListing(merged, key, { next: page.next_cursor, loading: false, loaded: true, problem: null });
  return { ...loaded, cursor: state.cursor ?? page.last_event, seen: Math.max(state.seen, page.last_event) };
}

function searchLoaded(state: State, q: string, page: ConversationsPage, asOf: number, first: boolean): State {
  if (state.search?.q !== q) return state;
  const stamp = Math.max(asOf, page.last_event);
  const merged = page.conversations.reduce((before, found) => knowConversation(before, found, stamp), state);
  const ids = page.conversations.map((found) => found.id);
  const before = first ? [] : state.search.ids;
  return {
    ...merged,
    search: {
      q,
      ids: [...before, ...ids.filter((id) => !before.includes(id))],
      listing: { next: page.next_cursor, loading: false, loaded: true, problem: null },
    },
  };
}

function withListing(state: State, key: string, change: Partial<Listing>): State {
  return { ...state, listings: { ...state.listings, [key]: { ...listing(state, key), ...change } } };
}

function withSearch(state: State, q: string, change: Partial<Listing>): State {
  if (state.search?.q !== q) return state;
  return { ...state, search: { ...state.search, listing: { ...state.search.listing, ...change } } };
}

// conversations and their messages

function threadLoaded(state: State, id: string, page: MessagesPage, asOf: number): State {
  if (state.gone[id]) return state;
  const merged = page.messages.reduce((before, message) => knowMessage(before, message, asOf, "add"), {
    ...state,
    threads: { ...state.threads, [id]: { ...thread(state, id), loaded: true } },
  });
  return withThread(merged, id, { nextBefore: page.next_before, loading: false, problem: null });
}

function withThread(state: State, id: string, change: Partial<Thread>): State {
  if (state.gone[id]) return state;
  return { ...state, threads: { ...state.threads, [id]: { ...thread(state, id), ...change } } };
}

function applyEvent(state: State, event: WireEvent): State {
  const heard = { ...state, seen: Math.max(state.seen, event.event) };
  if (event.name === "conversation_gone") return forget(heard, event.data.id);
  if (event.name === "conversation_update") {
    return knowConversation(heard, event.data as Conversation, event.event);
  }
  const message = event.data as Message;
  return knowLastMessage(
    knowMessage(heard, message, event.event, event.name === "new_message" ? "add" : "replace"),
    message,
    event.event,
  );
}

function told(state: State, conversation: Conversation | undefined, messages: Message[], asOf: number): State {
  const merged = messages.reduce(
    (before, message) => knowLastMessage(knowMessage(before, message, asOf, "add"), message, asOf),
    state,
  );
  return conversation ? knowConversation(merged, conversation, asOf) : merged;
}

function knowConversation(state: State, conversation: Conversation, stamp: number): State {
  const known = state.conversations[conversation.id];
  if (state.gone[conversation.id] || (known && known.stamp > stamp)) return state;
  return { ...state, conversations: { ...state.conversations, [conversation.id]: { stamp, value: conversation } } };
}

/** Forget an erased conversation, with what was written for it and never sent. */
function forget(state: State, id: string): State {
  return {
    ...state,
    gone: { ...state.gone, [id]: true },
    conversations: without(state.conversations, id),
    threads: without(state.threads, id),
    drafts: without(without(state.drafts, draftKey(id, "reply")), draftKey(id, "note")),
    modes: without(state.modes, id),
    unsent: state.unsent.filter((unsent) => unsent.conversationId !== id),
    open: state.open === id ? null : state.open,
    refusal: state.refusal?.conversationId === id ? null : state.refusal,
  };
}

/** A message is part of its conversation's line in the list, which must not wait for the conversation's own event. */
function knowLastMessage(state: State, message: Message, stamp: number): State {
  const known = state.conversations[message.conversation_id];
  const last = known?.value.last_message ?? null;
  if (!known || known.stamp > stamp || (last && last.seq > message.seq)) return state;
  if (last?.id !== message.id && message.direction === "note") return state;
  const newer = last?.id !== message.id;
  const value = { ...known.value, last_message: message, last_at: newer ? message.created_at : known.value.last_at };
  return { ...state, conversations: { ...state.conversations, [value.id]: { stamp: known.stamp, value } } };
}

/** `replace` never adds: an update of a message above the loaded part waits until that part is loaded. */
function knowMessage(state: State, message: Message, stamp: number, how: "add" | "replace"): State {
  const loaded = state.threads[message.conversation_id];
  if (!loaded?.loaded) return state;
  const messages = mergeMessage(loaded, message, stamp, how);
  if (messages === loaded.messages) return state;
  return { ...state, threads: { ...state.threads, [message.conversation_id]: { ...loaded, messages } } };
}

function mergeMessage(loaded: Thread, message: Message, stamp: number, how: "add" | "replace"): Known<Message>[] {
  const known = { stamp, value: message };
  const at = loaded.messages.findIndex((other) => other.value.id === message.id);
  if (at >= 0) {
    const before = loaded.messages[at];
    return before && before.stamp > stamp ? loaded.messages : loaded.messages.with(at, known);
  }
  if (how === "replace") return loaded.messages;
  const place = loaded.messages.findIndex((other) => other.value.seq > message.seq);
  return place < 0 ? [...loaded.messages, known] : loaded.messages.toSpliced(place, 0, known);
}

// small things

function without<T>(record: Record<string, T>, key: string): Record<string, T> {
  const { [key]: _, ...others } = record;
  return others;
}

function withText(texts: Record<string, string>, key: string, text: string): Record<string, string> {
  const others = without(texts, key);
  return text ? { ...others, [key]: text } : others;
}

function withUnsent(state: State, clientId: string, problem: string | null): State {
  const unsent = state.unsent.map((one) => (one.clientId === clientId ? { ...one, problem } : one));
  return { ...state, unsent };
}

// what is to be seen

export function conversation(state: State, id: string): Conversation | null {
  return state.conversations[id]?.value ?? null;
}

/** The conversations of the chosen tab and hotel, the newest first; or what was found, in the order of the server. */
export function visibleConversations(
  conversations: State["conversations"],
  tab: Tab,
  hotel: string | null,
  search: Search | null,
): Conversation[] {
  if (search) return search.ids.flatMap((id) => conversations[id]?.value ?? []);
  return Object.values(conversations)
    .map((known) => known.value)
    .filter((one) => (hotel === null || one.hotel === hotel) && belongs(one, tab))
    .sort(newestFirst);
}

function belongs(one: Conversation, tab: Tab): boolean {
  if (tab === "resolved") return one.status === "resolved";
  return one.status !== "resolved" && (tab === "all" || one.handled_by === tab);
}

function newestFirst(a: Conversation, b: Conversation): number {
  const [left, right] = [a.last_at ?? "", b.last_at ?? ""];
  if (left !== right) return left < right ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

/**
 * The replies and notes still to be shown as unsent. One whose message has come as an event, before the server's
 * acknowledgement, is left out: it would stand there twice.
 */
export function unsentOf(state: State, id: string): Unsent[] {
  const arrived = new Set<string>();
  const messages = thread(state, id).messages.map((known) => known.value);
  return state.unsent.filter((unsent) => {
    if (unsent.conversationId !== id) return false;
    const twin = messages.find(
      (message) =>
        message.seq > unsent.afterSeq &&
        !arrived.has(message.id) &&
        message.direction === (unsent.mode === "note" ? "note" : "out") &&
        message.author.name === state.me.user &&
        message.text.trim() === unsent.text.trim(),
    );
    if (twin) arrived.add(twin.id);
    return !twin;
  });
}

export function newestSeq(state: State, id: string): number {
  return thread(state, id).messages.at(-1)?.value.seq ?? conversation(state, id)?.last_message?.seq ?? 0;
}

/** How many conversations of the chosen hotel have something unread, as far as they are loaded. */
export function unreadConversations(conversations: State["conversations"], hotel: string | null): number {
  return Object.values(conversations).filter(
    ({ value }) => value.unread > 0 && value.status !== "resolved" && (hotel === null || value.hotel === hotel),
  ).length;
}

/** The others who look at a conversation, and those of them who write. */
export function othersAt(state: State, id: string): { typing: string[]; looking: string[] } {
  const others = Object.values(state.presence).filter((one) => one.online && one.user !== state.me.user);
  const typing = others.filter((one) => one.typing === id).map((one) => one.user);
  const looking = others.filter((one) => one.viewing === id && one.typing !== id).map((one) => one.user);
  return { typing: typing.sort(), looking: looking.sort() };
}

export function hotelName(hotels: HotelName[], slug: string): string {
  return hotels.find((hotel) => hotel.slug === slug)?.name ?? slug;
}
