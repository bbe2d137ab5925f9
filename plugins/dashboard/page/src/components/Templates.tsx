import { useState } from "preact/hooks";
import { filledTemplate } from "../complete";
import type { Desk } from "../desk";
import { languageName, sameLanguage } from "../format";
import { texts } from "../messages";
import type { Conversation, MessageTemplate } from "../types";
import { useBusy, useFetched } from "./hooks";

interface Props {
  desk: Desk;
  conversation: Conversation;
}

/** What may still be written when the window is closed: an approved text, seen as the guest will, before it leaves. */
export function TemplateForm({ desk, conversation: one }: Props) {
  const { value, problem } = useFetched(desk.lookups.templates, one.id);
  const [sid, setSid] = useState("");
  if (!value) return problem ? <p class="templates hint">{problem}</p> : null;
  if (value.length === 0) return <p class="templates hint">{texts.templates.none}</p>;
  const offered = guestsLanguageFirst(value, one.guest.language);
  const chosen = offered.find((template) => template.content_sid === sid);
  return (
    <div class="templates">
      <label>
        <span>{texts.templates.choose}</span>
        <select value={sid} onChange={(event) => setSid(event.currentTarget.value)}>
          <option value="">{texts.templates.which}</option>
          {offered.map((template) => (
            <option key={template.content_sid} value={template.content_sid}>
              {`${template.name} (${languageName(template.language)})`}
            </option>
          ))}
        </select>
      </label>
      {chosen && <Filling key={sid} desk={desk} conversation={one} template={chosen} done={() => setSid("")} />}
    </div>
  );
}

function Filling(props: Props & { template: MessageTemplate; done: () => void }) {
  const { desk, conversation: one, template } = props;
  const [values, setValues] = useState<Record<string, string>>({});
  const [busy, act] = useBusy();
  const isFilled = template.variables.every((name) => values[name]?.trim());
  const send = async (): Promise<void> => {
    if (await desk.writing.sendTemplate(one.id, template.content_sid, values)) props.done();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isFilled) act(send)();
      }}
    >
      {template.variables.map((name) => (
        <label key={name}>
          <span>{texts.templates.blank(name)}</span>
          <input
            type="text"
            required
            dir="auto"
            value={values[name] ?? ""}
            onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <figure class="template-preview">
        <figcaption class="author">{texts.templates.preview}</figcaption>
        <p class="text" dir="auto" lang={template.language}>
          {filledTemplate(template.text, values)}
        </p>
      </figure>
      <button type="submit" class="primary" disabled={!isFilled || busy}>
        {texts.templates.send}
      </button>
    </form>
  );
}

function guestsLanguageFirst(templates: MessageTemplate[], language: string | null): MessageTemplate[] {
  const rank = (one: MessageTemplate): number => (language && sameLanguage(one.language, language) ? 0 : 1);
  return [...templates].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}
