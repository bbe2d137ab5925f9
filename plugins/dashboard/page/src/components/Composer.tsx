import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk";
import { channelName, guestName, languageName, replyWindow, sameLanguage } from "../format";
import { texts } from "../messages";
import { draftKey, languageOfGuest } from "../state";
import type { Conversation } from "../types";
import { CannedButton } from "./Canned";
import { Options, useCompletion } from "./Completion";
import { ChosenFiles, FilesButton, takesFiles } from "./Files";
import { Held } from "./Held";
import { ScheduleButton } from "./Scheduled";
import { TemplateForm } from "./Templates";
import { NARROW, TOUCH, useMedia } from "./hooks";
import { Icon } from "./icons";

interface Props {
  desk: Desk;
  conversation: Conversation;
}

/** Where one writes: a reply to the guest, or a note for colleagues. Each keeps a draft of its own. */
export function Composer({ desk, conversation: one }: Props) {
  const mode = useComputed(() => desk.store.state.modes[one.id] ?? "reply").value;
  const draft = useComputed(() => desk.store.state.drafts[draftKey(one.id, mode)] ?? "").value;
  const files = useComputed(() => desk.store.state.files[one.id]).value;
  const isTouch = useMedia(TOUCH);
  const box = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const completion = useCompletion({ desk, conversation: one, mode, field });
  const { me } = desk.store.peek();
  const left = replyWindow(one.window_closes_at, desk.store.now.value);
  const isNote = mode === "note";
  const isClosed = !isNote && left?.open === false;
  const isReply = !isNote && !isClosed;

  useEffect(() => {
    if (!matchMedia(NARROW).matches && !isTouch) field.current?.focus({ preventScroll: true });
  }, [one.id, mode]);
  useEffect(() => {
    const area = box.current?.closest<HTMLElement>(".conversation");
    if (!area || !isReply || !me.keepsDesk) return undefined;
    return takesFiles(area, (dropped) => desk.writing.addFiles(one.id, dropped));
  }, [one.id, isReply]);

  const send = (): void => {
    desk.writing.write(one.id, mode);
    field.current?.focus();
  };
  const pressed = (event: KeyboardEvent): void => {
    if (completion.pressed(event)) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || isTouch) return;
    event.preventDefault();
    send();
  };
  return (
    <>
      <Held desk={desk} conversation={one} />
      <div ref={box} class={`composer ${isNote ? "composer-note" : ""} ${isClosed ? "composer-closed" : ""}`}>
        <Options completion={completion} />
        <textarea
          ref={field}
          aria-label={isNote ? texts.note : texts.reply}
          aria-describedby="composer-hint"
          aria-keyshortcuts={isNote ? "n" : "r"}
          {...completion.attributes}
          placeholder={isNote ? texts.noteHint : isClosed ? texts.window.closed : texts.replyHint(guestName(one))}
          rows={isClosed ? 1 : 2}
          dir="auto"
          value={draft}
          disabled={isClosed}
          onInput={(event) => {
            desk.writing.draft(one.id, mode, event.currentTarget.value);
            completion.moved();
          }}
          onSelect={completion.moved}
          onBlur={completion.close}
          onKeyDown={pressed}
        />
        {isReply && files && <ChosenFiles files={files} onRemove={(file) => desk.writing.removeFile(one.id, file)} />}
        <div class="composer-foot">
          <label class="note-switch">
            <input
              type="checkbox"
              role="switch"
              aria-keyshortcuts={isNote ? "r" : "n"}
              checked={isNote}
              onChange={(event) => desk.writing.chooseMode(one.id, event.currentTarget.checked ? "note" : "reply")}
            />
            {texts.note}
          </label>
          {isReply && me.keepsDesk && (
            <span class="composer-tools">
              <FilesButton onChoose={(chosen) => desk.writing.addFiles(one.id, chosen)} />
              <CannedButton desk={desk} conversation={one} field={field} />
              <TranslateButton desk={desk} conversation={one} />
            </span>
          )}
          <Hint desk={desk} conversation={one} isNote={isNote} isClosed={isClosed} />
          {isReply && me.keepsDesk && (
            <ScheduleButton desk={desk} conversation={one} disabled={!draft.trim() || files !== undefined} />
          )}
          <button
            type="button"
            class={isNote ? "note-button" : "primary"}
            onClick={send}
            disabled={isClosed || (!draft.trim() && !(isReply && files))}
          >
            {isNote ? texts.addNote : texts.send}
          </button>
        </div>
      </div>
      {isClosed && me.can?.templates && <TemplateForm key={one.id} desk={desk} conversation={one} />}
    </>
  );
}

function Hint({ desk, conversation: one, isNote, isClosed }: Props & { isNote: boolean; isClosed: boolean }) {
  const language = useComputed(() => translatesInto(desk, one)).value;
  const isEdit = useComputed(() => one.id in desk.store.state.suggestions).value;
  const left = replyWindow(one.window_closes_at, desk.store.now.value);
  const parts: string[] = [];
  if (isNote) parts.push(texts.noteHint);
  else if (isClosed) {
    parts.push(texts.window.why(channelName(one.channel)));
    if (desk.store.peek().me.can?.templates) parts.push(texts.window.template);
  } else {
    if (isEdit) parts.push(texts.suggestion.edited);
    else if (one.handled_by === "bot" && one.status !== "resolved") parts.push(texts.replyTakesOver);
    if (language) parts.push(texts.translation.into(languageName(language)));
    if (left) parts.push(`${texts.window.closes(left.left)}.`);
  }
  return (
    <p id="composer-hint" class={isClosed ? "hint hint-strong" : left?.isSoon ? "hint hint-soon" : "hint"}>
      {parts.join(" ")}
    </p>
  );
}

/** Whether replies leave in the guest's language. Off until somebody asks for it; then on for that language. */
function TranslateButton({ desk, conversation: one }: Props) {
  const { me } = desk.store.peek();
  const language = useComputed(() => languageOfGuest(desk.store.state, one.id)).value;
  const isOn = useComputed(() => translatesInto(desk, one) !== null).value;
  if (!me.can?.translate || !language || sameLanguage(language, me.language ?? "en")) return null;
  const name = texts.translation.translateInto(languageName(language));
  return (
    <button
      type="button"
      class="plain icon-button"
      aria-pressed={isOn}
      aria-label={name}
      title={name}
      onClick={() => desk.writing.translateInto(language, !isOn)}
    >
      <Icon name="globe" />
    </button>
  );
}

function translatesInto(desk: Desk, one: Conversation): string | null {
  const { me, translating } = desk.store.state;
  const language = languageOfGuest(desk.store.state, one.id);
  return language && me.can?.translate && translating[language] ? language : null;
}
