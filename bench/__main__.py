"""`make bench`: how fast and how frugal Innbox is, through real processes, PostgreSQL and Redis.

    make bench                                  # everything, some twenty minutes a round
    make bench ARGS="--quick"                   # everything, shorter and coarser
    make bench ARGS="--only highest calm"       # some scenarios
    make bench ARGS="--repeat 3"                # medians of three rounds, Innbox and the peer in turn
    make bench ARGS="--only history --history 10000000"

Where the benchmark kit with the peer is beside this repository (or where INNBOX_BENCH_KIT says), the peer is measured
in the same run; elsewhere Innbox is measured alone. The machine's other work counts: ratios tell more than figures.
Results: `var/bench/results.json`, `results.md`, `latency.svg`.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from bench.chart import chart
from bench.deployment import Ground, Innbox, Target
from bench.desks import desks
from bench.figures import median_of
from bench.history import growth, history
from bench.page import page
from bench.peer import ROOT, Peer, kit
from bench.scenarios import Figures, Pace, Say, Scenario, calm, cold, crash, highest, overload, slow, thousand
from bench.table import RATIO, Results, figure, markdown

RESULTS = ROOT / "var" / "bench"
GUESSES = {"innbox": 220.0, "peer": 100.0, "embedded": 200.0}  # where the search for the highest rate begins

# by name: the scenario, and whether the peer can be put through it
SCENARIOS: dict[str, tuple[Scenario, bool]] = {
    "highest": (highest, True),
    "calm": (calm, True),
    "slow": (slow, True),
    "thousand": (thousand, False),
    "overload": (overload, True),
    "crash": (crash, True),
    "history": (history, True),
}
OWN: dict[str, Callable[[Ground, Pace, Say], Awaitable[Figures]]] = {"desks": desks, "growth": growth}
EMBEDDED: dict[str, tuple[Scenario, bool]] = {
    "embedded": (highest, False),
    "cold": (cold, False),
    "page": (page, False),
}
NAMES = [*SCENARIOS, *OWN, *EMBEDDED]


async def measure(
    chosen: Sequence[str], pace: Pace, peer: Peer | None, keep: Callable[[dict[str, Figures]], object]
) -> dict[str, Figures]:
    """Run scenarios once, the peer's turn after ours, and return each target's figures; `keep` is given them after
    each scenario, so that a run that is broken off has not been in vain."""
    found: dict[str, Figures] = {}
    with Ground() as ground:

        async def run(name: str, target: str, do: Callable[[Say], Awaitable[Figures]]) -> None:
            began = time.monotonic()
            figures = await do(lambda what: progress(f"{name}, {target}: {what}"))
            found.setdefault(target, {}).update(figures)
            keep(found)
            progress("")
            print(f"{name}, {target}: {time.monotonic() - began:.0f} s", file=sys.stderr)

        for name in chosen:
            if name in OWN:
                await run(name, "innbox", lambda say, do=OWN[name]: do(ground, pace, say))  # type: ignore[misc]
                continue
            scenario, for_peer = SCENARIOS.get(name) or EMBEDDED[name]
            targets: list[Target] = [Innbox(embedded=name in EMBEDDED), *([peer] if peer and for_peer else [])]
            for target in targets:
                await run(name, target.name, lambda say, t=target, do=scenario: do(t, ground, pace, say))  # type: ignore[misc]
    return found


def latency_chart(results: Results) -> str:
    """Return the chart of latency against rate, of every load without latency of the model's."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for target, name in (("innbox", "Innbox"), ("peer", "the peer"), ("embedded", "embedded")):
        found = results.get(target, {})
        steps = [found[step] for step in ("at_20", "at_100") if step in found]
        steps += found.get("highest", {}).get("probes", [])
        for percentile in ("p50", "p99"):
            points = [(step["rate"], step["end_ms"][percentile]) for step in steps if step["end_ms"][percentile]]
            if points:
                lines[f"{name} {percentile}"] = points
    return chart("Latency against rate", "messages a second", "ms from a guest's message to its answer", lines)


def others_in(found: Any) -> Iterator[float]:
    """Yield what others took of the machine in every load of some figures."""
    if isinstance(found, dict):
        if isinstance(found.get("others"), float):
            yield found["others"]
        for inner in found.values():
            yield from others_in(inner)


def progress(text: str) -> None:
    """Show how far we are, on a terminal alone."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def save(rounds: Sequence[dict[str, Figures]]) -> str:
    """Write the results down and return the table."""
    results = median_of(rounds)
    table = markdown(results, rounds)
    if ratios := [ratio for one in rounds if (ratio := _ratio(one))]:
        said = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        met = "met" if min(ratios) >= RATIO else "**not met**"
        table += f"\n\nHighest rate: {said} times the peer's (should be {RATIO}: {met})."
    shares = [share for found in results.values() for share in others_in(found)]
    if shares:
        table += f"\n\nOther work took {max(shares):.0%} of the machine at most while loads were on it"
        table += f" (the median: {statistics.median(shares):.0%})."
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "rounds": len(rounds)}
    RESULTS.mkdir(parents=True, exist_ok=True)
    kept = {"machine": machine, "results": results, "rounds": list(rounds)}
    (RESULTS / "results.json").write_text(json.dumps(kept, indent=1) + "\n")
    (RESULTS / "results.md").write_text(table + "\n")
    if drawing := latency_chart(results):
        (RESULTS / "latency.svg").write_text(drawing)
    return table


def _ratio(results: Results) -> float | None:
    """Return how many times the peer's highest rate ours is, where both were measured."""
    ours, theirs = (figure(results, target, "highest.rate") for target in ("innbox", "peer"))
    return ours / theirs if ours and theirs else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--repeat", type=int, default=1, help="rounds; their medians are told")
    parser.add_argument("--quick", action="store_true", help="shorter, coarser, a smaller past")
    parser.add_argument("--history", type=int, default=1_000_000, help="messages of the past")
    parser.add_argument("--alone", action="store_true", help="leave the peer out where it is there")
    args = parser.parse_args()
    pace = Pace(messages=args.history, guesses=GUESSES)
    if args.quick:
        pace = pace.quick()
    folder = None if args.alone else kit()
    peer = Peer(folder) if folder else None
    rounds: list[dict[str, Figures]] = []
    for _ in range(args.repeat):
        rounds.append(asyncio.run(measure(args.only, pace, peer, lambda found: save([*rounds, found]))))
    print(save(rounds))


if __name__ == "__main__":
    main()
