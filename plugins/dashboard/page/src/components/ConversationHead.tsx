import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk";
import { channelName, guestName } from "../format";
import { texts } from "../messages";
import type { Conversation } from "../types";
import { NARROW, useBusy } from "./hooks";
import { Icon } from "./icons";
import { Popover } from "./Popover";

const WHILES = [15, 30, 60, 240];

/** Who this is, who answers, and the three buttons that change that. */
export function ConversationHead(props: { desk: Desk; conversation: Conversation | null; withDetails: boolean }) {
  const { desk, conversation: one } = props;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (matchMedia(NARROW).matches) heading.current?.focus();
  }, []);
  return (
    <header class="conversation-head">
      <button
        type="button"
        class="plain back"
        aria-label={texts.back}
        onClick={() => desk.conversations.close()}
      >
        <Icon name="back" size={22} />
      </button>
      <div class="conversation-who">
        <h2 ref={heading} tabIndex={-1} dir="auto">
          {one ? guestName(one) : texts.conversation}
        </h2>
        {one && <p>{`${channelName(one.channel)} · ${handling(one, desk.store.peek().me.user)}`}</p>}
      </div>
      {one && <Actions desk={desk} conversation={one} />}
      {one && props.withDetails && (
        <button
          type="button"
          class="plain guest-button"
          aria-label={texts.guestDetails}
          aria-keyshortcuts="i"
          aria-expanded={desk.conversations.guestShown.value}
          title={texts.guestDetails}
          onClick={() => desk.conversations.showGuest()}
        >
          <Icon name="person" size={22} />
        </button>
      )}
    </header>
  );
}

function handling(one: Conversation, user: string): string {
  if (one.status === "resolved") return texts.resolved;
  if (one.handled_by === "bot") {
    return one.bot_mode === "draft" || one.suggestion ? texts.handledBy.drafts : texts.handledBy.bot;
  }
  if (!one.assignee) return texts.handledBy.staff;
  return one.assignee === user ? texts.handledBy.you : texts.handledBy.other(one.assignee);
}

function Actions({ desk, conversation: one }: { desk: Desk; conversation: Conversation }) {
  const [busy, act] = useBusy();
  const { keepsDesk } = desk.store.peek().me;
  const isFree = one.handled_by === "bot" || one.assignee === null;
  const { work } = desk;
  return (
    <div class="actions">
      {isFree && (
        <span class="split">
          <button
            type="button"
            class="primary"
            aria-keyshortcuts="t"
            disabled={busy}
            onClick={act(() => work.takeOver(one.id))}
          >
            {texts.takeOver}
          </button>
          {keepsDesk && (
            <While name={texts.takeOverFor} class="primary" onChoose={(minutes) => work.takeOver(one.id, minutes)} />
          )}
        </span>
      )}
      {one.handled_by === "staff" && (
        <span class="split">
          <button type="button" aria-keyshortcuts="b" disabled={busy} onClick={act(() => work.returnToBot(one.id))}>
            {texts.returnToBot}
          </button>
          {keepsDesk && one.assignee !== null && (
            <While name={texts.returnLater} onChoose={(minutes) => work.botBack(one.id, minutes)} />
          )}
        </span>
      )}
      {one.status !== "resolved" && (
        <button type="button" aria-keyshortcuts="e" disabled={busy} onClick={act(() => work.resolve(one.id))}>
          {texts.resolve}
        </button>
      )}
    </div>
  );
}

/** For how long a person has it before the bot has it again. */
function While(props: { name: string; class?: string; onChoose: (minutes: number) => Promise<void> }) {
  return (
    <Popover name={props.name} face={<Icon name="down" size={18} />} class={`${props.class ?? ""} split-more`}>
      {(close) => (
        <div class="choices">
          <p class="choices-title">{props.name}</p>
          {WHILES.map((minutes) => (
            <button
              key={minutes}
              type="button"
              data-choice
              onClick={() => {
                close();
                void props.onChoose(minutes);
              }}
            >
              {minutes < 60 ? texts.minutes(minutes) : texts.hours(minutes / 60)}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
}
