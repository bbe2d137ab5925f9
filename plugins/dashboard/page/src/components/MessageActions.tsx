import type { Desk } from "../desk";
import { texts } from "../messages";
import type { Message, MessageAction } from "../types";
import { Icon } from "./icons";
import { Popover } from "./Popover";

/** What plugins can do with a message; nothing where they bring nothing. */
export function MessageActions({ desk, message }: { desk: Desk; message: Message }) {
  const actions = desk.lookups.actions.of("all").value.value ?? [];
  if (actions.length === 0) return null;
  const act = async (action: MessageAction): Promise<void> => {
    const said = await desk.lookups.act(action, message).catch((error: unknown) => {
      return error instanceof Error ? error.message : texts.problem.unreachable;
    });
    desk.work.tell(message.conversation_id, said);
  };
  return (
    <Popover name={texts.actions} face={<Icon name="more" size={18} />} class="plain message-more">
      {(close) => (
        <div class="choices">
          {actions.map((action) => (
            <button
              key={action.name}
              type="button"
              data-choice
              onClick={() => {
                close();
                void act(action);
              }}
            >
              {action.label}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
}
