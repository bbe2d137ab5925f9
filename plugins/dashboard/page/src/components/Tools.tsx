import { useState } from "preact/hooks";
import type { Desk } from "../desk";
import { texts } from "../messages";
import { conversation, hotelName } from "../state";
import type { BotMode, Conversation, Person } from "../types";
import { whenInZone, zoneOf } from "../zone";
import { useFetched } from "./hooks";
import { Icon } from "./icons";
import { Popover } from "./Popover";
import { TimeChoice } from "./TimeChoice";

const MODES: BotMode[] = ["auto", "draft", "off"];
const LONGEST_LABEL = 40;

interface Props {
  desk: Desk;
  conversation: Conversation;
}

/** A quiet line under the head: what a conversation has, each a button that changes it. */
export function Tools({ desk, conversation }: Props) {
  return (
    <div class="tools" role="group" aria-label={texts.tools.label}>
      <Bot desk={desk} conversation={conversation} />
      <BotBack desk={desk} conversation={conversation} />
      <Assignee desk={desk} conversation={conversation} />
      <Snooze desk={desk} conversation={conversation} />
      <Labels desk={desk} conversation={conversation} />
    </div>
  );
}

function Bot({ desk, conversation: one }: Props) {
  const choose = async (select: HTMLSelectElement): Promise<void> => {
    const isDone = await desk.work.setBotMode(one.id, (select.value || null) as BotMode | null);
    // What was not done must not stand there as if it were.
    if (!isDone) select.value = conversation(desk.store.peek(), one.id)?.bot_mode ?? "";
  };
  return (
    <label class="tool tool-bot">
      <span>{texts.tools.bot}</span>
      <select
        aria-label={texts.tools.botMode}
        value={one.bot_mode ?? ""}
        onChange={(event) => void choose(event.currentTarget)}
      >
        <option value="">{texts.tools.modes.hotel}</option>
        {MODES.map((mode) => (
          <option key={mode} value={mode}>
            {texts.tools.modes[mode]}
          </option>
        ))}
      </select>
    </label>
  );
}

/** When the bot has the conversation again by itself, and the way to stop that. */
function BotBack({ desk, conversation: one }: Props) {
  if (!one.bot_back_at || one.handled_by !== "staff") return null;
  const when = whenInZone(one.bot_back_at, desk.store.now.value, zoneOf(desk.store.peek().me.hotels, one.hotel));
  return (
    <span class="tool tool-set">
      {texts.tools.botBack(when)}
      <Stop name={texts.tools.stayWithStaff} onClick={() => void desk.work.botBack(one.id, null)} />
    </span>
  );
}

function Assignee({ desk, conversation: one }: Props) {
  const { user } = desk.store.peek().me;
  const name = one.assignee === user ? texts.you : one.assignee;
  const face = one.handled_by === "staff" && name ? texts.tools.assigned(name) : texts.tools.assign;
  return (
    <Popover name={face} face={<Face text={face} />} class="tool" shortcut="a">
      {(close) => <People desk={desk} conversation={one} close={close} />}
    </Popover>
  );
}

function People({ desk, conversation: one, close }: Props & { close: () => void }) {
  const { value, problem } = useFetched(desk.lookups.people, one.hotel);
  const { user } = desk.store.peek().me;
  const choose = (name: string | null): void => {
    close();
    void desk.work.assign(one.id, name);
  };
  if (!value) return <p class="hint">{problem ?? texts.loading}</p>;
  const meFirst = [...value].sort((a, b) => Number(b.name === user) - Number(a.name === user));
  return (
    <div class="choices">
      <p class="choices-title">{texts.tools.assign}</p>
      {meFirst.map((person) => (
        <PersonChoice
          key={person.name}
          person={person}
          isMe={person.name === user}
          isChosen={one.handled_by === "staff" && one.assignee === person.name}
          onChoose={() => choose(person.name)}
        />
      ))}
      <button type="button" data-choice aria-pressed={one.handled_by === "staff" && !one.assignee} onClick={() => choose(null)}>
        {texts.tools.nobody}
      </button>
    </div>
  );
}

function PersonChoice(props: { person: Person; isMe: boolean; isChosen: boolean; onChoose: () => void }) {
  const { person } = props;
  return (
    <button type="button" data-choice aria-pressed={props.isChosen} onClick={props.onChoose}>
      <span class={person.online ? "dot dot-online" : "dot"} aria-hidden="true" />
      {props.isMe ? texts.tools.me(person.name) : person.name}
      {person.online && <span class="hidden">{texts.tools.online}</span>}
    </button>
  );
}

function Snooze({ desk, conversation: one }: Props) {
  const now = desk.store.now.value;
  const zone = zoneOf(desk.store.peek().me.hotels, one.hotel);
  if (one.status === "snoozed" && one.snoozed_until) {
    return (
      <span class="tool tool-set">
        {texts.tools.snoozed(whenInZone(one.snoozed_until, now, zone))}
        <Stop name={texts.tools.wake} onClick={() => void desk.work.wake(one.id)} />
      </span>
    );
  }
  if (one.status === "resolved") return null;
  return (
    <Popover name={texts.tools.snooze} face={<Face text={texts.tools.snooze} />} class="tool" shortcut="s">
      {(close) => (
        <>
          <p class="choices-title">{texts.tools.snoozeUntil}</p>
          <TimeChoice
            zone={zone}
            hotel={hotelName(desk.store.peek().me.hotels, one.hotel)}
            now={now}
            action={texts.tools.snooze}
            onChoose={(at) => {
              close();
              void desk.work.snooze(one.id, at);
            }}
          />
        </>
      )}
    </Popover>
  );
}

function Labels({ desk, conversation: one }: Props) {
  return (
    <>
      {one.labels.map((label) => (
        <span key={label} class="tool tool-set tool-label" dir="auto">
          <span class="label-text">{label}</span>
          <Stop
            name={texts.tools.removeLabel(label)}
            onClick={() => void desk.work.setLabels(one.id, one.labels.filter((other) => other !== label))}
          />
        </span>
      ))}
      <Popover name={texts.tools.labels} face={<Face text={texts.tools.labels} />} class="tool" shortcut="l">
        {() => <LabelChoice desk={desk} conversation={one} />}
      </Popover>
    </>
  );
}

/** The labels that the hotel has, to be ticked, and a line for a new one. */
function LabelChoice({ desk, conversation: one }: Props) {
  const { value, problem } = useFetched(desk.lookups.labels, one.hotel);
  const [typed, setTyped] = useState("");
  const wanted = typed.replace(/\s+/gu, " ").trim();
  const known = [...new Set([...(value ?? []), ...one.labels])].sort((a, b) => a.localeCompare(b));
  const shown = known.filter((label) => label.toLocaleLowerCase().includes(wanted.toLocaleLowerCase()));
  const toggle = (label: string): void => {
    const rest = one.labels.filter((other) => other !== label);
    void desk.work.setLabels(one.id, rest.length < one.labels.length ? rest : [...rest, label]);
  };
  return (
    <form
      class="choices"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted && !one.labels.includes(wanted)) toggle(wanted);
        setTyped("");
      }}
    >
      <input
        type="text"
        data-first
        data-choice
        aria-label={texts.tools.newLabel}
        placeholder={texts.tools.newLabel}
        maxLength={LONGEST_LABEL}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      {shown.map((label) => (
        <button key={label} type="button" data-choice aria-pressed={one.labels.includes(label)} onClick={() => toggle(label)}>
          <span dir="auto">{label}</span>
        </button>
      ))}
      {wanted && !known.includes(wanted) && (
        <button type="submit" data-choice>
          {texts.tools.addLabel(wanted)}
        </button>
      )}
      {problem && <p class="hint">{problem}</p>}
    </form>
  );
}

function Face({ text }: { text: string }) {
  return (
    <>
      {text}
      <Icon name="down" size={16} />
    </>
  );
}

function Stop({ name, onClick }: { name: string; onClick: () => void }) {
  return (
    <button type="button" class="stop" aria-label={name} title={name} onClick={onClick}>
      <Icon name="close" size={14} />
    </button>
  );
}
