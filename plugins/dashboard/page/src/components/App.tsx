import { useComputed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Desk } from "../desk";
import { texts } from "../messages";
import { unreadConversations } from "../state";
import { ConversationView } from "./ConversationView";
import { GuestPanel } from "./GuestPanel";
import { Inbox } from "./Inbox";
import { RingBanner } from "./RingBanner";
import { ShortcutSheet } from "./ShortcutSheet";
import { TopBar } from "./TopBar";
import { useMedia, WIDE } from "./hooks";

/** The whole desk: list, conversation, guest. On a narrow screen the style shows one of the three. */
export function App({ desk }: { desk: Desk }) {
  const open = useComputed(() => desk.store.state.open).value;
  const isWide = useMedia(WIDE);
  const withGuest = open !== null && (isWide || desk.conversations.guestShown.value);
  return (
    <div class={`app ${open ? "app-open" : ""} ${withGuest ? "app-guest" : ""}`}>
      <Title desk={desk} />
      <TopBar desk={desk} />
      <RingBanner desk={desk} />
      <Inbox desk={desk} />
      <main class="middle">
        <section class="conversation" aria-label={texts.conversation}>
          {open ? (
            <ConversationView key={open} desk={desk} id={open} withDetails={!isWide} />
          ) : (
            <div class="empty">
              <h2>{texts.noneOpen.title}</h2>
              <p>{texts.noneOpen.text}</p>
            </div>
          )}
        </section>
      </main>
      {withGuest && <GuestPanel key={open} desk={desk} id={open} isWide={isWide} />}
      <ShortcutSheet desk={desk} />
    </div>
  );
}

/** The window's title tells from behind other windows that somebody waits. */
function Title({ desk }: { desk: Desk }) {
  const waiting = useComputed(() => unreadConversations(desk.store.state)).value;
  const { title } = desk.store.peek().me;
  useEffect(() => {
    document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
  }, [waiting, title]);
  return null;
}
