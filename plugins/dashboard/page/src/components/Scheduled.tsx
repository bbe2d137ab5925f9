import { useComputed } from "@preact/signals";
import type { Desk } from "../desk";
import { texts } from "../messages";
import { hotelName } from "../state";
import type { Conversation } from "../types";
import { whenInZone, zoneOf } from "../zone";
import { useFetched } from "./hooks";
import { Icon } from "./icons";
import { Popover } from "./Popover";
import { TimeChoice } from "./TimeChoice";

/** What will leave by itself, and when: above where one writes, so that nobody says it twice. */
export function ScheduledLines({ desk, conversation: one }: { desk: Desk; conversation: Conversation }) {
  // Any news of the conversation may be of what is scheduled.
  const stamp = useComputed(() => desk.store.state.conversations.get(one.id)?.stamp).value;
  const { value } = useFetched(desk.lookups.scheduled, one.id, stamp);
  const { user } = desk.store.peek().me;
  const zone = zoneOf(desk.store.peek().me.hotels, one.hotel);
  if (!value?.length) return null;
  return (
    <ul class="scheduled" aria-label={texts.scheduled.list}>
      {value.map((kept) => (
        <li key={kept.id}>
          <Icon name="clock" size={16} />
          <span class="scheduled-text" dir="auto">
            <strong>{whenInZone(kept.at, desk.store.now.value, zone)}</strong>
            {` · ${kept.user === user ? texts.you : kept.user}: ${kept.text}`}
          </span>
          <button
            type="button"
            class="small"
            onClick={() => void desk.work.cancelScheduled(one.id, kept)}
          >
            {texts.scheduled.cancel}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The button beside Send that sends later. */
export function ScheduleButton(props: { desk: Desk; conversation: Conversation; disabled: boolean }) {
  const { desk, conversation: one } = props;
  return (
    <Popover
      name={texts.scheduled.later}
      face={<Icon name="clock" />}
      class="plain icon-button"
      disabled={props.disabled}
    >
      {(close) => (
        <>
          <p class="choices-title">{texts.scheduled.later}</p>
          <TimeChoice
            zone={zoneOf(desk.store.peek().me.hotels, one.hotel)}
            hotel={hotelName(desk.store.peek().me.hotels, one.hotel)}
            now={desk.store.now.value}
            action={texts.scheduled.schedule}
            onChoose={(at) => {
              close();
              void desk.writing.schedule(one.id, at);
            }}
          />
        </>
      )}
    </Popover>
  );
}
