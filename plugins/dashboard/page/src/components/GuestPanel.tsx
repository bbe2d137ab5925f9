import { useComputed } from "@preact/signals";
import type { Desk } from "../desk";
import { channelName, guestName, languageName, longTime, replyWindow } from "../format";
import { texts } from "../messages";
import { conversation, hotelName } from "../state";
import type { Conversation, HotelName } from "../types";
import { Avatar } from "./Avatar";

/** The right side, on a wide screen: who the guest is. */
export function GuestPanel({ desk, id }: { desk: Desk; id: string }) {
  const one = useComputed(() => conversation(desk.store.state, id)).value;
  if (!one) return null;
  return (
    <aside class="guest" aria-label={texts.guestDetails}>
      <Avatar id={one.guest.id} name={one.guest.name ?? ""} />
      <h2 dir="auto">{guestName(one)}</h2>
      <GuestFacts conversation={one} hotels={desk.store.peek().me.hotels} now={desk.store.now.value} />
    </aside>
  );
}

export function GuestFacts(props: { conversation: Conversation; hotels: HotelName[]; now: number }) {
  const { conversation: one, hotels, now } = props;
  const left = replyWindow(one.window_closes_at, now);
  const answers = one.handled_by === "bot" ? texts.bot : (one.assignee ?? texts.staff);
  const { facts } = texts;
  const rows: [string, string | null][] = [
    [facts.handle, one.guest.handle],
    [facts.channel, channelName(one.channel)],
    [facts.language, one.guest.language && languageName(one.guest.language)],
    [facts.hotel, hotelName(hotels, one.hotel)],
    [facts.handling, answers],
    [facts.status, texts.status[one.status]],
    [facts.window, left && (left.open ? texts.windowOpen(left.left) : texts.windowClosed)],
    [facts.last, one.last_at && longTime(one.last_at)],
    [facts.labels, one.labels.join(", ")],
  ];
  return (
    <dl class="facts">
      {rows.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
