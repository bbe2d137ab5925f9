import { filled } from "../complete";
import type { Desk } from "../desk";
import { texts } from "../messages";
import { draftKey, hotelName } from "../state";
import type { CannedReply, Conversation } from "../types";
import { useFetched } from "./hooks";
import { Icon } from "./icons";
import { Popover } from "./Popover";

interface Props {
  desk: Desk;
  conversation: Conversation;
  field: { current: HTMLTextAreaElement | null };
}

/** What a canned reply may hold of the guest and the hotel. */
export function fieldsOf(desk: Desk, one: Conversation): Record<string, string> {
  return {
    guest: one.guest.name?.trim() ?? "",
    hotel: hotelName(desk.store.peek().me.hotels, one.hotel),
  };
}

/** The canned replies behind a button, for those who do not type `/`. Who leads others may change them on their page. */
export function CannedButton(props: Props) {
  return (
    <Popover name={texts.canned.title} face={<Icon name="slash" />} class="plain icon-button">
      {(close) => <CannedList {...props} close={close} />}
    </Popover>
  );
}

function CannedList({ desk, conversation: one, field, close }: Props & { close: () => void }) {
  const { value, problem } = useFetched(desk.lookups.canned, one.hotel);
  const isLead = ["lead", "admin"].includes(desk.store.peek().me.role);
  const insert = (reply: CannedReply): void => {
    const text = filled(reply.text, fieldsOf(desk, one));
    const before = desk.store.peek().drafts[draftKey(one.id, "reply")] ?? "";
    close();
    desk.writing.draft(one.id, "reply", before ? `${before.trimEnd()}\n${text}` : text);
    field.current?.focus();
  };
  return (
    <div class="choices choices-wide">
      <p class="choices-title">{texts.canned.title}</p>
      {!value && <p class="hint">{problem ?? texts.loading}</p>}
      {value?.length === 0 && <p class="hint">{texts.canned.none}</p>}
      {value?.map((reply) => (
        <button key={reply.id} type="button" data-choice class="canned" onClick={() => insert(reply)}>
          <strong>/{reply.shortcut}</strong>
          <span dir="auto">{reply.text}</span>
        </button>
      ))}
      <p class="hint">
        {texts.canned.hint} {isLead && <a href="/canned">{texts.canned.manage}</a>}
      </p>
    </div>
  );
}
