"""Pages for the desk: the inbox, a conversation's messages, and the log of events."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from innbox import (
    Conversation,
    Event,
    EventName,
    EventPage,
    HistoryPage,
    InboxPage,
    InboxQuery,
    Message,
    NotFound,
    Refused,
)
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs

NEWEST = (datetime.max.replace(tzinfo=UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff")  # before the first page
HANDLE = re.compile(r"[\w+.@:-]{4,}")  # shorter ones would find half the house
MAX_WORDS = 12
LARGEST_SEQ, LARGEST_NUMBER = 2**31 - 1, 2**63 - 1  # what the columns hold; anything above asks for the same


class Reading(Verbs):
    """The verbs of `Store` that change nothing."""

    async def conversation(self, conversation_id: str) -> Conversation | None:
        known = rows.as_id(conversation_id)
        facts = await self._database.value("conversation", known) if known else None
        return rows.conversation(facts) if facts else None

    async def message(self, message_id: str) -> Message | None:
        known = rows.as_id(message_id)
        facts = await self._database.value("message", known) if known else None
        return rows.message(facts) if facts else None

    async def conversation_for(self, hotel: str, channel: str, handle: str) -> Conversation | None:
        facts = await self._database.value("conversation_for", hotel, channel, handle)
        return rows.conversation(facts) if facts else None

    async def inbox(self, query: InboxQuery) -> InboxPage:
        limit = max(query.limit, 1)
        hotels = sorted(query.hotels) if query.hotels is not None else None
        page = (hotels, query.status, query.handled_by, *_position(query.cursor), limit + 1)
        q = (query.q or "").strip()
        if q:
            ((last_event, found),) = await self._database.rows("search", *page, words(q), handle(q), q.casefold())
        else:
            ((last_event, found),) = await self._database.rows("inbox", *page)
        conversations = tuple(rows.conversation(facts) for facts in found or ())
        more = len(conversations) > limit
        conversations = conversations[:limit]
        return InboxPage(conversations, _cursor(conversations[-1]) if more else None, last_event)

    async def history(self, conversation_id: str, before: int | None, limit: int) -> HistoryPage:
        known = rows.as_id(conversation_id)
        limit = max(limit, 1)
        below = None if before is None else max(0, min(before, LARGEST_SEQ))
        found = await self._database.rows("history", known, below, limit + 1) if known else []
        if not found:
            raise NotFound("There is no such conversation.")
        hotel, facts = found[0]
        messages = rows.messages(facts)
        more = len(messages) > limit
        messages = messages[-limit:]
        return HistoryPage(messages, messages[0].seq if more else None, hotel)

    async def events_since(self, number: int, hotels: frozenset[str] | None, limit: int) -> EventPage:
        limit = max(limit, 1)
        wanted = sorted(hotels) if hotels is not None else None
        after = max(0, min(number, LARGEST_NUMBER))
        ((last, page, messages, conversations),) = await self._database.rows("events_since", after, wanted, limit + 1)
        page = page or ()
        more = len(page) > limit
        data = {
            **{key: rows.message(facts).as_json() for key, facts in (messages or {}).items()},
            **{key: rows.conversation(facts).as_json() for key, facts in (conversations or {}).items()},
        }
        events = tuple(event for reference in page[:limit] if (event := _event(reference, data)))
        return EventPage(events, page[limit - 1][0] if more else last, more)

    async def last_event(self) -> int:
        number: int = await self._database.value("last_event")
        return number


def words(q: str) -> str:
    """Return what is searched as text for `to_tsquery`: every word, the last one also as a beginning.

    Quoted, so that nothing in it is an operator. The parser that cuts messages into words cuts these too.
    """
    quoted = ["'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in q.split()[:MAX_WORDS]]
    return " & ".join([*quoted[:-1], f"{quoted[-1]}:*"])


def handle(q: str) -> str | None:
    """Return what is searched as the beginning or the end of a handle, or None where `q` cannot be one."""
    compact = "".join(q.split())
    return compact.replace("_", "\\_") if HANDLE.fullmatch(compact) else None


def _position(cursor: str | None) -> tuple[datetime, str]:
    if cursor is None:
        return NEWEST
    at, _, conversation_id = cursor.partition("~")
    known = rows.as_id(conversation_id)
    try:
        position = datetime.fromisoformat(at)
    except ValueError:
        position = None
    if known is None or position is None or position.tzinfo is None:
        raise Refused("This is not the cursor of a page.", code="bad_cursor")
    return position, known


def _cursor(conversation: Conversation) -> str:
    assert conversation.last_at is not None
    return f"{conversation.last_at.isoformat()}~{conversation.id}"


def _subject(reference: list[Any]) -> str:
    """Return the id of the message or, where the event has none, of the conversation."""
    subject: str = reference[5] or reference[4]
    return subject


def _event(reference: list[Any], data: Mapping[str, Mapping[str, Any]]) -> Event | None:
    """Return the event of a reference; None where its subject is erased just now, which a later event tells."""
    number, name, hotel, channel, conversation_id, _ = reference
    if name == EventName.CONVERSATION_GONE:
        return Event.gone(number, hotel, channel, conversation_id)
    subject = data.get(_subject(reference))
    return Event(number, EventName(name), hotel, channel, conversation_id, subject) if subject else None
