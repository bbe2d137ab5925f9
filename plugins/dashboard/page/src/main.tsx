// The page's start: who sits here, the store, the line to the server, and the first picture.

import "./styles/desk.css";
import { render } from "preact";
import { App } from "./components/App";
import { Desk } from "./desk";
import { keep, restore } from "./memory";
import { load } from "./messages";
import { Store } from "./store";
import type { HotelName, Me } from "./types";

const root = document.getElementById("desk");
if (root) void begin(root);

async function begin(root: HTMLElement): Promise<void> {
  performance.mark("desk: begins");
  const me = readMe(root.dataset);
  await load(root.dataset.messages ?? new URL("messages/en.js", import.meta.url).href);
  const store = new Store(me, restore(me.user));
  keep(store);
  const desk = new Desk(store);
  desk.start();
  render(<App desk={desk} />, root);
}

function readMe(data: DOMStringMap): Me {
  const hotels = JSON.parse(data.hotels ?? "[]") as HotelName[];
  const can = JSON.parse(data.can ?? "{}") as Me["can"];
  return {
    user: data.user ?? "",
    role: data.role ?? "agent",
    hotels,
    title: data.title ?? "Innbox",
    language: data.language ?? "en",
    keepsDesk: data.keepsDesk === "true",
    can: { translate: can?.translate === true, templates: can?.templates === true },
  };
}
