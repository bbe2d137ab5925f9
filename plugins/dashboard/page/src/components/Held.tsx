import { useComputed } from "@preact/signals";
import type { Desk } from "../desk";
import { authorName, excerpt, guestName } from "../format";
import { texts } from "../messages";
import { saidByOthersAfter } from "../state";
import type { Conversation, Message } from "../types";

/** A reply that waits: what came that its writer had not seen, to be looked at before it leaves. */
export function Held({ desk, conversation: one }: { desk: Desk; conversation: Conversation }) {
  const came = useComputed(() => {
    const { held } = desk.store.state;
    return held?.conversationId === one.id ? saidByOthersAfter(desk.store.state, one.id, held.afterSeq) : null;
  }).value;
  if (!came) return null;
  return (
    <div class="held" role="alert">
      <p>
        <strong>{texts.held.title}</strong>
      </p>
      <ul>
        {came.map((message) => (
          <li key={message.id} dir="auto">
            <strong>{`${who(message, one)}: `}</strong>
            {excerpt({ ...message, direction: "in" }, "")}
          </li>
        ))}
      </ul>
      <div class="held-choices">
        <button type="button" onClick={() => desk.writing.lookedAt(one.id)}>
          {texts.held.edit}
        </button>
        <button type="button" class="primary" onClick={() => desk.writing.sendAnyway(one.id)}>
          {texts.held.anyway}
        </button>
      </div>
    </div>
  );
}

function who(message: Message, one: Conversation): string {
  return message.direction === "in" ? guestName(one) : authorName(message, "");
}
