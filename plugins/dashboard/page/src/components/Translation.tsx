import { useState } from "preact/hooks";
import type { Desk } from "../desk";
import { languageName, sameLanguage } from "../format";
import { texts } from "../messages";
import type { Conversation, Message } from "../types";
import { useBusy } from "./hooks";

interface Props {
  desk: Desk;
  message: Message;
  conversation: Conversation | null;
}

/** A message in the other language: what the guest's words mean, or what staff wrote before it was translated. */
export function Translation({ desk, message, conversation }: Props) {
  if (message.original) return <OtherText label={texts.translation.original} text={message.original} />;
  const known = message.translations?.[ownLanguage(desk)];
  if (!known) return null;
  const from = languageOf(message, conversation);
  return <OtherText label={texts.translation.from(from ? languageName(from) : null)} text={known} />;
}

/** The way to a translation, where there is none yet of what a guest wrote in another language. */
export function AskForTranslation({ desk, message, conversation }: Props) {
  const [busy, act] = useBusy();
  const mine = ownLanguage(desk);
  const from = message.direction === "in" ? languageOf(message, conversation) : null;
  const isForeign = from !== null && !sameLanguage(from, mine);
  if (!desk.store.peek().me.can?.translate || !isForeign || message.translations?.[mine] || !message.text.trim()) {
    return null;
  }
  const translate = act(() => desk.work.translate(message.conversation_id, message.id, mine));
  return (
    <button type="button" class="quiet" disabled={busy} onClick={translate}>
      {busy ? texts.translation.busy : texts.translation.ask}
    </button>
  );
}

function ownLanguage(desk: Desk): string {
  return desk.store.peek().me.language ?? "en";
}

function languageOf(message: Message, conversation: Conversation | null): string | null {
  return message.language ?? conversation?.guest.language ?? null;
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
