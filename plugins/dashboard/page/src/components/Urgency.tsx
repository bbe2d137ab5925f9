import type { Desk } from "../desk";
import { shortTime } from "../format";
import { texts } from "../messages";
import type { Conversation, Urgent } from "../types";
import { useBusy } from "./hooks";

/** Words of danger: what the guest wrote, whom it calls, and the button that says that somebody has heard. */
export function Urgency(props: { desk: Desk; conversation: Conversation; urgent: Urgent }) {
  const { desk, conversation: one, urgent } = props;
  const [busy, act] = useBusy();
  const { user } = desk.store.peek().me;
  const since = shortTime(urgent.since, desk.store.now.value);
  if (urgent.acknowledged_by) {
    const who = urgent.acknowledged_by === user ? texts.you : urgent.acknowledged_by;
    return <p class="urgency urgency-heard">{texts.urgent.heard(urgent.words, since, who)}</p>;
  }
  const calls = urgent.rings_for === user ? texts.you : urgent.rings_for;
  return (
    <div class="urgency" role="alert">
      <p>
        <strong>{texts.urgent.title(urgent.words)}</strong> {texts.urgent.since(since)} {texts.urgent.rings(calls)}
      </p>
      <button type="button" class="urgency-button" disabled={busy} onClick={act(() => desk.work.acknowledge(one.id))}>
        {texts.urgent.acknowledge}
      </button>
    </div>
  );
}
