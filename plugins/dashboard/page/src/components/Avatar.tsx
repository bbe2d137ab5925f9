import { initials, pick } from "../format";

const HUES = 6;

export function Avatar({ id, name }: { id: string; name: string }) {
  return (
    <span class={`avatar avatar-${pick(id, HUES)}`} aria-hidden="true">
      {initials(name) || <Somebody />}
    </span>
  );
}

function Somebody() {
  return (
    <svg viewBox="0 0 24 24" width="55%" fill="currentColor">
      <circle cx="12" cy="8" r="4.5" />
      <path d="M3.5 21a8.5 7 0 0 1 17 0z" />
    </svg>
  );
}
