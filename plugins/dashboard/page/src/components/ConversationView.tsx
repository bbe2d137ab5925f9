import { useComputed } from "@preact/signals";
import type { Desk } from "../desk";
import { texts } from "../messages";
import { conversation, othersAt, thread } from "../state";
import { BotDraft } from "./BotDraft";
import { Composer } from "./Composer";
import { ConversationHead } from "./ConversationHead";
import { MessageList } from "./MessageList";
import { ScheduledLines } from "./Scheduled";
import { Tools } from "./Tools";
import { Urgency } from "./Urgency";

/** The middle: a conversation's head, its messages, and where one writes. */
export function ConversationView(props: { desk: Desk; id: string; withDetails: boolean }) {
  const { desk, id } = props;
  const one = useComputed(() => conversation(desk.store.state, id)).value;
  const problem = useComputed(() => thread(desk.store.state, id).problem).value;
  const { keepsDesk } = desk.store.peek().me;
  return (
    <>
      <ConversationHead desk={desk} conversation={one} withDetails={props.withDetails} />
      {one && keepsDesk && <Tools desk={desk} conversation={one} />}
      {one?.urgent && <Urgency desk={desk} conversation={one} urgent={one.urgent} />}
      <Outcome desk={desk} id={id} />
      {problem && !one ? (
        <div class="empty" role="alert">
          <h2>{texts.unknownConversation}</h2>
          <p>{problem}</p>
        </div>
      ) : (
        <MessageList desk={desk} id={id} />
      )}
      <Others desk={desk} id={id} />
      {one?.scheduled_at && <ScheduledLines desk={desk} conversation={one} />}
      {one?.suggestion && <BotDraft desk={desk} conversation={one} suggestion={one.suggestion} />}
      {one && <Composer desk={desk} conversation={one} />}
    </>
  );
}

/** What came of the last thing that was done here: why it was not done, or that it was, and the way back. */
function Outcome({ desk, id }: { desk: Desk; id: string }) {
  const refusal = useComputed(() => desk.store.state.refusal).value;
  const outcome = desk.work.outcome.value;
  const refused = refusal?.conversationId === id ? refusal.text : null;
  const done = !refused && outcome?.conversationId === id ? outcome : null;
  return (
    <>
      {refused && (
        <p class="refusal" role="alert">
          {refused}
        </p>
      )}
      <div class={done ? "outcome" : "hidden"} role="status" aria-label={texts.done.label}>
        {done && <span>{done.text}</span>}
        {done?.undo && (
          <button type="button" class="quiet" onClick={done.undo}>
            {texts.undo}
          </button>
        )}
      </div>
    </>
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
