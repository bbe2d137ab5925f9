import type { Desk } from "../desk";
import { delivery } from "../format";
import { texts } from "../messages";
import type { DeliveryStatus, Message } from "../types";
import { Tick } from "./icons";
import { useBusy } from "./hooks";

const QUIET: DeliveryStatus[] = ["pending", "sending", "sent", "delivered", "read"];

/** What became of a message that left: a tick and its name while all is well, words where it is not. */
export function DeliveryState({ message }: { message: Message }) {
  if (message.direction !== "out" || !message.status) return null;
  const words = delivery(message);
  if (!QUIET.includes(message.status)) return <span class="delivery">{words}</span>;
  return (
    <span class="delivery delivery-quiet" title={words}>
      <Tick status={message.status} />
      <span class="hidden">{words}</span>
    </span>
  );
}

/** What can be done where a message failed, or where nobody can tell whether it arrived. */
export function DeliveryChoices({ desk, message }: { desk: Desk; message: Message }) {
  const [busy, act] = useBusy();
  const { conversation_id: id } = message;
  if (!desk.store.peek().me.keepsDesk || message.direction !== "out") return null;
  if (message.status === "failed") {
    return (
      <p class="message-choices">
        <button type="button" class="small" disabled={busy} onClick={act(() => desk.work.retry(id, message.id))}>
          {texts.retry}
        </button>
      </p>
    );
  }
  if (message.status !== "parked") return null;
  const decide = (arrived: boolean) => act(() => desk.work.decide(id, message.id, arrived));
  return (
    <p class="message-choices" role="group" aria-label={texts.didItArrive}>
      <span>{texts.didItArrive}</span>
      <button type="button" class="small" disabled={busy} onClick={decide(true)}>
        {texts.itArrived}
      </button>
      <button type="button" class="small" disabled={busy} onClick={decide(false)}>
        {texts.sendAgain}
      </button>
    </p>
  );
}
