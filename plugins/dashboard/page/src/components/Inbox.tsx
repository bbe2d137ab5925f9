import { useComputed } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Desk } from "../desk";
import { texts } from "../messages";
import { type Listing, type Tab, listing, listingKey, visibleConversations } from "../state";
import { ConversationItem } from "./ConversationItem";

const TABS: Tab[] = ["all", "bot", "staff", "resolved"];
const LOAD_AHEAD = 400;

/** The left side: search, tabs, and the list of conversations. */
export function Inbox({ desk }: { desk: Desk }) {
  return (
    <nav class="inbox" aria-label={texts.inbox}>
      <div class="inbox-head">
        <SearchBox desk={desk} />
        <Tabs desk={desk} />
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
        placeholder={texts.searchHint}
        value={typed}
        maxLength={100}
        dir="auto"
        onInput={(event) => changed(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && changed("")}
      />
    </search>
  );
}

function Tabs({ desk }: { desk: Desk }) {
  const tab = useComputed(() => (desk.store.state.search ? null : desk.store.state.tab)).value;
  const search = useComputed(() => desk.store.state.search).value;
  if (search) {
    const { listing: found } = search;
    return (
      <p class="found" role="status" aria-label={texts.search}>
        {found.loaded ? texts.found(search.ids.length, found.next !== null) : texts.searching}
      </p>
    );
  }
  return (
    <fieldset class="tabs">
      <legend class="hidden">{texts.show}</legend>
      {TABS.map((one) => (
        <label key={one}>
          <input type="radio" name="tab" value={one} checked={tab === one} onChange={() => desk.lists.chooseTab(one)} />
          <span>{texts.tabs[one]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function List({ desk }: { desk: Desk }) {
  const { store } = desk;
  const parts = {
    conversations: useComputed(() => store.state.conversations),
    tab: useComputed(() => store.state.tab),
    hotel: useComputed(() => store.state.hotel),
    search: useComputed(() => store.state.search),
  };
  const shown = useComputed(() =>
    visibleConversations(parts.conversations.value, parts.tab.value, parts.hotel.value, parts.search.value),
  ).value;
  const loaded = useComputed(
    () => store.state.search?.listing ?? listing(store.state, listingKey(store.state.tab, store.state.hotel)),
  ).value;
  const open = useComputed(() => store.state.open).value;
  const scroller = useRef<HTMLDivElement>(null);
  const ids = shown.map((one) => one.id);
  const reachable = useReachable(ids, open);
  useKeptFocus(scroller);

  const more = (): void => void (parts.search.peek() ? desk.lists.loadFound(false) : desk.lists.load(true));
  const scrolled = (): void => {
    const box = scroller.current;
    const isNear = box && box.scrollHeight - box.scrollTop - box.clientHeight < LOAD_AHEAD;
    if (isNear && loaded.next !== null && !loaded.loading && !loaded.problem) more();
  };
  useEffect(scrolled);

  return (
    <div class="list" ref={scroller} onScroll={scrolled} onKeyDown={moveFocus}>
      <ul role="list" aria-label={texts.conversations} aria-busy={loaded.loading}>
        {shown.map((one) => (
          <ConversationItem
            key={one.id}
            desk={desk}
            conversation={one}
            isOpen={one.id === open}
            isReachable={one.id === reachable}
          />
        ))}
      </ul>
      <ListEnd desk={desk} loaded={loaded} isEmpty={shown.length === 0} more={more} />
    </div>
  );
}

function ListEnd(props: { desk: Desk; loaded: Listing; isEmpty: boolean; more: () => void }) {
  const { desk, loaded, isEmpty } = props;
  const { search, tab } = desk.store.peek();
  if (loaded.problem) {
    const again = (): void => void (search ? desk.lists.loadFound(isEmpty) : desk.lists.load(!isEmpty));
    return (
      <div class="list-end" role="alert">
        <p>{loaded.problem}</p>
        <button type="button" onClick={again}>
          {texts.again}
        </button>
      </div>
    );
  }
  if (isEmpty && !loaded.loaded) return <Skeleton />;
  if (isEmpty) {
    const { title, text } = search ? texts.emptySearch(search.q) : texts.empty[tab];
    return (
      <div class="empty">
        <h2 dir="auto">{title}</h2>
        <p>{text}</p>
      </div>
    );
  }
  if (loaded.next === null) return null;
  return (
    <div class="list-end">
      <button type="button" class="plain" disabled={loaded.loading} onClick={props.more}>
        {loaded.loading ? texts.loading : texts.loadOlder}
      </button>
    </div>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      {[1, 2, 3, 4, 5].map((one) => (
        <div key={one} />
      ))}
    </div>
  );
}

/** Which item Tab reaches: the open one, else the first. The arrow keys go from there. */
function useReachable(ids: string[], open: string | null): string | undefined {
  return open && ids.includes(open) ? open : ids[0];
}

/** A conversation that moves up in the list must not lose the keyboard's focus on its way. */
function useKeptFocus(scroller: { current: HTMLElement | null }): void {
  const focused = useRef<Element | null>(null);
  useEffect(() => {
    const remember = (): void => {
      const active = document.activeElement;
      if (active !== document.body) focused.current = scroller.current?.contains(active) ? active : null;
    };
    document.addEventListener("focusin", remember);
    return () => document.removeEventListener("focusin", remember);
  }, [scroller]);
  useLayoutEffect(() => {
    const element = focused.current;
    if (document.activeElement === document.body && element instanceof HTMLElement && element.isConnected) {
      element.focus({ preventScroll: true });
    }
  });
}

function moveFocus(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !(event.currentTarget instanceof HTMLElement)) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("li > a")];
  const at = links.findIndex((link) => link.parentElement?.contains(document.activeElement));
  const next = links[at + step];
  if (at < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
