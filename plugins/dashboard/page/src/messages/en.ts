// Every sentence of the desk, in English. Another language is another file of this shape.

import type { DeliveryStatus } from "../types";

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export const en = {
  /** For dates and times. */
  locale: "en-GB",

  // the frame
  settings: "Settings",
  signOut: "Sign out",
  signedInAs: (user: string) => `Signed in as ${user}`,
  connection: "Connection",
  connecting: "Connecting",
  live: "Live",
  unsure: "Live view delayed – the server is busy",
  offline: "Offline – reconnecting",
  hotel: "Hotel",
  everyHotel: "All hotels",

  // the list
  inbox: "Inbox",
  conversations: "Conversations",
  search: "Search",
  searchHint: "Name, number or words",
  show: "Show",
  tabs: { all: "All", bot: "Bot", staff: "Staff", resolved: "Resolved" },
  found: (count: number, more: boolean) => (more ? `${count}+ found` : plural(count, "found", "found")),
  searching: "Searching",
  loading: "Loading",
  loadOlder: "Load older",
  again: "Try again",
  unread: (count: number) => plural(count, "unread message", "unread messages"),
  empty: {
    all: { title: "All quiet", text: "A guest’s first message appears here the moment it arrives." },
    bot: { title: "Nothing with the bot", text: "Open conversations that the bot answers are listed here." },
    staff: { title: "Nobody is waiting for you", text: "Conversations that need a person are listed here." },
    resolved: {
      title: "Nothing resolved yet",
      text: "Conversations that you close rest here. A guest who writes again opens theirs.",
    },
  },
  emptySearch: (q: string) => ({
    title: `Nothing found for “${q}”`,
    text: "Search looks at names, numbers and what was said.",
  }),
  noText: "No text",
  you: "You",
  bot: "Bot",
  staff: "Staff",
  system: "Innbox",
  note: "Note",
  guest: "Guest",
  namelessGuest: (end: string) => `Guest ${end}`,
  says: (who: string, text: string) => `${who}: ${text}`,
  yesterday: "Yesterday",
  today: "Today",

  // times to come
  times: {
    inAnHour: "In 1 hour",
    tonight: "Tonight, 18:00",
    tomorrow: "Tomorrow, 8:00",
    today: (clock: string) => `today, ${clock}`,
    onTomorrow: (clock: string) => `tomorrow, ${clock}`,
    onDay: (day: string, clock: string) => `${day}, ${clock}`,
  },

  // a conversation
  conversation: "Conversation",
  messages: "Messages",
  noneOpen: {
    title: "Choose a conversation",
    text: "Pick one from the list. The bot goes on answering until you take over.",
  },
  noMessages: "Nothing was said yet.",
  unknownConversation: "This conversation is not in your inbox.",
  back: "Back",
  takeOver: "Take over",
  returnToBot: "Return to bot",
  resolve: "Resolve",
  resolved: "Resolved",
  handledBy: {
    bot: "The bot answers",
    staff: "Waiting for staff",
    you: "You answer",
    other: (name: string) => `${name} answers`,
  },
  reply: "Reply",
  replyHint: (guest: string) => `Reply to ${guest}`,
  replyTakesOver: "Your reply takes the conversation over from the bot.",
  noteHint: "A note for your colleagues. Guests never see it.",
  send: "Send",
  addNote: "Add note",
  discard: "Discard",
  edit: "Edit",
  typing: (names: string[]) => `${list(names)} ${names.length === 1 ? "is" : "are"} typing`,
  looking: (names: string[]) => `${list(names)} ${names.length === 1 ? "is" : "are"} looking`,
  sources: (sources: string[]) => `Sources: ${sources.join(", ")}`,
  window: {
    closed: "Reply window closed",
    closes: (left: string) => `Reply window closes in ${left}`,
    why: (channel: string) =>
      `${channel} lets a hotel write freely only for 24 hours after the guest’s last message. You can write again when the guest does.`,
  },
  hours: (count: number) => `${count} h`,
  minutes: (count: number) => `${count} min`,
  newerBelow: "Newest messages",

  // deliveries
  delivery: {
    pending: "Sending",
    sending: "Sending",
    sent: "Sent",
    delivered: "Delivered",
    read: "Read",
    failed: "Failed",
    cancelled: "Cancelled",
    unknown: "Unknown",
    parked: "Needs a decision",
  } satisfies Record<DeliveryStatus, string>,
  because: (state: string, why: string) => `${state}: ${why}`,
  unknownWhy: "the provider is being asked whether it has it",
  parkedWhy: "nobody can tell whether the guest has it. Ask before you write it again",
  cancelledWhy: "not sent, because a person took over",
  notSaved: "Not sent",
  notSavedNote: "Not saved",
  waitingForServer: "Sending when the connection is back",
  noAnswer: "The server does not answer.",

  // attachments
  attachment: {
    image: "Picture",
    audio: "Voice message",
    video: "Video",
    file: "File",
    location: "Place",
    fetching: (kind: string) => `${kind}: being fetched`,
    failed: (kind: string) => `${kind}: could not be fetched`,
  },
  openMap: "Open the map",

  // the guest
  guestDetails: "Guest details",
  facts: {
    handle: "Address",
    channel: "Channel",
    language: "Language",
    hotel: "Hotel",
    handling: "Handled by",
    status: "Status",
    window: "Reply window",
    labels: "Labels",
    last: "Last message",
  },
  status: { open: "Open", snoozed: "Snoozed", resolved: "Resolved" },
  windowOpen: (left: string) => `Closes in ${left}`,
  windowClosed: "Closed",
  channels: { whatsapp: "WhatsApp", webchat: "Web chat" } as Record<string, string>,

  // what went wrong
  problem: {
    unreachable: "The server cannot be reached.",
    unavailable: "The server cannot read its store just now.",
    other: (status: number) => `The server answered with an error (${status}).`,
  },
};

function list(names: string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export type Messages = typeof en;
