"""The table: what each figure should be, what it was, and the peer's beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Results = Mapping[str, Mapping[str, Any]]  # a target's figures, by the target's name


@dataclass(frozen=True)
class Row:
    """One figure of Innbox: where it is, what it should be, and whether more is better. `figure` leads through the
    results of `target`."""

    title: str
    figure: str
    goal: float | None
    unit: str = "ms"
    target: str = "innbox"
    more_is_better: bool = False
    peer: bool = True


ROWS: Sequence[Row] = (
    Row("highest rate held, model and Twilio at 0 ms", "highest.rate", 160, "/s", more_is_better=True),
    Row("CPU a reply, with PostgreSQL and Redis, at that rate", "highest.cpu_ms", 10),
    Row("end to end at 20/s, p50", "at_20.end_ms.p50", 15),
    Row("end to end at 20/s, p99", "at_20.end_ms.p99", 35),
    Row("end to end at 100/s, p50", "at_100.end_ms.p50", 40),
    Row("end to end at 100/s, p99", "at_100.end_ms.p99", 150),
    Row("50/s, model 800 ms, Twilio 80 ms, p50", "steady.end_ms.p50", 880),
    Row("50/s, model 800 ms, Twilio 80 ms, p99", "steady.end_ms.p99", 980),
    Row("40/s, model 5 s (200 in flight), p50", "slow.end_ms.p50", 5060),
    Row("40/s, model 5 s (200 in flight), p99", "slow.end_ms.p99", 5300),
    Row("100/s, model 10 s (1,000 in flight), p99", "thousand.end_ms.p99", 11_000, peer=False),
    Row("… lost", "thousand.lost", 0, "", peer=False),
    Row("… the worker's memory (PSS)", "thousand.pss_mb_of.worker", 300, "MB", peer=False),
    Row("acknowledgement at 200/s, p99", "overload.ack_ms.p99", 60),
    Row("… not accepted", "overload.refused", 0, ""),
    Row("… lost, once the backlog is worked off", "overload.lost", 0, ""),
    Row("… out of order", "overload.out_of_order", 0, ""),
    Row("… replies a second meanwhile", "overload.replies_per_second", 150, "/s", more_is_better=True),
    Row("memory of web and workers (PSS), 50/s", "steady.pss_mb", 250, "MB"),
    Row("kill -9 of the workers at 20/s: lost", "crash.lost", 0, ""),
    Row("kill -9 of the workers at 20/s: twice", "crash.twice", 0, ""),
    Row("first page of conversations, p99", "history.first_ms.p99", 3.5),
    Row("a random page of conversations, p99", "history.random_ms.p99", 6),
    Row("one conversation's messages, p99", "history.messages_ms.p99", 3.3),
    Row("search, the slowest kind of word, p99", "history.search_ms.p99", 300, peer=False),
    Row("200 desks, 50 messages a second: commit to every desk, p99", "desks.every_desk_ms.p99", 250, peer=False),
    Row("… of one core, for the desks", "desks.desk_cores", 0.25, "", peer=False),
    Row("embedded: highest rate held", "highest.rate", 100, "/s", "embedded", True, peer=False),
    Row("embedded: cold start to ready", "cold.seconds", 1.5, "s", "embedded", peer=False),
    Row("embedded: the desk's first useful paint, p99", "page.first_ms.p99", 1000, "ms", "embedded", peer=False),
    Row("the desk's script, compressed", "page.script_kb", 80, "kB", "embedded", peer=False),
)
RATIO = 1.9  # of the peer's highest rate, in the same run


def figure(results: Results, target: str, path: str) -> float | None:
    """Return a figure, or None where it was not measured."""
    found: Any = results.get(target, {})
    if path == "overload.refused":
        step = found.get("overload")
        return step["offered"] - step["accepted"] if step else None
    for name in path.split("."):
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found if isinstance(found, int | float) else None


def met(row: Row, value: float | None) -> bool | None:
    """Say whether a figure is what it should be; None where there is nothing to say."""
    if value is None or row.goal is None:
        return None
    return value >= row.goal if row.more_is_better else value <= row.goal


def verdict(row: Row, rounds: Sequence[Results]) -> str:
    """Say whether a figure was what it should be, in how many rounds if there were more and not in all."""
    said = [met(row, figure(results, row.target, row.figure)) for results in rounds]
    known = [one for one in said if one is not None]
    if not known:
        return ""
    if all(known):
        return "met"
    return f"met in {sum(known)} of {len(known)}" if any(known) else "**not met**"


def markdown(results: Results, rounds: Sequence[Results]) -> str:
    """Return the table of all that was measured, as Markdown: medians, and what they say in each of the rounds."""
    lines = ["| figure | the peer | Innbox | times better | should be | |", "| --- | ---: | ---: | ---: | ---: | --- |"]
    for row in ROWS:
        ours = figure(results, row.target, row.figure)
        if ours is None:
            continue
        theirs = figure(results, "peer", row.figure) if row.peer else None
        sign = "≥" if row.more_is_better else "≤"
        goal = f"{sign} {told(row.goal, row.unit)}"
        ratio = _times_better(row, ours, theirs)
        lines.append(
            f"| {row.title} | {told(theirs, row.unit)} | {told(ours, row.unit)} | {ratio} | {goal} |"
            f" {verdict(row, rounds)} |"
        )
    return "\n".join(lines)


def told(value: float | None, unit: str) -> str:
    """Return a figure with its unit."""
    if value is None:
        return "–"
    number = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}".rstrip("0").rstrip(".")
    return number + (unit if unit.startswith("/") else f" {unit}" if unit else "")


def _times_better(row: Row, ours: float, theirs: float | None) -> str:
    if not theirs or not ours:
        return ""
    return f"{(ours / theirs if row.more_is_better else theirs / ours):.1f}"
