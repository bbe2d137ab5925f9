// What a person has chosen for this browser: colours, sounds, notifications, shortcuts. Kept over reloads.

import { effect, signal, type Signal } from "@preact/signals";
import { cookie, setCookie } from "./cookies";

export type Theme = "auto" | "light" | "dark";

interface Kept {
  sound: boolean;
  notifications: boolean;
  shortcuts: boolean;
}

const NAME = "innbox-desk-preferences";
const THEME = "innbox_theme";
const USUAL: Kept = { sound: true, notifications: false, shortcuts: true };

export class Preferences {
  /** In a cookie, so that the server's pages have the same colours from the first paint on. */
  readonly theme: Signal<Theme>;
  readonly sound: Signal<boolean>;
  /** Wanted here; whether the browser lets them through is another matter. */
  readonly notifications: Signal<boolean>;
  readonly shortcuts: Signal<boolean>;

  constructor() {
    const kept = { ...USUAL, ...read() };
    const theme = cookie(THEME);
    this.theme = signal(theme === "light" || theme === "dark" ? theme : "auto");
    this.sound = signal(kept.sound);
    this.notifications = signal(kept.notifications);
    this.shortcuts = signal(kept.shortcuts);
  }

  /** Keep what is chosen, and show the colours that are. */
  start(): void {
    effect(() => {
      write({
        sound: this.sound.value,
        notifications: this.notifications.value,
        shortcuts: this.shortcuts.value,
      });
    });
    effect(() => {
      const theme = this.theme.value;
      setCookie(THEME, theme === "auto" ? null : theme);
      if (theme === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
    });
  }
}

function read(): Partial<Kept> {
  try {
    return (JSON.parse(localStorage.getItem(NAME) ?? "{}") ?? {}) as Partial<Kept>;
  } catch {
    return {}; // storage is blocked, or holds something else
  }
}

function write(kept: Kept): void {
  try {
    localStorage.setItem(NAME, JSON.stringify(kept));
  } catch {
    // blocked or full: what is chosen holds until the page is closed
  }
}
