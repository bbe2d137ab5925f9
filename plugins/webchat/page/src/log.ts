// The log of messages: one element for each entry, kept in order without drawing anything anew that stays.

import { attachments } from "./attachments";
import { element } from "./dom";
import { linked } from "./links";
import type { Texts } from "./texts";
import type { Entry } from "./thread";

const NEAR_END = 80; // pixels: who reads further up is not torn away

export interface Choices {
  again(client_id: string): void;
  remove(client_id: string): void;
}

export class Log {
  readonly node: HTMLElement;
  readonly scroller: HTMLElement;
  readonly newest: HTMLButtonElement;
  private readonly drawn = new Map<string, { node: HTMLElement; was: string }>();
  private readonly time: Intl.DateTimeFormat;
  private readonly day: Intl.DateTimeFormat;

  constructor(
    private readonly texts: Texts,
    language: string,
    private readonly choices: Choices,
    intro: HTMLElement,
    typing: HTMLElement,
  ) {
    this.time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
    this.day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
    // Off until the first messages are there: nobody wants to hear a whole conversation read out at the start.
    this.node = element("div", { role: "log", "aria-live": "off", "aria-label": texts.conversation, class: "log" });
    this.scroller = element("main", { class: "scroller" }, intro, this.node, typing);
    this.scroller.tabIndex = 0;
    this.newest = element("button", { type: "button", class: "newest" }, texts.newest);
    this.newest.hidden = true;
    this.newest.addEventListener("click", () => this.toEnd());
    this.scroller.addEventListener("scroll", () => this.atEnd() && (this.newest.hidden = true), { passive: true });
    // A phone's keyboard takes half of the page: the last message stays in sight.
    new ResizeObserver(() => this.newest.hidden && this.toEnd()).observe(this.scroller);
  }

  /** Show these entries. `follow` goes to the end in any case. */
  show(entries: Entry[], follow: boolean): void {
    const wasAtEnd = this.atEnd();
    const before = this.drawn.size;
    const wanted = this.nodes(entries);
    wanted.forEach((node, index) => {
      const there = this.node.children[index];
      if (there !== node) this.node.insertBefore(node, there ?? null);
    });
    while (this.node.children.length > wanted.length) this.node.lastElementChild?.remove();
    if (follow || wasAtEnd) this.toEnd();
    else if (this.drawn.size > before) this.newest.hidden = false;
    if (this.node.getAttribute("aria-live") === "off") window.setTimeout(() => this.speak(), 500);
  }

  toEnd(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.newest.hidden = true;
  }

  private atEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  private speak(): void {
    this.node.setAttribute("aria-live", "polite");
  }

  private nodes(entries: Entry[]): HTMLElement[] {
    const nodes: HTMLElement[] = [];
    const keys = new Set<string>();
    let day = "";
    let author = "";
    for (const entry of entries) {
      const today = this.dayOf(entry.at);
      if (today !== day) nodes.push(this.nodeFor(`day ${today}`, today, keys, () => dayNode(today)));
      const first = today !== day || entry.kind !== author;
      [day, author] = [today, entry.kind];
      const was = JSON.stringify([entry.state, entry.text, entry.attachments, first]);
      nodes.push(this.nodeFor(entry.key, was, keys, () => this.messageNode(entry, first)));
    }
    for (const key of this.drawn.keys()) if (!keys.has(key)) this.drawn.delete(key);
    return nodes;
  }

  private nodeFor(key: string, was: string, keys: Set<string>, draw: () => HTMLElement): HTMLElement {
    keys.add(key);
    const drawn = this.drawn.get(key);
    if (drawn?.was === was) return drawn.node;
    const node = draw();
    if (drawn) {
      // The element stays, so that it is not read out a second time when only its tick changes.
      drawn.node.className = node.className;
      drawn.node.replaceChildren(...node.childNodes);
      drawn.was = was;
      return drawn.node;
    }
    this.drawn.set(key, { node, was });
    return node;
  }

  private messageNode(entry: Entry, first: boolean): HTMLElement {
    const failed = entry.state === "too_long" || entry.state === "refused";
    const side = entry.mine ? "mine" : "theirs";
    return element(
      "article",
      { class: `message ${side}${first ? " first" : ""}${failed ? " failed" : ""}` },
      element("p", { class: entry.mine || !first ? "author unseen" : "author" }, this.authorOf(entry)),
      element("div", { class: "bubble" }, ...attachments(entry.attachments, this.texts), ...said(entry), this.foot(entry)),
      ...(failed ? [this.failure(entry)] : []),
    );
  }

  private foot(entry: Entry): HTMLElement {
    const at = new Date(entry.at);
    const foot = element("p", { class: "foot" }, element("time", { datetime: entry.at }, this.time.format(at)));
    if (entry.state === "waiting") foot.append(element("span", { class: "tick waiting", role: "img", "aria-label": this.texts.waiting }));
    if (entry.state === "sent") foot.append(element("span", { class: "tick sent", role: "img", "aria-label": this.texts.sent }));
    return foot;
  }

  private failure(entry: Entry): HTMLElement {
    const { again, remove, tooLong, refused } = this.texts;
    const id = entry.client_id ?? "";
    const line = element("p", { class: "failure" }, entry.state === "too_long" ? tooLong : refused, " ");
    if (entry.state !== "too_long") line.append(button(again, () => this.choices.again(id)), " ");
    line.append(button(remove, () => this.choices.remove(id)));
    return line;
  }

  private authorOf(entry: Entry): string {
    if (entry.mine) return this.texts.you;
    return entry.kind === "bot" ? this.texts.bot : this.texts.staff;
  }

  private dayOf(at: string): string {
    const then = new Date(at);
    const midnight = new Date().setHours(0, 0, 0, 0);
    const days = Math.round((midnight - new Date(then).setHours(0, 0, 0, 0)) / 86_400_000);
    if (days <= 0) return this.texts.today;
    return days === 1 ? this.texts.yesterday : this.day.format(then);
  }
}

function said(entry: Entry): HTMLElement[] {
  return entry.text ? [element("p", { class: "text", dir: "auto" }, ...linked(entry.text))] : [];
}

function dayNode(text: string): HTMLElement {
  return element("p", { class: "day" }, element("span", {}, text));
}

function button(text: string, then: () => void): HTMLButtonElement {
  const made = element("button", { type: "button", class: "link" }, text);
  made.addEventListener("click", then);
  return made;
}
