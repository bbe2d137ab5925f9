import type { Desk } from "../desk";
import { texts } from "../messages";
import type { Message, MessageAction } from "../types";
import { Icon } from "./icons";
import { Popover } from "./Popover";
import { isTranslatable, translate } from "./Translation";

/** What can be done with a message, by the house and by plugins; nothing where there is nothing. */
export function MessageActions({ desk, message }: { desk: Desk; message: Message }) {
  const actions = desk.lookups.actions.of("all").value.value ?? [];
  const canTranslate = isTranslatable(desk, message);
  if (actions.length === 0 && !canTranslate) return null;
  return (
    <Popover name={texts.actions} face={<Icon name="more" size={18} />} class="plain message-more">
      {(close) => {
        const choice = (key: string, label: string, act: () => Promise<void>) => (
          <button
            key={key}
            type="button"
            data-choice
            onClick={() => {
              close();
              void act();
            }}
          >
            {label}
          </button>
        );
        return (
          <div class="choices">
            {canTranslate && choice("translate", texts.translation.ask, () => translate(desk, message))}
            {actions.map((action) => choice(`action ${action.name}`, action.label, () => act(desk, action, message)))}
          </div>
        );
      }}
    </Popover>
  );
}

async function act(desk: Desk, action: MessageAction, message: Message): Promise<void> {
  const said = await desk.lookups.act(action, message).catch((error: unknown) => {
    return error instanceof Error ? error.message : texts.problem.unreachable;
  });
  desk.work.tell(message.conversation_id, said);
}
