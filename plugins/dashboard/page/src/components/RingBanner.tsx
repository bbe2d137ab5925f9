import { useComputed } from "@preact/signals";
import type { Desk } from "../desk";
import { duration, guestName } from "../format";
import { texts } from "../messages";
import type { Conversation } from "../types";
import { useBusy } from "./hooks";

const MOST = 3;

/** What rings, over everything else: a line each, until somebody says that they have heard. */
export function RingBanner({ desk }: { desk: Desk }) {
  const open = useComputed(() => desk.store.state.open).value;
  // The open one says so itself.
  const rings = desk.notifier.rings.value.filter((one) => one.id !== open);
  return (
    <div class="rings" role="alert">
      {rings.slice(0, MOST).map((one) => (
        <Ring key={one.id} desk={desk} conversation={one} />
      ))}
      {rings.length > MOST && <p class="ring">{texts.rings.more(rings.length - MOST)}</p>}
    </div>
  );
}

function Ring({ desk, conversation: one }: { desk: Desk; conversation: Conversation }) {
  const [busy, act] = useBusy();
  const since = one.urgent ? duration(one.urgent.since, desk.store.now.value) : "";
  return (
    <p class="ring">
      <span class="ring-words" dir="auto">
        <strong>{texts.rings.urgent(guestName(one))}</strong> {one.urgent?.words.join(", ")} · {since}
      </span>
      <button type="button" onClick={() => desk.conversations.open(one.id)}>
        {texts.rings.open}
      </button>
      <button type="button" class="ring-heard" disabled={busy} onClick={act(() => desk.notifier.acknowledge(one.id))}>
        {texts.rings.acknowledge}
      </button>
    </p>
  );
}
