"""The views of the desk: which conversations, how many, and with which labels."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from innbox import MOST_COUNTED, Conversation, InboxPage, Refused, View, ViewQuery
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.reading import LARGEST, last_event
from innbox_sqlite_store.rows import conversation_of, microseconds

CURSOR = re.compile(r"([a-z]+)\.(\d{1,18})\.([0-9a-f-]{36})", re.ASCII)
AFTER_ALL = "~"  # sorts after every id
COUNTED = (View.MINE, View.UNASSIGNED, View.BOT, View.WAITING, View.URGENT, View.SNOOZED)


def view(tx: Transaction, query: ViewQuery) -> InboxPage:
    """See `KeepsDesk.view`. Each hotel's index is read from the cursor on, and the pages are merged."""
    number = last_event(tx)
    limit = max(query.limit, 1)
    at, conversation_id = _position(query)
    where = {"at": at, "id": conversation_id, "label": query.label, "limit": limit + 1}
    rows = [row for hotel in _hotels(tx, query.hotels) for row in _rows(tx, query, hotel=hotel, **where)]
    found = sorted((conversation_of(row) for row in rows), key=lambda one: _key(query.view, one))
    if query.view is not View.WAITING:
        found.reverse()
    page = tuple(found[:limit])
    return InboxPage(page, _cursor(query.view, page[-1]) if len(found) > limit else None, number)


def view_counts(tx: Transaction, user: str, hotels: frozenset[str] | None) -> Mapping[str, int]:
    """See `KeepsDesk.view_counts`."""
    counts = dict.fromkeys((view.value for view in COUNTED), 0)
    for hotel in _hotels(tx, hotels):
        for view in COUNTED:
            counts[view.value] += _count(tx, view, user, hotel)
    return {view: min(count, MOST_COUNTED) for view, count in counts.items()}


def labels(tx: Transaction, hotels: frozenset[str] | None) -> Sequence[str]:
    """See `KeepsDesk.labels`."""
    return sorted({row["label"] for hotel in _hotels(tx, hotels) for row in tx.all("labels", hotel=hotel)})


def _hotels(tx: Transaction, hotels: frozenset[str] | None) -> Sequence[str]:
    return [row["hotel"] for row in tx.all("hotels")] if hotels is None else sorted(hotels)


def _rows(tx: Transaction, query: ViewQuery, **where: Any) -> Sequence[Any]:
    match query.view:
        case View.ALL:
            return tx.all("view_all", **where)
        case View.URGENT:
            return tx.all("view_urgent", **where)
        case View.WAITING:
            return tx.all("view_waiting", **where)
        case _:
            return tx.all("view_drawer", drawer=_drawer(query.view, query.user), **where)


def _count(tx: Transaction, view: View, user: str, hotel: str) -> int:
    where = {"hotel": hotel, "limit": MOST_COUNTED}
    match view:
        case View.URGENT:
            row = tx.one("count_urgent", **where)
        case View.WAITING:
            row = tx.one("count_waiting", **where)
        case _:
            row = tx.one("count_drawer", drawer=_drawer(view, user), **where)
    return row["number"] if row else 0


def _drawer(view: View, user: str) -> str:
    """Return the drawer that a view shows: those of staff have an assignee's name."""
    return {View.MINE: f"@{user}", View.UNASSIGNED: "@"}.get(view, view.value)


def _key(view: View, conversation: Conversation) -> tuple[int, str]:
    """Return what a view is ordered by."""
    at = conversation.waiting_since if view is View.WAITING else conversation.last_at
    assert at is not None
    return microseconds(at), conversation.id


def _cursor(view: View, conversation: Conversation) -> str:
    at, conversation_id = _key(view, conversation)
    return f"{view.value}.{at}.{conversation_id}"


def _position(query: ViewQuery) -> tuple[int, str]:
    """Return behind which conversation the page begins."""
    if query.cursor is None:
        return (0, "") if query.view is View.WAITING else (LARGEST, AFTER_ALL)
    found = CURSOR.fullmatch(query.cursor)
    if found is None or found[1] != query.view.value:
        raise Refused("This is not the cursor of a page of this view.", code="bad_cursor")
    return int(found[2]), found[3]
