import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Desk } from "../desk";
import { LANGUAGES, chooseLanguage } from "../language";
import { texts } from "../messages";
import type { Theme } from "../preferences";
import { Icon } from "./icons";
import { pagesOf } from "./pages";
import { Popover } from "./Popover";

const THEMES: Theme[] = ["auto", "light", "dark"];

/** What one sets for oneself and this browser, and the ways to the other pages where the bar has no room for them. */
export function Menu({ desk }: { desk: Desk }) {
  return (
    <Popover name={texts.menu.open} face={<Icon name="gear" />} class="plain menu-button">
      {(close) => (
        <div class="menu">
          <Pages desk={desk} />
          <Language desk={desk} />
          <Colours desk={desk} />
          <Calls desk={desk} />
          <Switch
            isOn={desk.preferences.shortcuts.value}
            set={(on) => (desk.preferences.shortcuts.value = on)}
            label={texts.menu.shortcuts}
          />
          <button
            type="button"
            onClick={() => {
              close();
              desk.keyboard.sheet.value = true;
            }}
          >
            {texts.menu.sheet} <kbd>?</kbd>
          </button>
        </div>
      )}
    </Popover>
  );
}

function Pages({ desk }: { desk: Desk }) {
  const pages = pagesOf(desk.store.peek().me);
  if (pages.length === 0) return null;
  return (
    <nav class="menu-pages" aria-label={texts.menu.pages}>
      {pages.map(({ path, name }) => (
        <a key={path} href={path}>
          {name}
        </a>
      ))}
    </nav>
  );
}

function Language({ desk }: { desk: Desk }) {
  const id = useId();
  return (
    <p class="menu-line">
      <label for={id}>{texts.menu.language}</label>
      <select
        id={id}
        value={desk.store.peek().me.language}
        onChange={(event) => chooseLanguage(event.currentTarget.value)}
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </p>
  );
}

function Colours({ desk }: { desk: Desk }) {
  const { theme } = desk.preferences;
  return (
    <fieldset class="menu-line segments">
      <legend>{texts.menu.colours}</legend>
      {THEMES.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="theme"
            value={one}
            checked={theme.value === one}
            onChange={() => (theme.value = one)}
          />
          <span>{texts.menu.themes[one]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Calls({ desk }: { desk: Desk }) {
  const { sound, notifications } = desk.preferences;
  return (
    <fieldset class="menu-group">
      <legend class="hidden">{texts.menu.calls}</legend>
      <Switch isOn={sound.value} set={(on) => (sound.value = on)} label={texts.menu.sound} />
      {desk.notifier.permission.value === "granted" ? (
        <Switch
          isOn={notifications.value}
          set={(on) => (notifications.value = on)}
          label={texts.menu.notifications}
        />
      ) : (
        <Permission desk={desk} />
      )}
    </fieldset>
  );
}

function Permission({ desk }: { desk: Desk }) {
  const permission = desk.notifier.permission.value;
  if (permission === "denied") return <p class="hint">{texts.menu.denied}</p>;
  if (permission === "impossible") return <p class="hint">{texts.menu.impossible}</p>;
  return (
    <button type="button" onClick={() => void desk.notifier.allow()}>
      {texts.menu.allow}
    </button>
  );
}

function Switch(props: { isOn: boolean; set: (on: boolean) => void; label: ComponentChildren }) {
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        checked={props.isOn}
        onChange={(event) => props.set(event.currentTarget.checked)}
      />
      {props.label}
    </label>
  );
}
