"""Writes the table of docs/reliability.md from the figures of `make chaos` and `make soak`.

    python tools/reliability_table.py var/chaos/*.json

Several runs of a proof (other seeds) become one row: what was counted is added up, and the worst time is shown.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
HEAD = "| # | promise | fault | promised | measured |\n| --- | --- | --- | --- | --- |"
NOT_RUN = "not run"

Shown = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """A proof: its name for `--only`, and what it is about. `figures` are shown as well, where a run has them."""

    proof: str
    promise: str
    fault: str
    promised: str
    figures: tuple[str, ...] = ()


ROWS = (
    Row(
        "1", "A 200 means stored", "`kill -9` of the web process at random under webhooks", "every 200 has its message"
    ),
    Row(
        "2",
        "What we missed comes back",
        "nobody there for 5 minutes while the provider's list fills",
        "all within 90 s",
    ),
    Row("3", "Duplicates are harmless", "one MessageSid 50 times at once", "1 message, 1 turn, 1 reply", ("webhooks",)),
    Row(
        "4-points",
        "A worker may die anywhere",
        "`kill -9` at each named point of a turn, a delivery and the door",
        "0 lost, 0 twice, going on within 15 s",
        ("parked for staff",),
    ),
    Row(
        "4-random",
        "",
        "`kill -9` at random, connections cut after accepting, callbacks lost, late and twice, a list that lags",
        "the same",
        ("cut after accepting", "parked for staff"),
    ),
    Row(
        "5",
        "Redis may go",
        "FLUSHALL, `kill -9`, frozen, under load",
        "0 lost; webhook p99 under 1 s; work goes on within 2 s",
        ("webhook p99, ms",),
    ),
    Row(
        "6",
        "PostgreSQL may go",
        "immediate stop, and frozen, under webhooks",
        "503 within 2 s; normal within 10 s of its return; 0 lost",
        ("slowest 503, s",),
    ),
    Row("7", "A commit survives", "SIGKILL of all of PostgreSQL right after a 200", "0 missing"),
    Row(
        "8",
        "An ambiguous send is not repeated",
        "the connection cut after the provider accepted, a list that lags",
        "1 acceptance",
        ("cut after accepting", "parked for staff"),
    ),
    Row(
        "9",
        "Provider limits are respected",
        "10 minutes of 429 and 63018",
        "0 twice, order kept, back-off seen in the metrics",
        ("tries of one message at most",),
    ),
    Row(
        "10",
        "A model's outage is never silence",
        "hang, 429, 500, garbage, broken tool JSON, nothing, cut",
        "with staff within 60 s, guest told once",
    ),
    Row(
        "11",
        "Staff win",
        "a takeover at each of 20 points of a turn",
        "0 bot sends begun after its commit",
        ("takeovers", "begun before, arrived after"),
    ),
    Row(
        "12",
        "No stale answers",
        "guests write again while the model thinks",
        "stale text never sent; answered within 2 second thoughts",
        ("thoughts of one turn at most",),
    ),
    Row("13", "Order", "50 conversations of 40 messages, 4 workers, refusals now and then", "0 inversions"),
    Row(
        "14",
        "A frozen worker is harmless",
        "SIGSTOP past the heartbeat's end, then SIGCONT",
        "fenced: no write, no send",
        ("turns fenced",),
    ),
    Row(
        "15",
        "The desk tells the truth",
        "Redis killed, web process killed, sockets cut at random",
        "the desk equals the store within 15 s",
        ("sockets cut", "messages and conversations at a desk"),
    ),
    Row("16", "A clean stop", "SIGTERM under load", "out within 25 s, 0 unknown"),
    Row(
        "16-rolling",
        "",
        "web processes and workers restarted one after the other under load",
        "0 lost, no webhook refused, 0 unknown",
    ),
    Row(
        "16-migration",
        "",
        "a newer version migrates while the older serves, then takes over",
        "0 lost, 0 unknown; every webhook answered within 2 s",
        ("webhooks refused meanwhile",),
    ),
    Row(
        "17",
        "Erased is erased",
        "export, erase, webhooks again, backfill, a backup restored with `pg_restore`",
        "the guest is nowhere; a tombstone keeps them out",
        ("guests erased", "found after erasing", "found after the restore"),
    ),
    Row(
        "soak",
        "It goes on",
        "20 messages a second with random faults, for 30 minutes",
        "memory grows under 5 % after 5 minutes, no file stays open, all answered",
        ("web", "worker", "faults"),
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Rewrite the table from the files named; return 1 where a proof does not hold, and then write nothing."""
    runs = [json.loads(Path(name).read_text()) for name in arguments]
    found = results_of(runs)
    broken = [name for name, results in found.items() for result in results if not result["holds"]]
    if not runs or broken:
        print(f"Not written: {', '.join(broken) or 'no file was named'}.", file=sys.stderr)
        return 1
    TARGET.write_text(with_table(TARGET.read_text(), table(found), seeds_of(runs)))
    return 0


def results_of(runs: Iterable[Shown]) -> Mapping[str, list[Shown]]:
    """Return what the runs showed, by proof."""
    found: dict[str, list[Shown]] = {}
    for run in runs:
        for result in run["results"]:
            found.setdefault(result["name"], []).append(result)
    return found


def seeds_of(runs: Iterable[Shown]) -> Sequence[int]:
    return sorted({run["seed"] for run in runs})


def with_table(page: str, rows: str, seeds: Sequence[int]) -> str:
    """Return the page with another table between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    said = f"Seeds: {', '.join(map(str, seeds))}."
    return f"{before}{BEGIN}\n\n{rows}\n\n{said}\n\n{END}{after}"


def table(found: Mapping[str, Sequence[Shown]]) -> str:
    lines = [HEAD]
    for row in ROWS:
        cells = (row.proof, row.promise, row.fault, row.promised, measured(row, found.get(row.proof, ())))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def measured(row: Row, results: Sequence[Shown]) -> str:
    """Say what came of a proof, of all runs together."""
    if not results:
        return NOT_RUN
    counts = [result["count"] for result in results]
    said = [f"{_sum(counts, 'messages'):,} messages"]
    if kills := sum(result["kills"] for result in results):
        said.append(f"{kills:,} kills")
    said += [f"**{_sum(counts, what)} {word}**" for what, word in (("lost", "lost"), ("twice", "twice"))]
    if disorder := _sum(counts, "disorder"):
        said.append(f"{disorder} out of order")
    resumes = [result["resume"] for result in results if result["resume"] is not None]
    if resumes:
        said.append(f"{max(resumes):.1f} s at worst")
    for name in row.figures:
        values = [result["figures"][name] for result in results if name in result["figures"]]
        said += [f"{name}: {_shown(values)}"] if values else []
    return ", ".join(said)


def _shown(values: Sequence[Any]) -> str:
    """Show the worst of numbers, the sums of counts by name, and of other things the last."""
    last = values[-1]
    if isinstance(last, (int, float)):
        return f"{max(values):,}"
    if isinstance(last, Mapping):
        return "; ".join(f"{name} {value}" for name, value in last.items())
    return str(last)


def _sum(counts: Iterable[Mapping[str, int]], what: str) -> int:
    return sum(count[what] for count in counts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
