import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { NARROW } from "./hooks";

const EDGE = 8;

interface Props {
  /** What the button is called, and what it opens. */
  name: string;
  face?: ComponentChildren;
  class?: string;
  disabled?: boolean;
  shortcut?: string;
  children: (close: () => void) => ComponentChildren;
}

/** A button and what it opens beside it: gone with Escape or a click elsewhere. A sheet from below on a phone. */
export function Popover({ name, face, class: look, disabled, shortcut, children }: Props) {
  const id = useId();
  const panel = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const close = (): void => panel.current?.hidePopover();

  useLayoutEffect(() => {
    const [box, anchor] = [panel.current, button.current];
    if (!isOpen || !box || !anchor) return undefined;
    const put = (): void => place(box, anchor);
    const observer = new ResizeObserver(put);
    observer.observe(box);
    window.addEventListener("resize", put);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", put);
    };
  }, [isOpen]);
  useEffect(() => {
    if (isOpen) panel.current?.querySelector<HTMLElement>("[data-first], input, button, select, textarea")?.focus();
  }, [isOpen]);

  return (
    <>
      <button
        type="button"
        ref={button}
        class={look}
        disabled={disabled}
        popovertarget={id}
        aria-haspopup="dialog"
        aria-keyshortcuts={shortcut}
        aria-expanded={isOpen}
        aria-label={face === undefined ? undefined : name}
        title={face === undefined ? undefined : name}
      >
        {face ?? name}
      </button>
      <div
        id={id}
        ref={panel}
        class="popover"
        popover="auto"
        role="dialog"
        aria-label={name}
        onBeforeToggle={(event) => setOpen(event.newState === "open")}
        onKeyDown={moveFocus}
      >
        {isOpen && children(close)}
      </div>
    </>
  );
}

/** Below its button where there is room, else above it, and never over the window's edge. */
function place(box: HTMLElement, anchor: HTMLElement): void {
  const { style } = box;
  style.left = style.top = "";
  if (matchMedia(NARROW).matches) return;
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const left = Math.min(at.left, innerWidth - width - EDGE);
  const isBelow = at.bottom + height + EDGE <= innerHeight || at.top < height + EDGE;
  const top = isBelow ? Math.min(at.bottom + 4, innerHeight - height - EDGE) : at.top - height - 4;
  style.left = `${Math.max(EDGE, left)}px`;
  style.top = `${Math.max(EDGE, top)}px`;
}

/** The arrow keys go from choice to choice. */
function moveFocus(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !(event.currentTarget instanceof HTMLElement)) return;
  const choices = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-choice]")];
  if (choices.length === 0 || event.target instanceof HTMLInputElement && event.target.type === "datetime-local") return;
  event.preventDefault();
  const at = choices.indexOf(document.activeElement as HTMLElement);
  choices[(at + step + choices.length) % choices.length]?.focus();
}
