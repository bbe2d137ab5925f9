import { useComputed } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Desk } from "../desk";
import { compactCount } from "../format";
import { texts } from "../messages";
import { type Counted, chosenList, countsOf, listKey, listing, type View, viewsOf, visibleIds } from "../state";
import { ConversationItem } from "./ConversationItem";
import { ListEnd } from "./ListEnd";
import { VirtualList } from "./VirtualList";

const ROW_REM = 5.25;
const DRAWN = "desk: list drawn";

/** The left side: search, views, and the list of conversations. */
export function Inbox({ desk }: { desk: Desk }) {
  return (
    <nav class="inbox" aria-label={texts.inbox}>
      <div class="inbox-head">
        <SearchBox desk={desk} />
        <Views desk={desk} />
      </div>
      <List desk={desk} />
    </nav>
  );
}

function SearchBox({ desk }: { desk: Desk }) {
  const [typed, setTyped] = useState("");
  const searched = useComputed(() => desk.store.state.search?.q ?? "").value;
  useEffect(() => {
    if (!searched) setTyped("");
  }, [searched]);
  const changed = (text: string): void => {
    setTyped(text);
    desk.lists.search(text);
  };
  return (
    <search>
      <input
        type="search"
        aria-label={texts.search}
        aria-keyshortcuts="/"
        placeholder={texts.searchHint}
        value={typed}
        maxLength={100}
        dir="auto"
        onInput={(event) => changed(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !typed) return;
          event.stopPropagation();
          changed("");
        }}
      />
    </search>
  );
}

function Views({ desk }: { desk: Desk }) {
  const { store } = desk;
  const view = useComputed(() => store.state.view).value;
  const search = useComputed(() => store.state.search).value;
  const numbers = useComputed(() => countsOf(store.state, store.state.hotel).numbers).value;
  if (search) {
    const { listing: found } = search;
    return (
      <p class="found" role="status" aria-label={texts.search}>
        {found.loaded ? texts.found(search.ids.length, found.next !== null) : texts.searching}
      </p>
    );
  }
  return (
    <fieldset class={store.peek().me.keepsDesk ? "views" : "views views-few"}>
      <legend class="hidden">{texts.show}</legend>
      {viewsOf(store.peek()).map((one) => (
        <label key={one}>
          <input type="radio" name="view" value={one} checked={view === one} onChange={() => desk.lists.choose(one)} />
          <span>
            {texts.views[one]}
            <Count view={one} number={numbers?.[one as Counted] ?? 0} />
          </span>
        </label>
      ))}
      <LabelChoice desk={desk} />
    </fieldset>
  );
}

function Count({ view, number }: { view: View; number: number }) {
  if (number === 0) return null;
  return <b class={`count count-${view}`}>{compactCount(number)}</b>;
}

function LabelChoice({ desk }: { desk: Desk }) {
  const { store } = desk;
  const hotel = useComputed(() => store.state.hotel).value ?? "";
  const label = useComputed(() => store.state.label).value;
  const known = desk.lookups.labels.of(hotel).value.value ?? [];
  const keepsDesk = store.peek().me.keepsDesk ?? false;
  const ask = (): void => void (keepsDesk && desk.lookups.labels.load(hotel));
  useEffect(ask, [hotel, keepsDesk]);
  const labels = label === null || known.includes(label) ? known : [label, ...known];
  if (labels.length === 0) return null;
  return (
    <select
      class={label === null ? "label-choice" : "label-choice label-chosen"}
      aria-label={texts.label}
      value={label ?? ""}
      onFocus={ask}
      onChange={(event) => desk.lists.chooseLabel(event.currentTarget.value || null)}
    >
      <option value="">{texts.anyLabel}</option>
      {labels.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  );
}

function List({ desk }: { desk: Desk }) {
  const { store } = desk;
  const ids = useComputed(() => visibleIds(store.state)).value;
  const search = useComputed(() => store.state.search?.q ?? null).value;
  const key = useComputed(() => listKey(chosenList(store.state))).value;
  const loading = useComputed(() => store.state.search?.listing ?? listing(store.state, chosenList(store.state))).value;
  const open = useComputed(() => store.state.open).value;
  const [active, setActive] = useState<string | null>(null);
  const mover = useRef<((step: number) => void) | null>(null);
  useEffect(() => desk.keyboard.moves((step) => mover.current?.(step)), [desk]);

  useLayoutEffect(() => {
    // What `make bench` measures, and the tests: when staff see whose turn it is.
    if (loading.loaded && performance.getEntriesByName(DRAWN).length === 0) performance.mark(DRAWN);
  }, [loading.loaded]);

  const there = new Set([active, open].filter((id) => id !== null && ids.includes(id)));
  const reachable = [...there][0] ?? ids[0];
  const more = (): void => void (search === null ? desk.lists.loadMore() : desk.lists.loadFound(false));
  return (
    <VirtualList
      key={search ?? key}
      ids={ids}
      label={texts.conversations}
      busy={loading.loading}
      row={ROW_REM}
      reachable={reachable}
      draw={(id, place) => (
        <ConversationItem
          key={id}
          desk={desk}
          id={id}
          isOpen={id === open}
          isReachable={id === reachable}
          {...place}
        />
      )}
      onNearEnd={() => {
        if (loading.next !== null && !loading.loading && !loading.problem) more();
      }}
      onFocused={setActive}
      mover={mover}
    >
      <ListEnd desk={desk} loading={loading} isEmpty={ids.length === 0} more={more} />
    </VirtualList>
  );
}
