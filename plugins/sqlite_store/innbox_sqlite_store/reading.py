"""What the desk reads: conversations, messages and events, page by page."""

import re
from collections.abc import Mapping
from sqlite3 import Row

from innbox import (
    Conversation,
    Event,
    EventName,
    EventPage,
    HistoryPage,
    InboxPage,
    InboxQuery,
    Message,
    Refused,
)
from innbox_sqlite_store.database import Transaction
from innbox_sqlite_store.log import bare
from innbox_sqlite_store.rows import conversation_of, message_of, microseconds, to_json

LARGEST = 2**63 - 1  # what SQLite can count to
CURSOR = re.compile(r"(\d{1,18})\.([0-9a-f-]{36})", re.ASCII)


def conversation(tx: Transaction, conversation_id: str) -> Conversation | None:
    """See `Store.conversation`."""
    row = tx.one("shown_conversation", id=conversation_id)
    return conversation_of(row) if row else None


def message(tx: Transaction, message_id: str) -> Message | None:
    """See `Store.message`."""
    row = tx.one("message", id=message_id)
    return message_of(row) if row else None


def conversation_for(tx: Transaction, hotel: str, channel: str, handle: str) -> Conversation | None:
    """See `Store.conversation_for`."""
    row = tx.one("conversation_of_handle", hotel=hotel, channel=channel, handle=handle)
    return conversation_of(row) if row else None


def inbox(tx: Transaction, query: InboxQuery) -> InboxPage:
    """See `Store.inbox`; raises `Refused` for a cursor that is none of ours."""
    number = last_event(tx)
    last_at, last_id = _position(query.cursor)
    values = {
        "hotels": None if query.hotels is None else to_json(sorted(query.hotels)),
        "status": query.status,
        "handled_by": query.handled_by,
        "last_at": last_at,
        "id": last_id,
        "limit": query.limit + 1,
    }
    if query.q and query.q.strip():
        q = query.q.replace("\0", "\ufffd")  # as in the texts; SQLite would end the pattern here
        rows = tx.all("inbox_search", words=_words(q), like=_pattern(q), label_key=q.strip().casefold(), **values)
    else:
        rows = tx.all("inbox", **values)
    page = tuple(conversation_of(row) for row in rows[: query.limit])
    return InboxPage(page, _cursor(page) if len(rows) > query.limit else None, number)


def history(tx: Transaction, conversation_id: str, before: int | None, limit: int) -> HistoryPage:
    """See `Store.history`."""
    hotel = bare(tx, conversation_id)["hotel"]
    below = LARGEST if before is None else _countable(before)
    rows = tx.all("history", id=conversation_id, before=below, limit=limit + 1)
    messages = tuple(message_of(row) for row in reversed(rows[:limit]))
    return HistoryPage(messages, messages[0].seq if len(rows) > limit and messages else None, hotel)


def last_event(tx: Transaction) -> int:
    """See `Store.last_event`."""
    row = tx.one("last_event")
    assert row is not None
    number: int = row["number"]
    return number


def events_since(tx: Transaction, number: int, hotels: frozenset[str] | None, limit: int) -> EventPage:
    """See `Store.events_since`."""
    after = _countable(number)
    if hotels is None:
        rows = tx.all("events_since", number=after, limit=limit + 1)
    else:
        names = to_json(sorted(hotels))
        rows = tx.all("events_of_hotels_since", number=after, hotels=names, limit=limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    told = rows[-1]["number"] if more and rows else last_event(tx)
    return EventPage(_with_data(tx, rows), told, more)


def _with_data(tx: Transaction, rows: list[Row]) -> tuple[Event, ...]:
    """Return events with what they are about, as it is now."""
    message_ids = {row["message_id"] for row in rows if row["message_id"]}
    conversation_ids = {row["conversation_id"] for row in rows if row["name"] == EventName.CONVERSATION_UPDATE.value}
    messages = {row["id"]: message_of(row) for row in tx.all("messages", ids=to_json(sorted(message_ids)))}
    conversations = {
        row["id"]: conversation_of(row) for row in tx.all("shown_conversations", ids=to_json(sorted(conversation_ids)))
    }
    return tuple(_event(row, messages, conversations) for row in rows)


def _event(row: Row, messages: Mapping[str, Message], conversations: Mapping[str, Conversation]) -> Event:
    name, where = EventName(row["name"]), (row["hotel"], row["channel"], row["conversation_id"])
    if name is EventName.CONVERSATION_GONE:
        return Event.gone(row["number"], *where)
    subject = messages[row["message_id"]] if row["message_id"] else conversations[row["conversation_id"]]
    return Event(row["number"], name, *where, subject.as_json())


def _countable(number: int) -> int:
    return max(-LARGEST, min(number, LARGEST))


def _cursor(page: tuple[Conversation, ...]) -> str | None:
    last = page[-1] if page else None
    return f"{microseconds(last.last_at)}.{last.id}" if last and last.last_at else None


def _position(cursor: str | None) -> tuple[int | None, str | None]:
    if not cursor:
        return None, None
    found = CURSOR.fullmatch(cursor)
    if found is None:
        raise Refused("This cursor is not one of the inbox.", code="bad_cursor")
    return int(found[1]), found[2]


def _words(q: str) -> str:
    """Return a search text in FTS5's language (https://www.sqlite.org/fts5.html, section 3): every word, or its
    beginning, in any order. Where there is no word in it, that is the empty phrase, which finds nothing."""
    words = [word for word in q.split() if any(character.isalnum() for character in word)]
    return " ".join('"' + word.replace('"', '""') + '"*' for word in words) or '""'


def _pattern(q: str) -> str:
    """Return the LIKE pattern that finds a text anywhere in a name or a handle."""
    text = q.strip().casefold()
    for special in "\\%_":
        text = text.replace(special, "\\" + special)
    return f"%{text}%"
