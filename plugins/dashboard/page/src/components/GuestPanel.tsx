import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk";
import { channelName, excerpt, guestName, languageName, longTime, replyWindow, shortTime } from "../format";
import { texts } from "../messages";
import { conversation, hotelName } from "../state";
import type { Conversation, Fact, GuestRecord, HotelName } from "../types";
import { Avatar } from "./Avatar";
import { useFetched } from "./hooks";
import { Icon } from "./icons";

/** The right side, on a wide screen: who the guest is. On a smaller one it stands in the conversation's place. */
export function GuestPanel({ desk, id, isWide }: { desk: Desk; id: string; isWide: boolean }) {
  const one = useComputed(() => conversation(desk.store.state, id)).value;
  if (!one) return null;
  return (
    <aside class="guest" aria-label={texts.guestDetails}>
      {!isWide && <BackToConversation desk={desk} />}
      <Avatar id={one.guest.id} name={one.guest.name ?? ""} />
      <h2 dir="auto">{guestName(one)}</h2>
      <GuestDetails desk={desk} conversation={one} />
    </aside>
  );
}

function BackToConversation({ desk }: { desk: Desk }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <button
      type="button"
      ref={button}
      class="plain guest-back"
      aria-label={texts.backToConversation}
      onClick={() => desk.conversations.hideGuest()}
    >
      <Icon name="back" size={22} />
    </button>
  );
}

/** What is known of a guest: by the conversation at once, by plugins and the store when they have answered. */
export function GuestDetails({ desk, conversation: one }: { desk: Desk; conversation: Conversation }) {
  const { me } = desk.store.peek();
  const record = useFetched(desk.lookups.guest, me.keepsDesk ? one.id : "", one.guest.opted_out).value;
  return (
    <div class="guest-parts">
      {record && record.facts.length > 0 && <Facts title={texts.facts.stay} facts={record.facts} />}
      <Facts facts={ownFacts(one, me.hotels, desk.store.now.value, record)} />
      {record?.panels.map((panel) => (
        <Facts key={`${panel.source ?? ""}|${panel.title}`} title={panel.title} facts={panel.items} />
      ))}
      {me.keepsDesk && <Consent desk={desk} conversation={one} record={record} />}
      {record && <Earlier desk={desk} conversation={one} record={record} />}
    </div>
  );
}

function ownFacts(one: Conversation, hotels: HotelName[], now: number, record: GuestRecord | null): Fact[] {
  const left = replyWindow(one.window_closes_at, now);
  const answers = one.handled_by === "bot" ? texts.bot : (one.assignee ?? texts.staff);
  const others = record?.addresses.filter((address) => address.handle !== one.guest.handle) ?? [];
  const { facts } = texts;
  const rows: [string, string | null][] = [
    [facts.handle, [one.guest.handle, ...others.map((address) => address.handle)].join(", ")],
    [facts.channel, channelName(one.channel)],
    [facts.language, one.guest.language && languageName(one.guest.language)],
    [facts.hotel, hotels.length > 1 ? hotelName(hotels, one.hotel) : null],
    [facts.handling, answers],
    [facts.window, left && (left.open ? texts.windowOpen(left.left) : texts.windowClosed)],
    [facts.last, one.last_at && longTime(one.last_at)],
    [facts.since, record && longTime(record.first_seen_at)],
  ];
  return rows.flatMap(([label, value]) => (value ? [{ label, value }] : []));
}

function Facts({ title, facts }: { title?: string; facts: Fact[] }) {
  return (
    <section class="guest-part">
      {title && <h3>{title}</h3>}
      <dl class="facts">
        {facts.map(({ label, value }, at) => (
          <div key={`${label}|${at}`}>
            <dt>{label}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Whether the guest wants messages that they did not ask for. */
function Consent(props: { desk: Desk; conversation: Conversation; record: GuestRecord | null }) {
  const { desk, conversation: one, record } = props;
  const isOut = one.guest.opted_out === true;
  const turn = async (box: HTMLInputElement): Promise<void> => {
    const isDone = await desk.work.setOptOut(one.id, !box.checked);
    // What was not done must not stand there as if it were.
    if (!isDone) box.checked = conversation(desk.store.peek(), one.id)?.guest.opted_out !== true;
  };
  return (
    <section class="guest-part">
      <h3>{texts.consent.title}</h3>
      <label class="consent">
        <input
          type="checkbox"
          role="switch"
          checked={!isOut}
          onChange={(event) => void turn(event.currentTarget)}
        />
        {texts.consent.wants}
      </label>
      <p class="hint">
        {isOut ? texts.consent.out(record?.opted_out_at ? longTime(record.opted_out_at) : null) : texts.consent.in}
      </p>
    </section>
  );
}

/** What else the guest has said at this hotel. */
function Earlier(props: { desk: Desk; conversation: Conversation; record: GuestRecord }) {
  const { desk, conversation: one } = props;
  const others = props.record.conversations.filter((other) => other.id !== one.id);
  if (others.length === 0) return null;
  return (
    <section class="guest-part">
      <h3>{texts.earlier}</h3>
      <ul class="earlier">
        {others.map((other) => (
          <li key={other.id}>
            <a
              href={`#${encodeURIComponent(other.id)}`}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                desk.conversations.open(other.id);
              }}
            >
              <span>
                {`${channelName(other.channel)} · ${texts.status[other.status]}`}
                {other.last_at && <time dateTime={other.last_at}>{shortTime(other.last_at, desk.store.now.value)}</time>}
              </span>
              <span class="earlier-text" dir="auto">
                {excerpt(other.last_message, desk.store.peek().me.user)}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
