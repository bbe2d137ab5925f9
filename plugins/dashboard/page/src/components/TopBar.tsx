import { useComputed } from "@preact/signals";
import type { Desk } from "../desk";
import { texts } from "../messages";
import { Menu } from "./Menu";
import { pagesOf } from "./pages";

export function TopBar({ desk }: { desk: Desk }) {
  const { me } = desk.store.peek();
  return (
    <header class="top">
      <h1>{me.title}</h1>
      {me.hotels.length > 1 && <HotelChoice desk={desk} />}
      <ConnectionStatus desk={desk} />
      <div class="top-links">
        <nav class="top-pages" aria-label={texts.menu.pages}>
          {pagesOf(me).map(({ path, name }) => (
            <a key={path} href={path}>
              {name}
            </a>
          ))}
        </nav>
        <Menu desk={desk} />
        <form method="post" action="/logout">
          <span class="user" title={texts.signedInAs(me.user)} dir="auto">
            {me.user}
          </span>
          <button type="submit" class="plain">
            {texts.signOut}
          </button>
        </form>
      </div>
    </header>
  );
}

function HotelChoice({ desk }: { desk: Desk }) {
  const { me } = desk.store.peek();
  const hotel = useComputed(() => desk.store.state.hotel).value;
  return (
    <select
      class="hotel-choice"
      aria-label={texts.hotel}
      value={hotel ?? ""}
      onChange={(event) => desk.lists.chooseHotel(event.currentTarget.value || null)}
    >
      <option value="">{texts.everyHotel}</option>
      {me.hotels.map((one) => (
        <option key={one.slug} value={one.slug}>
          {one.name}
        </option>
      ))}
    </select>
  );
}

function ConnectionStatus({ desk }: { desk: Desk }) {
  const connection = useComputed(() => desk.store.state.connection).value;
  return (
    <div class={`connection connection-${connection}`} role="status" aria-label={texts.connection}>
      <span class="dot" aria-hidden="true" />
      {texts[connection]}
    </div>
  );
}
