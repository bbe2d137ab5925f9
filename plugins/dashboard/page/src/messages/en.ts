// Every sentence of the desk, in English. Another language is another file of this shape.

import type { Theme } from "../preferences";
import type { View } from "../state";
import type { DeliveryStatus } from "../types";

import { wordsOf } from "./words";

const LOCALE = "en-GB";
const { plural, list } = wordsOf(LOCALE);

export const en = {
  /** For dates, times and numbers. */
  locale: LOCALE,

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
  pages: { numbers: "Numbers", canned: "Canned replies", people: "People", audit: "Audit log", settings: "Settings" },
  menu: {
    open: "Preferences",
    pages: "Pages",
    language: "Language",
    colours: "Colours",
    themes: { auto: "As the machine", light: "Light", dark: "Dark" } satisfies Record<Theme, string>,
    calls: "Calls",
    sound: "Sound for what is mine or urgent",
    notifications: "Notifications for what is mine or urgent",
    allow: "Allow notifications",
    denied: "The browser blocks notifications of this site. Its own settings let them in.",
    impossible: "This browser shows no notifications.",
    shortcuts: "Shortcuts by single keys",
    sheet: "Keyboard shortcuts",
  },
  shortcuts: {
    title: "Keyboard",
    close: "Close",
    off: "Single keys are switched off in the preferences.",
    list: "In the list",
    next: "Next conversation",
    previous: "Previous conversation",
    openIt: "Open it",
    search: "Search",
    conversation: "In a conversation",
    reply: "Write a reply",
    note: "Write a note",
    takeOver: "Take over",
    giveBack: "Give back to the bot",
    resolve: "Resolve",
    snooze: "Snooze",
    label: "Label",
    assign: "Assign",
    canned: "Canned reply, while writing",
    send: "Send, while writing",
    views: "Views",
    anywhere: "Anywhere",
    leave: "Leave a field, then the conversation",
    sheet: "This sheet",
    or: "or",
  },
  notify: {
    urgent: (guest: string) => `Urgent: ${guest}`,
    missed: (messages: number, conversations: number) =>
      `${plural(messages, "message", "messages")} in ${plural(conversations, "conversation", "conversations")} of yours`,
  },
  rings: {
    urgent: (guest: string) => `Urgent: ${guest}`,
    open: "Open",
    acknowledge: "Acknowledge",
    more: (count: number) => `${plural(count, "more is urgent", "more are urgent")}.`,
  },

  // the list
  inbox: "Inbox",
  conversations: "Conversations",
  search: "Search",
  searchHint: "Name, number or words",
  show: "Show",
  views: {
    all: "All",
    mine: "Mine",
    unassigned: "Unassigned",
    bot: "Bot",
    staff: "Staff",
    waiting: "Waiting",
    urgent: "Urgent",
    snoozed: "Snoozed",
    resolved: "Resolved",
  } satisfies Record<View, string>,
  label: "Label",
  anyLabel: "Any label",
  found: (count: number, more: boolean) => (more ? `${count}+ found` : plural(count, "found", "found")),
  searching: "Searching",
  loading: "Loading",
  loadOlder: "Load older",
  again: "Try again",
  unread: (count: number) => plural(count, "unread message", "unread messages"),
  empty: {
    all: { title: "All quiet", text: "A guest’s first message appears here the moment it arrives." },
    mine: { title: "Nothing of yours", text: "Conversations that you take over, or that are given to you, are listed here." },
    unassigned: { title: "Nobody is left alone", text: "Conversations that need a person, and have none yet, are listed here." },
    bot: { title: "Nothing with the bot", text: "Open conversations that the bot answers are listed here." },
    staff: { title: "Nobody is waiting for you", text: "Conversations that need a person are listed here." },
    waiting: { title: "Nobody waits", text: "Guests who wait for an answer are listed here, the longest first." },
    urgent: { title: "Nothing urgent", text: "Conversations with words of danger are listed here until they are resolved." },
    snoozed: { title: "Nothing snoozed", text: "What you lay aside comes back at its time, or when the guest writes." },
    resolved: {
      title: "Nothing resolved yet",
      text: "Conversations that you close rest here. A guest who writes again opens theirs.",
    },
  } satisfies Record<View, { title: string; text: string }>,
  emptyLabel: (label: string) => ({
    title: `Nothing with “${label}” here`,
    text: "Choose another label, or another view.",
  }),
  emptySearch: (q: string) => ({
    title: `Nothing found for “${q}”`,
    text: "Search looks at names, numbers and what was said.",
  }),
  item: {
    urgent: "Urgent",
    waits: (time: string) => `waits ${time}`,
    snoozed: (when: string) => `until ${when}`,
    drafts: "Bot drafts",
    draftReady: "Draft ready",
    botOff: "Bot off",
  },
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
  days: (count: number) => `${count} d`,
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

export default en;

export type Messages = typeof en;
