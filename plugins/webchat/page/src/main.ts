// The guest's chat page: puts the parts together.

import { Composer } from "./composer";
import { Connection } from "./connection";
import { element } from "./dom";
import { framed, onShown, tellBubble } from "./frame";
import { Header } from "./header";
import { Log } from "./log";
import { Outbox } from "./outbox";
import { textsFor, type Texts } from "./texts";
import { Thread } from "./thread";
import type { Link, Message } from "./types";

const TYPING_MS = 20_000; // an answer that takes longer is not announced any more
const READ_MS = 500;

class Page {
  private readonly outbox: Outbox;
  private readonly thread: Thread;
  private readonly header: Header;
  private readonly log: Log;
  private readonly intro: HTMLElement;
  private readonly typing: HTMLElement;
  private readonly connection: Connection;
  private readonly title = document.title;
  private typingEnds: number | undefined;
  private readSoon: number | undefined;
  private readUpTo = 0;
  private shown = true;
  private started = false;

  constructor(root: HTMLElement, hotel: string, name: string, maxChars: number) {
    const { language, texts } = textsFor(navigator.languages);
    document.documentElement.lang = language;
    this.outbox = new Outbox(hotel);
    this.thread = new Thread(this.outbox);
    this.header = new Header(name, texts);
    this.intro = introduction(texts);
    this.typing = typingSign(texts);
    this.log = new Log(texts, language, this, this.intro, this.typing);
    const composer = new Composer(texts, maxChars, (text) => this.write(text));
    root.replaceChildren(this.header.node, this.log.scroller, element("div", { class: "foot-area" }, this.log.newest, composer.node));
    this.header.link("connecting");
    this.connection = new Connection(hotel, navigator.language, this.outbox, {
      link: (state) => this.link(state),
      messages: (messages) => this.take(messages),
      typing: (author) => this.showTyping(author),
      outbox: () => this.draw(false),
    });
    this.connection.shareToken();
    this.watch();
    if (this.outbox.all().length) this.draw(true);
    if (framed || matchMedia("(hover: hover)").matches) composer.focus();
  }

  again(client_id: string): void {
    this.outbox.again(client_id);
    this.draw(false);
    this.connection.pump();
  }

  remove(client_id: string): void {
    this.outbox.remove(client_id);
    this.draw(false);
  }

  private write(text: string): void {
    this.outbox.add(text);
    this.draw(true);
    this.connection.pump();
  }

  private link(state: Link): void {
    this.header.link(state);
    if (state !== "online") this.hideTyping();
  }

  private take(messages: Message[]): void {
    const fresh = this.thread.add(messages);
    if (fresh.some((message) => message.direction === "out")) this.hideTyping();
    this.draw(!this.started);
    this.started = true;
    this.noteRead();
  }

  private draw(follow: boolean): void {
    const entries = this.thread.entries();
    this.intro.classList.toggle("small", entries.length > 0);
    this.log.show(entries, follow);
  }

  private showTyping(author: string): void {
    if (author === "bot" && this.thread.answered()) return; // the answer was quicker than its announcement
    this.typing.hidden = false;
    this.log.toEnd();
    window.clearTimeout(this.typingEnds);
    this.typingEnds = window.setTimeout(() => {
      this.hideTyping();
      this.connection.sync();
    }, TYPING_MS);
  }

  private hideTyping(): void {
    this.typing.hidden = true;
    window.clearTimeout(this.typingEnds);
  }

  private watch(): void {
    onShown((shown) => {
      this.shown = shown;
      this.noteRead();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      this.connection.sync();
      this.noteRead();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) tellBubble({ innbox: "close" });
    });
  }

  /** Tell what has been read, where somebody can see it; count it where not. */
  private noteRead(): void {
    const last = this.thread.lastTheirs();
    const seen = this.shown && document.visibilityState === "visible";
    if (seen && last > this.readUpTo) {
      this.readUpTo = last;
      window.clearTimeout(this.readSoon);
      this.readSoon = window.setTimeout(() => this.connection.read(last), READ_MS);
    }
    const unread = this.thread.countTheirsAfter(this.readUpTo);
    document.title = unread ? `(${unread}) ${this.title}` : this.title;
    tellBubble({ innbox: "unread", count: unread });
  }
}

function introduction(texts: Texts): HTMLElement {
  return element("div", { class: "intro" }, element("p", { class: "hello" }, texts.welcome), element("p", {}, texts.about));
}

function typingSign(texts: Texts): HTMLElement {
  const dots = element("span", { class: "dots", "aria-hidden": "true" }, element("i"), element("i"), element("i"));
  const sign = element("div", { class: "typing" }, dots, element("span", { class: "unseen" }, texts.answering));
  sign.hidden = true;
  return sign;
}

const root = document.getElementById("chat");
if (root) new Page(root, root.dataset["hotel"] ?? "", root.dataset["name"] ?? "", Number(root.dataset["maxChars"]));
