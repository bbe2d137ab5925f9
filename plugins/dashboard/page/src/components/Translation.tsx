import { useComputed } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Desk } from "../desk";
import { languageName, sameLanguage } from "../format";
import { texts } from "../messages";
import { languageOfGuest } from "../state";
import type { Message } from "../types";
import { useBusy } from "./hooks";

interface Props {
  desk: Desk;
  message: Message;
}

/** A message in the other language: what the guest's words mean, or what staff wrote before it was translated. */
export function Translation({ desk, message }: Props) {
  if (message.original) return <OtherText label={texts.translation.original} text={message.original} />;
  const known = message.translations?.[ownLanguage(desk)];
  if (!known || known.trim() === message.text.trim()) return null;
  const label = texts.translation.from(message.language ? languageName(message.language) : null);
  return <OtherText label={label} text={known} />;
}

/**
 * The way to a translation, where there is none yet of what a guest wrote in another language. While one's replies are
 * translated, the guest's last messages are as well, by themselves.
 */
export function AskForTranslation({ desk, message, isRecent }: Props & { isRecent: boolean }) {
  const [busy, act] = useBusy();
  const guests = useComputed(() => languageOfGuest(desk.store.state, message.conversation_id)).value;
  const isByItself = useComputed(() => guests !== null && desk.store.state.translating[guests] === true).value;
  const from = message.language ?? guests;
  const isAsked = isTranslatable(desk, message) && from !== null && !sameLanguage(from, ownLanguage(desk));
  useEffect(() => {
    if (isAsked && isByItself && isRecent) desk.work.translateQuietly(message, ownLanguage(desk));
  }, [isAsked, isByItself, isRecent]);
  if (!isAsked) return null;
  return (
    <button type="button" class="quiet" disabled={busy} onClick={act(() => translate(desk, message))}>
      {busy ? texts.translation.busy : texts.translation.ask}
    </button>
  );
}

/** Whether there is something of a guest's to translate, in whatever language it is. */
export function isTranslatable(desk: Desk, message: Message): boolean {
  const isGuests = message.direction === "in" && message.text.trim() !== "";
  return isGuests && desk.store.peek().me.can?.translate === true && !message.translations?.[ownLanguage(desk)];
}

export async function translate(desk: Desk, message: Message): Promise<void> {
  await desk.work.translate(message, ownLanguage(desk));
}

function ownLanguage(desk: Desk): string {
  return desk.store.peek().me.language ?? "en";
}

function OtherText({ label, text }: { label: string; text: string }) {
  const [isShown, setShown] = useState(true);
  return (
    <div class="translation">
      <button type="button" class="quiet" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
        {label}
      </button>
      {isShown && (
        <p class="text" dir="auto">
          {text}
        </p>
      )}
    </div>
  );
}
