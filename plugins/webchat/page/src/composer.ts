// Where the guest writes.

import { element, icon } from "./dom";
import type { Texts } from "./texts";

const PLANE = "M3.4 20.4 21 12 3.4 3.6 3.3 10l11 2-11 2z";
const COUNT_FROM = 0.8; // of the limit: before that nobody needs a counter

export class Composer {
  readonly node: HTMLFormElement;
  private readonly box: HTMLTextAreaElement;
  private readonly counter: HTMLElement;

  constructor(
    private readonly texts: Texts,
    private readonly maxChars: number,
    private readonly send: (text: string) => void,
  ) {
    this.box = element("textarea", {
      rows: "1",
      maxlength: String(maxChars),
      "aria-label": texts.message,
      placeholder: texts.placeholder,
      autocomplete: "off",
      enterkeyhint: "send",
      dir: "auto",
    });
    this.counter = element("p", { class: "counter", "aria-live": "polite" });
    const button = element("button", { type: "submit", class: "send", "aria-label": texts.send, title: texts.send }, icon(PLANE));
    this.node = element("form", { class: "composer" }, this.counter, this.box, button);
    this.box.addEventListener("input", () => this.fit());
    this.box.addEventListener("keydown", (event) => this.onKey(event));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  focus(): void {
    this.box.focus();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.submit();
  }

  private submit(): void {
    const text = this.box.value.trim();
    if (!text) return;
    this.box.value = "";
    this.fit();
    this.box.focus();
    this.send(text);
  }

  private fit(): void {
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
    const length = this.box.value.length;
    this.counter.textContent = length < this.maxChars * COUNT_FROM ? "" : `${this.maxChars - length} ${this.texts.left}`;
  }
}
