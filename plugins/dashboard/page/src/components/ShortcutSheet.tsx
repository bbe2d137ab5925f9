import { useEffect, useRef } from "preact/hooks";
import type { Desk } from "../desk";
import { texts } from "../messages";
import { VIEW_KEYS } from "../shortcuts";
import { viewsOf } from "../state";
import { Icon } from "./icons";

type Line = [keys: string[], does: string];

/** All shortcuts, beside what one does: nothing is covered that cannot be reached. */
export function ShortcutSheet({ desk }: { desk: Desk }) {
  const isOpen = desk.keyboard.sheet.value;
  const close = useRef<HTMLButtonElement>(null);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    if (isOpen) {
      before.current = document.activeElement;
      close.current?.focus();
    } else if (before.current instanceof HTMLElement) {
      before.current.focus();
      before.current = null;
    }
  }, [isOpen]);
  if (!isOpen) return null;
  return (
    <div class="sheet" role="dialog" aria-label={texts.menu.sheet}>
      <div class="sheet-head">
        <h2>{texts.shortcuts.title}</h2>
        <button
          type="button"
          class="plain stop"
          ref={close}
          aria-label={texts.shortcuts.close}
          onClick={() => (desk.keyboard.sheet.value = false)}
        >
          <Icon name="close" />
        </button>
      </div>
      {!desk.preferences.shortcuts.value && <p class="hint">{texts.shortcuts.off}</p>}
      {groups(desk).map(([title, lines]) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl>
            {lines.map(([keys, does]) => (
              <div key={does}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

function groups(desk: Desk): [string, Line[]][] {
  const { shortcuts: words, views } = texts;
  const { keepsDesk } = desk.store.peek().me;
  const list: Line[] = [
    [["j", "↓"], words.next],
    [["k", "↑"], words.previous],
    [["Enter"], words.openIt],
    [["/"], words.search],
  ];
  const tools: Line[] = [
    [["s"], words.snooze],
    [["l"], words.label],
    [["a"], words.assign],
    [["/"], words.canned],
  ];
  const conversation: Line[] = [
    [["r"], words.reply],
    [["n"], words.note],
    [["t"], words.takeOver],
    [["b"], words.giveBack],
    [["e"], words.resolve],
    [["i"], texts.guestDetails],
    ...(keepsDesk ? tools : []),
    [["Enter"], words.send],
  ];
  const chosen = viewsOf(desk.store.peek()).map((view): Line => [["g", VIEW_KEYS[view] ?? ""], views[view]]);
  const anywhere: Line[] = [
    [["Esc"], words.leave],
    [["?"], words.sheet],
  ];
  return [
    [words.list, list],
    [words.conversation, conversation],
    [words.views, chosen],
    [words.anywhere, anywhere],
  ];
}
