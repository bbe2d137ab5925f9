// How times, sizes, names and links are written. Pure: the time of day is an argument.

import { texts } from "./messages";
import type { Attachment, Conversation, Message, Place } from "./types";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SOON = 2 * HOUR;

export function clock(time: string): string {
  return new Intl.DateTimeFormat(texts.locale, { hour: "2-digit", minute: "2-digit" }).format(new Date(time));
}

/** A day as a heading between messages: Today, Yesterday, Monday 5 May, or with the year where it is another one. */
export function day(time: string, now: number): string {
  const [then, today] = [new Date(time), new Date(now)];
  const days = daysBetween(then, today);
  if (days === 0) return texts.today;
  if (days === 1) return texts.yesterday;
  const year = then.getFullYear() === today.getFullYear() ? {} : ({ year: "numeric" } as const);
  const form = { weekday: "long", day: "numeric", month: "long", ...year } as const;
  return new Intl.DateTimeFormat(texts.locale, form).format(then);
}

/** A time as short as the list wants it: the clock today, the day within a week, then the date. */
export function shortTime(time: string, now: number): string {
  const [then, today] = [new Date(time), new Date(now)];
  const days = daysBetween(then, today);
  if (days <= 0) return clock(time);
  if (days === 1) return texts.yesterday;
  if (days < 7) return new Intl.DateTimeFormat(texts.locale, { weekday: "short" }).format(then);
  const year = then.getFullYear() === today.getFullYear() ? {} : ({ year: "2-digit" } as const);
  return new Intl.DateTimeFormat(texts.locale, { day: "numeric", month: "short", ...year }).format(then);
}

export function longTime(time: string): string {
  return new Intl.DateTimeFormat(texts.locale, { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));
}

export function sameDay(a: string, b: string): boolean {
  return daysBetween(new Date(a), new Date(b)) === 0;
}

function daysBetween(then: Date, today: Date): number {
  const midnight = (date: Date): number => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(today) - midnight(then)) / DAY);
}

export interface ReplyWindow {
  open: boolean;
  left: string;
  isSoon: boolean;
}

/** Whether a reply is possible, and what is left of the time for it. Null where the channel has no such limit. */
export function replyWindow(closesAt: string | null, now: number): ReplyWindow | null {
  if (!closesAt) return null;
  const left = Date.parse(closesAt) - now;
  const isSoon = left < SOON;
  if (left <= 0) return { open: false, left: "", isSoon };
  if (left >= HOUR) return { open: true, left: texts.hours(Math.floor(left / HOUR)), isSoon };
  return { open: true, left: texts.minutes(Math.max(1, Math.floor(left / MINUTE))), isSoon };
}

/** How long ago a time was, in one unit: 4 min, 3 h, 2 d; never less than a minute. */
export function duration(since: string, now: number): string {
  const past = now - Date.parse(since);
  if (past < HOUR) return texts.minutes(Math.max(1, Math.floor(past / MINUTE)));
  return past < DAY ? texts.hours(Math.floor(past / HOUR)) : texts.days(Math.floor(past / DAY));
}

/** A number beside a view: no wider than what it stands for is worth. */
export function compactCount(number: number): string {
  if (number >= 1000) return `${new Intl.NumberFormat(texts.locale).format(1000)}+`;
  return String(number);
}

/** The sources that a message does not name itself, as in “… until 10:30. (From: Breakfast)”. */
export function unnamedSources(message: Pick<Message, "text" | "sources">): string[] {
  const ending = /\(([^()]*)\)\s*$/.exec(message.text)?.[1] ?? "";
  return (message.sources ?? []).filter((source) => !ending.includes(source));
}

/** What became of an `out` message, in words that need no colour; empty for all others. */
export function delivery(message: Message): string {
  if (message.direction !== "out" || !message.status) return "";
  const state = texts.delivery[message.status];
  const usual = { unknown: texts.unknownWhy, parked: texts.parkedWhy, cancelled: texts.cancelledWhy };
  const why = message.error?.text ?? usual[message.status as keyof typeof usual];
  const isGood = ["pending", "sending", "sent", "delivered", "read"].includes(message.status);
  return why && !isGood ? texts.because(state, why) : state;
}

export function channelName(channel: string): string {
  return texts.channels[channel] ?? channel.charAt(0).toUpperCase() + channel.slice(1);
}

/** A guest's name, or the number; a web chat's handle is a meaningless id whose end tells nameless guests apart. */
export function guestName(conversation: Conversation): string {
  const { name, handle } = conversation.guest;
  if (name?.trim()) return name.trim();
  return isPhone(handle) ? handle : texts.namelessGuest(handle.slice(-4));
}

function isPhone(handle: string): boolean {
  return /^\+?[\d ]{5,}$/.test(handle);
}

export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames([texts.locale], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** A language without its country: `pt` of `pt-BR`. */
export function bareLanguage(code: string): string {
  return code.split(/[-_]/u)[0]?.toLowerCase() ?? "";
}

export function sameLanguage(a: string, b: string): boolean {
  return bareLanguage(a) === bareLanguage(b);
}

/** A price in US dollars; an answer costs parts of a cent. */
export function money(usd: number): string {
  const form = { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 4 } as const;
  return new Intl.NumberFormat(texts.locale, form).format(usd);
}

export function seconds(count: number): string {
  const form = { style: "unit", unit: "second", unitDisplay: "narrow", maximumFractionDigits: count < 10 ? 1 : 0 } as const;
  return new Intl.NumberFormat(texts.locale, form).format(count);
}

export function initials(name: string): string {
  const words = name.split(/\s+/u).filter((word) => /\p{L}/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => firstLetter(word ?? ""));
  return letters.join("").toLocaleUpperCase();
}

function firstLetter(word: string): string {
  return /\p{L}/u.exec(word)?.[0] ?? "";
}

/** One of `count` numbers for an id, always the same one. */
export function pick(id: string, count: number): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return sum % count;
}

/** The line of the list that tells what was said last, and by whom. */
export function excerpt(message: Message | null, user: string): string {
  if (!message) return texts.noMessages;
  const said = message.text.replace(/\s+/gu, " ").trim() || attachmentsInWords(message.attachments) || texts.noText;
  if (message.direction === "in") return said;
  if (message.direction === "note") return texts.says(texts.note, said);
  return texts.says(authorName(message, user), said);
}

export function authorName(message: Message, user: string): string {
  const { kind, name } = message.author;
  if (kind === "staff") return name === user ? texts.you : (name ?? texts.staff);
  if (kind === "bot") return texts.bot;
  return kind === "system" ? texts.system : (name ?? texts.guest);
}

export function attachmentsInWords(attachments: Attachment[]): string {
  return attachments.map((one) => texts.attachment[one.kind] ?? texts.attachment.file).join(", ");
}

export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** The address of a place on a public map; null without usable coordinates. */
export function mapLink(place: Place): string | null {
  const { latitude, longitude } = place;
  if (!isCoordinate(latitude, 90) || !isCoordinate(longitude, 180)) return null;
  return `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
}

/** A place in numbers, as exact as a doorstep. */
export function coordinates(place: Place): string {
  return [place.latitude, place.longitude].map((value) => value?.toFixed(5)).join(", ");
}

function isCoordinate(value: number | null, limit: number): value is number {
  return typeof value === "number" && Math.abs(value) <= limit;
}

export interface Piece {
  text: string;
  href: string | null;
}

/** Cuts a text into plain pieces and links. Only http and https become links; all else stays text. */
export function linkify(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(/\bhttps?:\/\/[^\s<>"“”]+/giu)) {
    const address = withoutTail(found[0]);
    const href = safeHref(address);
    if (!href) continue;
    if (found.index > from) pieces.push({ text: text.slice(from, found.index), href: null });
    pieces.push({ text: address, href });
    from = found.index + address.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), href: null });
  return pieces;
}

/** A full stop after an address ends the sentence, and a bracket closes one that opened before it. */
function withoutTail(address: string): string {
  let end = address.replace(/[.,;:!?'’]+$/u, "");
  while (end.endsWith(")") && count(end, ")") > count(end, "(")) end = end.slice(0, -1).replace(/[.,;:!?]+$/u, "");
  return end;
}

function count(text: string, letter: string): number {
  return text.split(letter).length - 1;
}

function safeHref(address: string): string | null {
  try {
    const url = new URL(address);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}
