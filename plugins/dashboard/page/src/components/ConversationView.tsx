import { useComputed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Change, Desk } from "../desk";
import { channelName, guestName } from "../format";
import { texts } from "../messages";
import { conversation, othersAt, thread } from "../state";
import type { Conversation } from "../types";
import { Composer } from "./Composer";
import { GuestFacts } from "./GuestPanel";
import { MessageList } from "./MessageList";
import { NARROW } from "./hooks";

/** The middle: a conversation's head, its messages, and where one writes. */
export function ConversationView(props: { desk: Desk; id: string; withDetails: boolean }) {
  const { desk, id } = props;
  const one = useComputed(() => conversation(desk.store.state, id)).value;
  const problem = useComputed(() => thread(desk.store.state, id).problem).value;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (matchMedia(NARROW).matches) heading.current?.focus();
  }, []);
  const name = one ? guestName(one) : texts.conversation;
  return (
    <>
      <header class="conversation-head">
        <button type="button" class="plain back" aria-label={texts.back} onClick={() => desk.conversations.close()}>
          <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
            <path d="M15 5l-7 7 7 7" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" />
          </svg>
        </button>
        <div class="conversation-who">
          <h2 ref={heading} tabIndex={-1} dir="auto">
            {name}
          </h2>
          {one && <p>{`${channelName(one.channel)} · ${handling(one, desk.store.peek().me.user)}`}</p>}
        </div>
        {one && <Actions desk={desk} conversation={one} />}
        {one && props.withDetails && (
          <details class="guest-details">
            <summary>{texts.guestDetails}</summary>
            <GuestFacts conversation={one} hotels={desk.store.peek().me.hotels} now={desk.store.now.value} />
          </details>
        )}
      </header>
      <Refusal desk={desk} id={id} />
      {problem && !one ? (
        <div class="empty" role="alert">
          <h2>{texts.unknownConversation}</h2>
          <p>{problem}</p>
        </div>
      ) : (
        <MessageList desk={desk} id={id} />
      )}
      <Others desk={desk} id={id} />
      {one && <Composer desk={desk} conversation={one} />}
    </>
  );
}

function handling(one: Conversation, user: string): string {
  if (one.status === "resolved") return texts.resolved;
  if (one.handled_by === "bot") return texts.handledBy.bot;
  if (!one.assignee) return texts.handledBy.staff;
  return one.assignee === user ? texts.handledBy.you : texts.handledBy.other(one.assignee);
}

function Actions({ desk, conversation: one }: { desk: Desk; conversation: Conversation }) {
  const [busy, setBusy] = useState(false);
  const isFree = one.handled_by === "bot" || one.assignee === null;
  const act = (change: Change) => async (): Promise<void> => {
    setBusy(true);
    await desk.conversations.change(one.id, change);
    setBusy(false);
  };
  return (
    <div class="actions">
      {isFree && (
        <button type="button" class="primary" disabled={busy} onClick={act("take_over")}>
          {texts.takeOver}
        </button>
      )}
      {one.handled_by === "staff" && (
        <button type="button" disabled={busy} onClick={act("return_to_bot")}>
          {texts.returnToBot}
        </button>
      )}
      {one.status !== "resolved" && (
        <button type="button" disabled={busy} onClick={act("resolve")}>
          {texts.resolve}
        </button>
      )}
    </div>
  );
}

function Refusal({ desk, id }: { desk: Desk; id: string }) {
  const refusal = useComputed(() => desk.store.state.refusal).value;
  if (refusal?.conversationId !== id) return null;
  return (
    <p class="refusal" role="alert">
      {refusal.text}
    </p>
  );
}

/** Colleagues who look at the same conversation, or write in it. The line keeps its height when nobody does. */
function Others({ desk, id }: { desk: Desk; id: string }) {
  const words = useComputed(() => {
    const { typing, looking } = othersAt(desk.store.state, id);
    if (typing.length > 0) return texts.typing(typing);
    return looking.length > 0 ? texts.looking(looking) : "";
  }).value;
  return (
    <p class="others" aria-live="polite">
      {words}
    </p>
  );
}
