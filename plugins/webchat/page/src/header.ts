// The hotel's name, how the connection stands, and, inside a bubble, the way out.

import { element, icon } from "./dom";
import { framed, tellBubble } from "./frame";
import type { Texts } from "./texts";
import type { Link } from "./types";

const CROSS = "m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z";

export class Header {
  readonly node: HTMLElement;
  private readonly status: HTMLElement;

  constructor(
    name: string,
    private readonly texts: Texts,
  ) {
    this.status = element("p", { role: "status", "aria-label": texts.connection, class: "connection" });
    const mark = element("span", { class: "mark", "aria-hidden": "true" }, initials(name));
    this.node = element("header", {}, mark, element("div", {}, element("h1", {}, name), this.status));
    if (framed) this.node.append(this.closeButton());
  }

  link(state: Link): void {
    this.status.className = `connection ${state}`;
    this.status.textContent = this.texts[state];
  }

  private closeButton(): HTMLButtonElement {
    const { close } = this.texts;
    const button = element("button", { type: "button", class: "close", "aria-label": close, title: close }, icon(CROSS));
    button.addEventListener("click", () => tellBubble({ innbox: "close" }));
    return button;
  }
}

/** Return one letter or two for the mark: those of the name's last words, which tell hotels apart. */
function initials(name: string): string {
  const words = name.replace(/^(hotel|the)\s+/i, "").split(/\s+/).filter(Boolean);
  return words.slice(0, 2).map((word) => Array.from(word)[0]?.toUpperCase() ?? "").join("");
}
