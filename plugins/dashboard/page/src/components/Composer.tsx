import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk";
import { channelName, guestName, replyWindow } from "../format";
import { texts } from "../messages";
import { draftKey } from "../state";
import type { Conversation } from "../types";
import { NARROW, TOUCH, useMedia } from "./hooks";

/** Where one writes: a reply to the guest, or a note for colleagues. Each keeps a draft of its own. */
export function Composer({ desk, conversation: one }: { desk: Desk; conversation: Conversation }) {
  const mode = useComputed(() => desk.store.state.modes[one.id] ?? "reply").value;
  const draft = useComputed(() => desk.store.state.drafts[draftKey(one.id, mode)] ?? "").value;
  const isTouch = useMedia(TOUCH);
  const field = useRef<HTMLTextAreaElement>(null);
  const left = replyWindow(one.window_closes_at, desk.store.now.value);
  const isClosed = mode === "reply" && left?.open === false;
  const isNote = mode === "note";

  useEffect(() => {
    if (!matchMedia(NARROW).matches && !isTouch) field.current?.focus({ preventScroll: true });
  }, [one.id, mode]);

  const send = (): void => {
    desk.writing.write(one.id, mode);
    field.current?.focus();
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || isTouch) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class={`composer ${isNote ? "composer-note" : ""} ${isClosed ? "composer-closed" : ""}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        aria-label={isNote ? texts.note : texts.reply}
        aria-describedby="composer-hint"
        placeholder={isNote ? texts.noteHint : isClosed ? texts.window.closed : texts.replyHint(guestName(one))}
        rows={isClosed ? 1 : 2}
        dir="auto"
        value={draft}
        disabled={isClosed}
        onInput={(event) => desk.writing.draft(one.id, mode, event.currentTarget.value)}
        onKeyDown={pressed}
      />
      <div class="composer-foot">
        <label class="note-switch">
          <input
            type="checkbox"
            role="switch"
            checked={isNote}
            onChange={(event) => desk.writing.chooseMode(one.id, event.currentTarget.checked ? "note" : "reply")}
          />
          {texts.note}
        </label>
        <p id="composer-hint" class={isClosed ? "hint hint-strong" : "hint"}>
          {hint(one, mode === "note", left)}
        </p>
        <button type="submit" class={isNote ? "note-button" : "primary"} disabled={isClosed || !draft.trim()}>
          {isNote ? texts.addNote : texts.send}
        </button>
      </div>
    </form>
  );
}

function hint(one: Conversation, isNote: boolean, left: ReturnType<typeof replyWindow>): string {
  if (isNote) return texts.noteHint;
  if (left?.open === false) return texts.window.why(channelName(one.channel));
  const parts = [];
  if (one.handled_by === "bot" && one.status !== "resolved") parts.push(texts.replyTakesOver);
  if (left) parts.push(`${texts.window.closes(left.left)}.`);
  return parts.join(" ");
}
