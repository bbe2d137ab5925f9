import { useState } from "preact/hooks";
import type { Desk } from "../desk";
import { money, seconds } from "../format";
import { turnKey } from "../lookups";
import { texts } from "../messages";
import type { Turn } from "../types";
import { useFetched } from "./hooks";

/** Under an answer of the bot: what it rests on, and what it cost. Asked for when it is opened. */
export function Why({ desk, id, turnId }: { desk: Desk; id: string; turnId: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="why" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{texts.why.ask}</summary>
      {isOpen && <TurnFacts desk={desk} turn={turnKey({ id }, turnId)} />}
    </details>
  );
}

function TurnFacts({ desk, turn: key }: { desk: Desk; turn: string }) {
  const { value, problem } = useFetched(desk.lookups.turn, key);
  if (problem && !value) return <p class="hint">{problem}</p>;
  if (!value) return <p class="hint">{texts.loading}</p>;
  return (
    <dl class="why-facts">
      {rows(value).map(([name, said]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd dir="auto">{said}</dd>
        </div>
      ))}
    </dl>
  );
}

function rows({ record, effects }: Turn): [string, string][] {
  const { why } = texts;
  const tokens = (record.prompt_tokens ?? 0) + (record.completion_tokens ?? 0);
  const done = effects.map((effect) => effect.what ?? effect.tool ?? "").filter(Boolean);
  const all: [string, string][] = [
    [why.facts, (record.sources ?? []).join(", ") || why.noFacts],
    [why.tools, [...(record.tools ?? []), ...done].join(", ") || why.noTools],
    [why.model, [record.model, record.cached ? why.cached : ""].filter(Boolean).join(", ")],
    [why.time, record.seconds === undefined ? "" : seconds(record.seconds)],
    [why.cost, [cost(record.cost_usd), tokens > 0 ? why.tokens(tokens) : ""].filter(Boolean).join(", ")],
    [why.error, record.error ?? ""],
  ];
  return all.filter(([, said]) => said);
}

function cost(usd: number | null | undefined): string {
  return usd === null || usd === undefined ? texts.why.noPrice : money(usd);
}
