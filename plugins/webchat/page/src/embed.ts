// The bubble: a hotel's site includes this script with one tag, and its guests get a button that opens the chat.

import { element, icon } from "./dom";
import type { FromBubble, FromChat } from "./frame";
import { textsFor, type Texts } from "./texts";

const TALK = "M4 3h16a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H8.5L4 22v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z";
const STYLE = `
:host { all: initial; }
.bubble { position: fixed; inset: auto 20px 20px auto; z-index: 2147483000; width: 60px; height: 60px; padding: 0;
  border: 0; border-radius: 50%; background: #0b6b63; color: #fff; cursor: pointer;
  box-shadow: 0 4px 16px rgb(0 0 0 / .28); transition: transform .15s; }
.bubble:hover { transform: scale(1.05); }
.bubble:focus-visible { outline: 3px solid #fff; box-shadow: 0 0 0 6px #0b6b63; }
.bubble svg { width: 28px; height: 28px; fill: currentColor; display: block; margin: auto; }
.badge { position: absolute; top: -4px; right: -4px; min-width: 22px; height: 22px; border-radius: 11px; padding: 0 5px;
  box-sizing: border-box; background: #c62828; color: #fff; font: 700 13px/22px system-ui, sans-serif; }
.panel { position: fixed; inset: auto 20px 92px auto; z-index: 2147483000; width: min(400px, calc(100vw - 40px));
  height: min(640px, calc(100dvh - 120px)); border: 0; border-radius: 16px; overflow: hidden; background: Canvas;
  color-scheme: light dark; box-shadow: 0 8px 40px rgb(0 0 0 / .32); }
[hidden] { display: none !important; }
@media (max-width: 500px) {
  .panel { inset: 0; width: 100%; height: 100dvh; border-radius: 0; }
  .bubble[aria-expanded="true"] { display: none; }
}
@media (prefers-reduced-motion: reduce) { .bubble { transition: none; } }
`;

class Bubble {
  private readonly button: HTMLButtonElement;
  private readonly badge = element("span", { class: "badge", "aria-hidden": "true" });
  private readonly root: ShadowRoot;
  private panel: HTMLIFrameElement | undefined;
  private loaded = false;

  constructor(
    private readonly page: URL,
    private readonly label: string,
    private readonly texts: Texts,
  ) {
    const host = element("innbox-chat" as "div");
    this.root = host.attachShadow({ mode: "open" });
    // A constructed sheet is let through by sites whose policy forbids inline styles.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.root.adoptedStyleSheets = [sheet];
    this.button = element("button", { type: "button", class: "bubble", "aria-expanded": "false" }, icon(TALK), this.badge);
    this.root.append(this.button);
    this.unread(0);
    this.button.addEventListener("click", () => this.toggle(!this.open));
    host.addEventListener("keydown", (event) => event.key === "Escape" && this.toggle(false));
    window.addEventListener("message", (event) => this.hear(event));
    document.body.append(host);
  }

  private get open(): boolean {
    return this.button.getAttribute("aria-expanded") === "true";
  }

  private toggle(open: boolean): void {
    if (open === this.open) return;
    if (open) this.panel ??= this.newPanel();
    this.button.setAttribute("aria-expanded", String(open));
    if (!this.panel) return;
    this.panel.hidden = !open;
    this.tellShown();
    if (open) this.panel.focus();
    else this.button.focus();
  }

  private newPanel(): HTMLIFrameElement {
    const panel = element("iframe", { class: "panel", src: this.page.href, title: this.label });
    panel.addEventListener("load", () => {
      this.loaded = true;
      this.tellShown();
    });
    this.root.prepend(panel);
    return panel;
  }

  private tellShown(): void {
    const message: FromBubble = { innbox: "shown", shown: this.open };
    if (this.loaded) this.panel?.contentWindow?.postMessage(message, this.page.origin);
  }

  private hear(event: MessageEvent<FromChat | null>): void {
    if (!this.panel || event.source !== this.panel.contentWindow || event.origin !== this.page.origin) return;
    if (event.data?.innbox === "close") this.toggle(false);
    if (event.data?.innbox === "unread") this.unread(Number(event.data.count) || 0);
  }

  private unread(count: number): void {
    this.badge.hidden = count === 0;
    this.badge.textContent = String(count);
    this.button.setAttribute("aria-label", count ? `${this.label} (${count} ${this.texts.unread})` : this.label);
  }
}

function start(script: HTMLScriptElement): void {
  const page = new URL(script.src.replace(/\/embed\.js([?#].*)?$/, ""));
  const { texts } = textsFor([document.documentElement.lang, ...navigator.languages].filter(Boolean));
  const name = decodeURIComponent("__HOTEL_NAME__"); // the server puts the hotel's name here
  const show = () => new Bubble(page, `${texts.chatWith} ${name}`, texts);
  if (document.body) show();
  else document.addEventListener("DOMContentLoaded", show);
}

if (document.currentScript instanceof HTMLScriptElement) start(document.currentScript);
