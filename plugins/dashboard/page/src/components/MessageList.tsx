import { useComputed } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Desk } from "../desk";
import { day, guestName, sameDay } from "../format";
import { texts } from "../messages";
import { conversation, newestOfOthers, thread, unsentOf } from "../state";
import type { Conversation, Message } from "../types";
import { MessageBubble, UnsentBubble } from "./MessageBubble";

const NEAR = 80;
const LOAD_AHEAD = 300;
const GROUP_MINUTES = 5;
const RECENT = 10;

/** The messages, oldest first, the newest in view. Older ones are loaded as one scrolls up, without a jump. */
export function MessageList({ desk, id }: { desk: Desk; id: string }) {
  const { store } = desk;
  const loaded = useComputed(() => thread(store.state, id)).value;
  const unsent = useComputed(() => unsentOf(store.state, id)).value;
  const messages = loaded.messages.map((known) => known.value);
  const guest = useComputed(() => nameOfGuest(conversation(store.state, id))).value;
  const scroller = useRef<HTMLDivElement>(null);
  const { isAway, watch, toNewest } = usePosition(scroller, messages, unsent.length);

  const older = (): void => {
    const box = scroller.current;
    if (box && box.scrollTop < LOAD_AHEAD && loaded.nextBefore !== null && !loaded.loading && !loaded.problem) {
      void desk.conversations.loadMessages(id, true);
    }
  };
  useEffect(older);
  useAttention(desk, id, loaded.loaded, isAway);
  const again = (): void => void desk.conversations.loadMessages(id, messages.length > 0);

  return (
    <div class="messages-frame">
      <div
        class="messages"
        role="log"
        aria-label={texts.messages}
        aria-busy={loaded.loading}
        tabIndex={0}
        ref={scroller}
        onScroll={() => {
          watch();
          older();
        }}
      >
        {loaded.problem && (
          <p class="list-end" role="alert">
            {loaded.problem}{" "}
            <button type="button" onClick={again}>
              {texts.again}
            </button>
          </p>
        )}
        {!loaded.problem && loaded.nextBefore !== null && (
          <p class="list-end">
            <button type="button" class="plain" disabled={loaded.loading} onClick={again}>
              {loaded.loading ? texts.loading : texts.loadOlder}
            </button>
          </p>
        )}
        {loaded.loaded && messages.length === 0 && unsent.length === 0 && <p class="day">{texts.noMessages}</p>}
        <ol>
          {messages.map((message, at) => (
            <Row
              key={message.id}
              message={message}
              before={messages[at - 1]}
              desk={desk}
              guest={guest}
              isRecent={at >= messages.length - RECENT}
            />
          ))}
          {unsent.map((one) => (
            <UnsentBubble key={one.clientId} desk={desk} unsent={one} />
          ))}
        </ol>
      </div>
      {isAway && (
        <button type="button" class="to-newest" onClick={toNewest}>
          {texts.newerBelow}
        </button>
      )}
    </div>
  );
}

function Row(props: {
  message: Message;
  before: Message | undefined;
  desk: Desk;
  guest: string;
  isRecent: boolean;
}) {
  const { message, before, desk } = props;
  const isFirst = !continues(before, message);
  const isNewDay = !before || !sameDay(before.created_at, message.created_at);
  return (
    <>
      {isNewDay && (
        <li class="day">
          <time dateTime={message.created_at}>{day(message.created_at, desk.store.now.value)}</time>
        </li>
      )}
      <MessageBubble
        desk={desk}
        message={message}
        guest={props.guest}
        isFirst={isNewDay || isFirst}
        isRecent={props.isRecent}
      />
    </>
  );
}

function nameOfGuest(one: Conversation | null): string {
  return one ? guestName(one) : texts.guest;
}

function continues(before: Message | undefined, message: Message): boolean {
  if (!before || before.direction !== message.direction) return false;
  const isSame = before.author.kind === message.author.kind && before.author.name === message.author.name;
  return isSame && Date.parse(message.created_at) - Date.parse(before.created_at) < GROUP_MINUTES * 60_000;
}

/** Keeps account of what stands before the eyes of whoever writes here. */
function useAttention(desk: Desk, id: string, isLoaded: boolean, isAway: boolean): void {
  const { attention } = desk.writing;
  const newest = useComputed(() => newestOfOthers(desk.store.state, id)).value;
  const [isVisible, setVisible] = useState(!document.hidden);
  useEffect(() => {
    const changed = (): void => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", changed);
    return () => document.removeEventListener("visibilitychange", changed);
  }, []);
  useEffect(() => attention.open(id), [id]);
  useEffect(() => {
    if (!isLoaded) return;
    if (isVisible && !isAway) attention.show(id, newest, Date.now());
    else attention.hide(id, Date.now());
  });
}

/** Stays at the newest message while one is there; keeps what is read in place when older ones come in above. */
function usePosition(scroller: { current: HTMLElement | null }, messages: Message[], unsent: number) {
  const [isAway, setAway] = useState(false);
  const follows = useRef(true);
  const top = useRef(0);
  const before = useRef({ first: "", height: 0 });
  const watch = (): void => {
    const box = scroller.current;
    if (!box) return;
    // Only a person scrolls up. A picture that loads makes the rest longer and must not look like that.
    const isUp = box.scrollTop < top.current - 1;
    const isNear = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    follows.current = isNear || (follows.current && !isUp);
    top.current = box.scrollTop;
    setAway(!follows.current);
  };
  const toNewest = (): void => {
    follows.current = true;
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  };
  useLayoutEffect(() => {
    if (unsent > 0) follows.current = true;
  }, [unsent]);
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const first = messages[0]?.id ?? "";
    if (follows.current) box.scrollTop = box.scrollHeight;
    else if (first !== before.current.first) box.scrollTop += box.scrollHeight - before.current.height;
    before.current = { first, height: box.scrollHeight };
  });
  useEffect(() => {
    const box = scroller.current;
    const content = box?.querySelector("ol");
    if (!box || !content) return undefined;
    // Pictures that load and a window that shrinks change the height without a new message.
    const observer = new ResizeObserver(() => {
      if (follows.current) box.scrollTop = box.scrollHeight;
      before.current.height = box.scrollHeight;
    });
    observer.observe(box);
    observer.observe(content);
    return () => observer.disconnect();
  }, [scroller]);
  return { isAway, watch, toNewest };
}
