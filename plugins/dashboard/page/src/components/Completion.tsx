import { useEffect, useId, useState } from "preact/hooks";
import { type Option, type Word, cannedOptions, peopleOptions, replaceWord, wordAt } from "../complete";
import type { Desk } from "../desk";
import { texts } from "../messages";
import type { Mode } from "../state";
import type { Conversation } from "../types";
import { fieldsOf } from "./Canned";
import { useFetched } from "./hooks";

interface Writer {
  desk: Desk;
  conversation: Conversation;
  mode: Mode;
  field: { current: HTMLTextAreaElement | null };
}

export type Completion = ReturnType<typeof useCompletion>;

/** Canned replies after `/` in a reply, colleagues after `@` in a note: found as one types, chosen by keyboard. */
export function useCompletion({ desk, conversation: one, mode, field }: Writer) {
  const id = useId();
  const [word, setWord] = useState<Word | null>(null);
  const [active, setActive] = useState(0);
  const isOn = desk.store.peek().me.keepsDesk === true;
  const sign = mode === "note" ? "@" : "/";
  const canned = useFetched(desk.lookups.canned, isOn && sign === "/" && word ? one.hotel : "").value ?? [];
  const people = useFetched(desk.lookups.people, isOn && sign === "@" && word ? one.hotel : "").value ?? [];
  const options = optionsFor();

  function optionsFor(): Option[] {
    if (!word || word.sign !== sign) return [];
    if (sign === "/") return cannedOptions(canned, word.typed, fieldsOf(desk, one));
    return peopleOptions(people, word.typed, desk.store.peek().me.user);
  }

  const close = (): void => setWord(null);
  useEffect(close, [one.id, mode]);

  const moved = (): void => {
    const area = field.current;
    if (!isOn || !area) return;
    const found = area.selectionStart === area.selectionEnd ? wordAt(area.value, area.selectionStart, sign) : null;
    setWord(found);
    if (found?.typed !== word?.typed || found?.from !== word?.from) setActive(0);
  };
  const choose = (option: Option): void => {
    const area = field.current;
    if (!word || !area) return;
    const { text, caret } = replaceWord(area.value, word, option.insert);
    desk.writing.draft(one.id, mode, text);
    close();
    area.value = text;
    area.focus();
    area.setSelectionRange(caret, caret);
  };
  /** Whether a key was meant for the options. */
  const pressed = (event: KeyboardEvent): boolean => {
    if (options.length === 0 || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chosen = options[active];
    if (step) setActive((active + step + options.length) % options.length);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && chosen) choose(chosen);
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const isOpen = options.length > 0;
  const attributes = isOn
    ? ({
        "aria-autocomplete": "list",
        "aria-controls": isOpen ? id : undefined,
        "aria-activedescendant": isOpen ? `${id}-${active}` : undefined,
      } as const)
    : {};
  return { id, options, active, attributes, sign, moved, pressed, choose, close };
}

export function Options({ completion }: { completion: Completion }) {
  const { id, options, active, sign } = completion;
  if (options.length === 0) return null;
  return (
    <ul class="options" id={id} role="listbox" aria-label={sign === "/" ? texts.canned.title : texts.mention}>
      {options.map((option, at) => (
        <li
          key={option.key}
          id={`${id}-${at}`}
          role="option"
          aria-selected={at === active}
          // A click must not take the focus from where one writes.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => completion.choose(option)}
          ref={at === active ? scrollHere : null}
        >
          <strong>{option.name}</strong>
          {option.more && <span dir="auto">{option.more}</span>}
        </li>
      ))}
    </ul>
  );
}

function scrollHere(element: Element | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
