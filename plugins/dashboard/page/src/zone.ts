// Times on a hotel's own clocks, wherever the desk stands. Pure.
//
// A wall time is what `<input type="datetime-local">` speaks: "2026-05-04T18:00", without a zone.

import { texts } from "./messages";
import type { HotelName } from "./types";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const EVENING = 18;
const MORNING = 8;

export interface Choice {
  label: string;
  at: number;
}

/** The zone of a hotel's clocks; UTC where nothing is known of it. */
export function zoneOf(hotels: HotelName[], slug: string): string {
  return hotels.find((hotel) => hotel.slug === slug)?.timezone ?? "UTC";
}

export function wallTime(moment: number, zone: string): string {
  return new Date(moment + offset(moment, zone)).toISOString().slice(0, 16);
}

/**
 * When a wall time is. One that clocks skip in spring is an hour later; of one that they show twice in autumn it is the
 * first. NaN where it is none.
 */
export function momentOf(wall: string, zone: string): number {
  const asUtc = Date.parse(`${wall.slice(0, 16)}Z`);
  if (Number.isNaN(asUtc)) return asUtc;
  const either = [asUtc - offset(asUtc - DAY, zone), asUtc - offset(asUtc + DAY, zone)];
  return either.find((moment) => wallTime(moment, zone) === wall.slice(0, 16)) ?? Math.max(...either);
}

/** The times that one snoozes until and schedules for, as far as they are still to come. */
export function usualTimes(now: number, zone: string): Choice[] {
  const today = wallTime(now, zone).slice(0, 10);
  const tomorrow = new Date(Date.parse(`${today}Z`) + DAY).toISOString().slice(0, 10);
  const evening = momentOf(`${today}T${EVENING}:00`, zone);
  const inAnHour = Math.ceil((now + HOUR) / MINUTE) * MINUTE;
  return [
    { label: texts.times.inAnHour, at: inAnHour },
    ...(evening > now + HOUR / 2 ? [{ label: texts.times.tonight, at: evening }] : []),
    { label: texts.times.tomorrow, at: momentOf(`${tomorrow}T0${MORNING}:00`, zone) },
  ];
}

/** A time to come, as short as can be: 18:00 today, tomorrow 08:00, Mon 5 May 08:00. */
export function whenInZone(time: string | number, now: number, zone: string): string {
  const then = new Date(time);
  const clock = new Intl.DateTimeFormat(texts.locale, { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(
    then,
  );
  const midnight = (moment: number): number => Date.parse(`${wallTime(moment, zone).slice(0, 10)}Z`);
  const days = Math.round((midnight(then.getTime()) - midnight(now)) / DAY);
  if (days === 0) return texts.times.today(clock);
  if (days === 1) return texts.times.onTomorrow(clock);
  const form = { weekday: "short", day: "numeric", month: "short", timeZone: zone } as const;
  return texts.times.onDay(new Intl.DateTimeFormat(texts.locale, form).format(then), clock);
}

/** Whether a hotel's clocks show another time than those of this machine. */
export function isElsewhere(now: number, zone: string): boolean {
  return offset(now, zone) !== -new Date(now).getTimezoneOffset() * MINUTE;
}

/** How far a zone is ahead of UTC. A zone that the browser does not know counts as UTC. */
function offset(moment: number, zone: string): number {
  const whole = Math.floor(moment / MINUTE) * MINUTE;
  return partsIn(zone, whole) - whole;
}

function partsIn(zone: string, moment: number): number {
  const form = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  try {
    const parts = new Intl.DateTimeFormat("en-GB", { ...form, hourCycle: "h23", timeZone: zone }).formatToParts(moment);
    const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
    return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
  } catch {
    return moment;
  }
}
