import { useState } from "preact/hooks";
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

/** The canned replies behind a button, for those who do not type `/`. Who leads others may change them there. */
export function CannedButton(props: Props) {
  return (
    <Popover name={texts.canned.title} face={<Icon name="slash" />} class="plain icon-button">
      {(close) => <CannedList {...props} close={close} />}
    </Popover>
  );
}

function CannedList({ desk, conversation: one, field, close }: Props & { close: () => void }) {
  const { value, problem } = useFetched(desk.lookups.canned, one.hotel);
  const [edited, setEdited] = useState<CannedReply | "new" | null>(null);
  const isLead = ["lead", "admin"].includes(desk.store.peek().me.role);
  const insert = (reply: CannedReply): void => {
    const text = filled(reply.text, fieldsOf(desk, one));
    const before = desk.store.peek().drafts[draftKey(one.id, "reply")] ?? "";
    close();
    desk.writing.draft(one.id, "reply", before ? `${before.trimEnd()}\n${text}` : text);
    field.current?.focus();
  };
  if (edited) {
    return <CannedForm desk={desk} hotel={one.hotel} reply={edited === "new" ? null : edited} done={() => setEdited(null)} />;
  }
  return (
    <div class="choices choices-wide">
      <p class="choices-title">{texts.canned.title}</p>
      {!value && <p class="hint">{problem ?? texts.loading}</p>}
      {value?.length === 0 && <p class="hint">{texts.canned.none}</p>}
      {value?.map((reply) => (
        <span key={reply.id} class="canned">
          <button type="button" data-choice onClick={() => insert(reply)}>
            <strong>/{reply.shortcut}</strong>
            <span dir="auto">{reply.text}</span>
          </button>
          {isLead && (
            <button type="button" class="plain small" aria-label={texts.canned.change(reply.shortcut)} onClick={() => setEdited(reply)}>
              {texts.edit}
            </button>
          )}
        </span>
      ))}
      {isLead && (
        <button type="button" data-choice onClick={() => setEdited("new")}>
          {texts.canned.add}
        </button>
      )}
      <p class="hint">{texts.canned.hint}</p>
    </div>
  );
}

function CannedForm(props: { desk: Desk; hotel: string; reply: CannedReply | null; done: () => void }) {
  const { desk, hotel, reply, done } = props;
  const [shortcut, setShortcut] = useState(reply?.shortcut ?? "");
  const [text, setText] = useState(reply?.text ?? "");
  const [problem, setProblem] = useState("");
  const tried = (asked: Promise<void>): void => {
    asked.then(done, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  };
  return (
    <form
      class="choices choices-wide"
      onSubmit={(event) => {
        event.preventDefault();
        tried(desk.lookups.saveCanned({ ...(reply && { id: reply.id }), hotel, shortcut: shortcut.trim(), text: text.trim() }));
      }}
    >
      <label>
        {texts.canned.shortcut}
        <input
          type="text"
          required
          autoFocus
          maxLength={40}
          pattern="[\p{L}\p{N}._\-]+"
          value={shortcut}
          onInput={(event) => setShortcut(event.currentTarget.value)}
        />
      </label>
      <label>
        {texts.canned.text}
        <textarea required rows={4} dir="auto" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <p class="hint">{texts.canned.fields}</p>
      {problem && (
        <p class="hint hint-bad" role="alert">
          {problem}
        </p>
      )}
      <div class="choices-foot">
        {reply && (
          <button type="button" class="plain" onClick={() => tried(desk.lookups.removeCanned(reply))}>
            {texts.canned.remove}
          </button>
        )}
        <button type="button" onClick={done}>
          {texts.cancel}
        </button>
        <button type="submit" class="primary">
          {texts.save}
        </button>
      </div>
    </form>
  );
}
