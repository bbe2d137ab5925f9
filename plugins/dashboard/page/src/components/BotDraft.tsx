import { useComputed } from "@preact/signals";
import type { Desk } from "../desk";
import { unnamedSources } from "../format";
import { texts } from "../messages";
import type { Conversation, Suggestion } from "../types";
import { useBusy } from "./hooks";
import { Why } from "./Why";

/** What the bot would answer: sent as it is, edited below, or put away. It makes room while it is being edited, and
 * while a reply is held. */
export function BotDraft(props: { desk: Desk; conversation: Conversation; suggestion: Suggestion }) {
  const { desk, conversation: one, suggestion } = props;
  const [busy, act] = useBusy();
  const isAside = useComputed(() => {
    const { suggestions, held } = desk.store.state;
    return suggestions[one.id] === suggestion.id || held?.conversationId === one.id;
  }).value;
  const { writing } = desk;
  const sources = unnamedSources(suggestion);
  if (isAside) return null;
  return (
    <section class="bot-draft" aria-label={texts.suggestion.label}>
      <p class="author">{texts.suggestion.label}</p>
      <p class="text" dir="auto">
        {suggestion.text}
      </p>
      {sources.length > 0 && <p class="hint">{texts.sources(sources)}</p>}
      <div class="bot-draft-foot">
        <Why desk={desk} id={one.id} turnId={suggestion.turn_id} />
        <button type="button" class="plain" disabled={busy} onClick={act(() => writing.dismissSuggestion(one.id, suggestion))}>
          {texts.suggestion.dismiss}
        </button>
        <button type="button" disabled={busy} onClick={() => writing.editSuggestion(one.id, suggestion)}>
          {texts.edit}
        </button>
        <button type="button" class="bot-button" disabled={busy} onClick={() => writing.sendSuggestion(one.id, suggestion)}>
          {texts.suggestion.send}
        </button>
      </div>
    </section>
  );
}
