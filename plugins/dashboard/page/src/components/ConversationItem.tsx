import type { Desk } from "../desk";
import { channelName, delivery, excerpt, guestName, initials, pick, shortTime } from "../format";
import { texts } from "../messages";
import { hotelName } from "../state";
import type { Conversation } from "../types";

const HUES = 6;

interface Props {
  desk: Desk;
  conversation: Conversation;
  isOpen: boolean;
  isReachable: boolean;
}

/** One line of the list: who, when, what was said last, on which channel, and who answers. */
export function ConversationItem({ desk, conversation, isOpen, isReachable }: Props) {
  const { me } = desk.store.peek();
  const name = guestName(conversation);
  const last = conversation.last_message;
  const opens = (event: Event): void => {
    event.preventDefault();
    desk.conversations.open(conversation.id);
  };
  return (
    <li
      tabIndex={-1}
      class={conversation.unread > 0 ? "item item-unread" : "item"}
      onKeyDown={(event) => event.key === "Enter" && event.target === event.currentTarget && opens(event)}
    >
      <a
        href={`#${encodeURIComponent(conversation.id)}`}
        aria-current={isOpen ? "true" : undefined}
        tabIndex={isReachable ? 0 : -1}
        onClick={(event) => {
          if (!event.metaKey && !event.ctrlKey && !event.shiftKey) opens(event);
        }}
      >
        <Avatar id={conversation.guest.id} name={conversation.guest.name ?? ""} />
        <span class="item-name" dir="auto">
          {name}
        </span>
        {conversation.last_at && (
          <time class="item-time" dateTime={conversation.last_at}>
            {shortTime(conversation.last_at, desk.store.now.value)}
          </time>
        )}
        <span class="item-text" dir="auto">
          {excerpt(last, me.user)}
        </span>
        {conversation.unread > 0 && (
          <span class="unread" aria-label={texts.unread(conversation.unread)} role="img">
            {conversation.unread > 99 ? "99+" : conversation.unread}
          </span>
        )}
        <span class="item-facts">
          <Handler conversation={conversation} user={me.user} />
          {last?.status === "failed" || last?.status === "parked" ? (
            <span class="chip chip-bad">{texts.delivery[last.status]}</span>
          ) : (
            last?.status && <span class="hidden">{delivery(last)}</span>
          )}
          <span class="item-where">
            {channelName(conversation.channel)}
            {me.hotels.length > 1 && ` · ${hotelName(me.hotels, conversation.hotel)}`}
          </span>
        </span>
      </a>
    </li>
  );
}

export function Avatar({ id, name }: { id: string; name: string }) {
  return (
    <span class={`avatar avatar-${pick(id, HUES)}`} aria-hidden="true">
      {initials(name) || <Somebody />}
    </span>
  );
}

function Somebody() {
  return (
    <svg viewBox="0 0 24 24" width="55%" fill="currentColor">
      <circle cx="12" cy="8" r="4.5" />
      <path d="M3.5 21a8.5 7 0 0 1 17 0z" />
    </svg>
  );
}

/** Who answers: the bot, staff, or the member of staff by name. */
export function Handler({ conversation, user }: { conversation: Conversation; user: string }) {
  if (conversation.status === "resolved") return <span class="chip">{texts.status.resolved}</span>;
  if (conversation.handled_by === "bot") return <span class="chip chip-bot">{texts.bot}</span>;
  const name = conversation.assignee;
  if (!name) return <span class="chip chip-wait">{texts.staff}</span>;
  return <span class="chip chip-staff">{name === user ? texts.you : name}</span>;
}
