"""The figures: sums of what happened at a hotel, by the quarter of an hour, made as it happens."""

import json
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from sqlite3 import Row
from typing import Any

from innbox import FIGURE_MINUTES, WAIT_BOUNDS, Figures
from innbox_sqlite_store.database import MICROSECONDS, Transaction
from innbox_sqlite_store.rows import microseconds, moment, to_json

QUARTER = FIGURE_MINUTES * 60 * MICROSECONDS
NOTHING: dict[str, Any] = {
    "guest_messages": 0,
    "bot_messages": 0,
    "staff_messages": 0,
    "failed": 0,
    "hand_overs": 0,
    "turns": 0,
    "cost_usd": 0.0,
    "bot_waited": None,
    "staff_waited": None,
    "resolved": 0,
    "solve_seconds": 0.0,
}


def count(tx: Transaction, hotel: str, **happened: Any) -> None:
    """Add what has happened just now to the figures of a hotel. `bot_waited` or `staff_waited` is given where a guest
    was answered: since when they had waited."""
    values = {**NOTHING, **happened}
    for name in ("bot_waited", "staff_waited"):
        values[name] = _class_of(tx, values[name])
    where = {"at": tx.now - tx.now % QUARTER, "hotel": hotel}
    if tx.one("add_figures", **where, **values) is None:
        tx.run("begin_figures", **where)
        tx.one("add_figures", **where, **values)


def count_resolved(tx: Transaction, conversation: Row) -> None:
    """Count that a conversation is resolved, where anything was said since the last time."""
    opened = tx.one("first_said_after", id=conversation["id"], seq=conversation["resolved_seq"])
    if opened is not None:
        seconds = (tx.now - opened["created_at"]) / MICROSECONDS
        count(tx, conversation["hotel"], resolved=1, solve_seconds=seconds)
        tx.run("set_resolved", id=conversation["id"])


def figures(tx: Transaction, hotels: frozenset[str] | None, since: datetime, until: datetime) -> Sequence[Figures]:
    """See `KeepsDesk.figures`."""
    names = None if hotels is None else to_json(sorted(hotels))
    rows = tx.all("figures", hotels=names, since=microseconds(since), until=microseconds(until))
    return [_figures(row) for row in rows]


def _class_of(tx: Transaction, since: int | None) -> str | None:
    """Return where the class of a waiting time stands in the list of them, as a path of SQLite's JSON functions."""
    if since is None:
        return None
    return f"$[{bisect_left(WAIT_BOUNDS, (tx.now - since) / MICROSECONDS)}]"


def _figures(row: Row) -> Figures:
    return Figures(
        hotel=row["hotel"],
        at=moment(row["at"]),
        guest_messages=row["guest_messages"],
        bot_messages=row["bot_messages"],
        staff_messages=row["staff_messages"],
        failed=row["failed"],
        hand_overs=row["hand_overs"],
        turns=row["turns"],
        cost_usd=row["cost_usd"],
        waits_by_bot=tuple(json.loads(row["waits_by_bot"])),
        waits_by_staff=tuple(json.loads(row["waits_by_staff"])),
        resolved=row["resolved"],
        solve_seconds=row["solve_seconds"],
    )
