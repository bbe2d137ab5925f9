import type { DeliveryStatus } from "../types";

/** The small pictures of the desk: lines of one width, in the colour of the text beside them. */
const PATHS = {
  back: "M15 5l-7 7 7 7",
  down: "M7 10l5 5 5-5",
  clip: "M20 11.5l-8 8a5 5 0 01-7-7l8.5-8.5a3.4 3.4 0 014.8 4.8L10 17a1.7 1.7 0 01-2.4-2.4l7.4-7.4",
  clock: "M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17zM12 7.5V12l3 2",
  slash: "M15.5 4l-7 16",
  close: "M6 6l12 12M18 6L6 18",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  person: "M12 4a4 4 0 100 8 4 4 0 000-8zM4.5 20.5c.5-4 3.5-6 7.5-6s7 2 7.5 6",
  gear: "M4 7h10M18 7h2M4 17h2M10 17h10M14 4.5v5M8 14.5v5",
  globe: "M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17zM3.5 12h17M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17",
} as const;

export function Icon({ name, size = 20 }: { name: keyof typeof PATHS; size?: number }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

const TICKS: Partial<Record<DeliveryStatus, string>> = {
  sent: "M7 12.5l4 4 8-9",
  delivered: "M2.5 12.5l4 4 8-9M11.5 15.5l1.5 1 8-9",
  read: "M2.5 12.5l4 4 8-9M11.5 15.5l1.5 1 8-9",
};

/** One tick: sent. Two: delivered, in colour: read. A clock: on its way. */
export function Tick({ status }: { status: DeliveryStatus }) {
  return (
    <svg class={`icon tick tick-${status}`} viewBox="0 0 24 24" width="16" height="16" aria-hidden="true">
      <path d={TICKS[status] ?? PATHS.clock} />
    </svg>
  );
}
