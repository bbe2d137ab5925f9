import { useComputed } from "@preact/signals";
import type { Desk } from "../desk";
import { channelName, duration, excerpt, guestName, shortTime } from "../format";
import { texts } from "../messages";
import { conversation, hotelName, othersIn } from "../state";
import type { Conversation, DeliveryStatus } from "../types";
import { whenInZone, zoneOf } from "../zone";
import { Avatar } from "./Avatar";
import { Tick } from "./icons";
import type { RowPlace } from "./VirtualList";

const LABELS_SHOWN = 2;
const BAD: DeliveryStatus[] = ["failed", "parked", "unknown", "cancelled"];

interface Props extends RowPlace {
  desk: Desk;
  id: string;
  isOpen: boolean;
  isReachable: boolean;
}

/** One line of the list: who, when, what was said last, who deals with it, and what presses. */
export function ConversationItem({ desk, id, isOpen, isReachable, at, of, top, height }: Props) {
  const one = useComputed(() => conversation(desk.store.state, id)).value;
  if (!one) return null;
  const opens = (event: Event): void => {
    event.preventDefault();
    desk.conversations.open(id);
  };
  return (
    <li
      tabIndex={-1}
      data-id={id}
      aria-setsize={of}
      aria-posinset={at + 1}
      class={one.unread > 0 ? "item item-unread" : "item"}
      style={{ height: `${height}px`, transform: `translateY(${top}px)` }}
      onKeyDown={(event) => event.key === "Enter" && event.target === event.currentTarget && opens(event)}
    >
      <a
        href={`#${encodeURIComponent(id)}`}
        aria-current={isOpen ? "true" : undefined}
        tabIndex={isReachable ? 0 : -1}
        onClick={(event) => {
          if (!event.metaKey && !event.ctrlKey && !event.shiftKey) opens(event);
        }}
      >
        <Avatar id={one.guest.id} name={one.guest.name ?? ""} />
        <span class="item-name" dir="auto">
          {guestName(one)}
        </span>
        {one.last_at && (
          <time class="item-time" dateTime={one.last_at}>
            {shortTime(one.last_at, desk.store.now.value)}
          </time>
        )}
        <Said desk={desk} conversation={one} />
        {one.unread > 0 && (
          <span class="unread" aria-label={texts.unread(one.unread)} role="img">
            {one.unread > 99 ? "99+" : one.unread}
          </span>
        )}
        <Facts desk={desk} conversation={one} />
      </a>
    </li>
  );
}

/** What was said last and what became of it; or that a colleague is writing. */
function Said({ desk, conversation: one }: { desk: Desk; conversation: Conversation }) {
  const { user } = desk.store.peek().me;
  const typing = useComputed(() => othersIn(desk.presence.value, user, one.id).typing.join("\n")).value;
  const last = one.last_message;
  if (typing) {
    return (
      <span class="item-text item-typing" dir="auto">
        {texts.typing(typing.split("\n"))}
      </span>
    );
  }
  return (
    <span class="item-text" dir="auto">
      {last?.direction === "out" && last.status && !isBad(last.status) && (
        <>
          <Tick status={last.status} />
          <span class="hidden">{texts.delivery[last.status]} </span>
        </>
      )}
      {excerpt(last, user)}
    </span>
  );
}

/** The third line: what presses first. What has no room is cut off, and stands in the conversation. */
function Facts({ desk, conversation: one }: { desk: Desk; conversation: Conversation }) {
  const { me } = desk.store.peek();
  const now = desk.store.now.value;
  const status = one.last_message?.direction === "out" ? one.last_message.status : null;
  return (
    <span class="item-facts">
      {one.urgent && (
        <span class={one.urgent.acknowledged_by ? "chip chip-heard" : "chip chip-urgent"}>{texts.item.urgent}</span>
      )}
      {status && isBad(status) && <span class="chip chip-bad">{texts.delivery[status]}</span>}
      <Handler conversation={one} user={me.user} />
      {one.waiting_since && one.status === "open" && isLong(one.waiting_since, now) && (
        <span class="waits">{texts.item.waits(duration(one.waiting_since, now))}</span>
      )}
      {one.status === "snoozed" && one.snoozed_until && (
        <span class="chip">{texts.item.snoozed(whenInZone(one.snoozed_until, now, zoneOf(me.hotels, one.hotel)))}</span>
      )}
      <Lookers desk={desk} id={one.id} />
      <Labels labels={one.labels} />
      <span class="item-where">
        {channelName(one.channel)}
        {me.hotels.length > 1 && ` · ${hotelName(me.hotels, one.hotel)}`}
      </span>
    </span>
  );
}

/** A wait is told of once it is one. */
function isLong(since: string, now: number): boolean {
  return now - Date.parse(since) >= 60_000;
}

function isBad(status: DeliveryStatus): boolean {
  return BAD.includes(status);
}

function Lookers({ desk, id }: { desk: Desk; id: string }) {
  const { user } = desk.store.peek().me;
  const looking = useComputed(() => othersIn(desk.presence.value, user, id).looking.join(", ")).value;
  if (!looking) return null;
  return (
    <span class="lookers" title={texts.looking(looking.split(", "))}>
      <svg viewBox="0 0 20 20" width="14" height="14" aria-hidden="true">
        <path
          d="M2 10c2-4 5-5.5 8-5.5s6 1.5 8 5.5c-2 4-5 5.5-8 5.5s-6-1.5-8-5.5z"
          fill="none"
          stroke="currentColor"
          stroke-width="1.5"
        />
        <circle cx="10" cy="10" r="2.5" fill="currentColor" />
      </svg>
      <span class="hidden">{texts.looking([])}</span>
      {looking}
    </span>
  );
}

function Labels({ labels }: { labels: string[] }) {
  const rest = labels.length - LABELS_SHOWN;
  return (
    <>
      {labels.slice(0, LABELS_SHOWN).map((label) => (
        <span key={label} class="chip chip-label" dir="auto">
          {label}
        </span>
      ))}
      {rest > 0 && <span class="chip chip-label">+{rest}</span>}
    </>
  );
}

/** Who answers: the bot and how, staff, or the member of staff by name. */
export function Handler({ conversation: one, user }: { conversation: Conversation; user: string }) {
  if (one.status === "resolved") return <span class="chip">{texts.status.resolved}</span>;
  if (one.handled_by === "bot") {
    return <span class="chip chip-bot">{botDoes(one)}</span>;
  }
  if (!one.assignee) return <span class="chip chip-wait">{texts.staff}</span>;
  return (
    <span class="chip chip-staff" dir="auto">
      {one.assignee === user ? texts.you : one.assignee}
    </span>
  );
}

function botDoes(one: Conversation): string {
  if (one.suggestion) return texts.item.draftReady;
  if (one.bot_mode === "draft") return texts.item.drafts;
  return one.bot_mode === "off" ? texts.item.botOff : texts.bot;
}
