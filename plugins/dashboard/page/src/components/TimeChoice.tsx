import { useState } from "preact/hooks";
import { texts } from "../messages";
import { isElsewhere, momentOf, usualTimes, wallTime, whenInZone } from "../zone";

const LATER = 24 * 3_600_000;

interface Props {
  zone: string;
  hotel: string;
  now: number;
  /** What the button says that takes a day and time of one's own. */
  action: string;
  onChoose: (at: number) => void;
}

/** A time to come: one of the usual ones, or a day and time, all by the hotel's clocks. */
export function TimeChoice({ zone, hotel, now, action, onChoose }: Props) {
  const [wall, setWall] = useState(() => wallTime(now + LATER, zone));
  const at = momentOf(wall, zone);
  const isToCome = at > now;
  return (
    <form
      class="choices"
      onSubmit={(event) => {
        event.preventDefault();
        if (isToCome) onChoose(at);
      }}
    >
      {usualTimes(now, zone).map((one) => (
        <button key={one.label} type="button" data-choice onClick={() => onChoose(one.at)}>
          {one.label}
        </button>
      ))}
      <label class="own-time">
        <span>{texts.times.other}</span>
        <input
          type="datetime-local"
          value={wall}
          min={wallTime(now, zone)}
          required
          onInput={(event) => setWall(event.currentTarget.value)}
        />
      </label>
      {isElsewhere(now, zone) && <p class="hint">{texts.times.zone(hotel)}</p>}
      <button type="submit" class="primary" disabled={!isToCome}>
        {isToCome ? `${action}: ${whenInZone(at, now, zone)}` : action}
      </button>
    </form>
  );
}
