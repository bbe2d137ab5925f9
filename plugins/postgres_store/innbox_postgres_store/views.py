"""The views of the desk: which conversations, how many, and with which labels."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from innbox import MOST_COUNTED, Conversation, InboxPage, Refused, View, ViewQuery
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs

FIRST = (datetime.min.replace(tzinfo=UTC), "00000000-0000-0000-0000-000000000000")
LAST = (datetime.max.replace(tzinfo=UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff")


class Views(Verbs):
    """The verbs of `KeepsDesk` that list conversations."""

    async def view(self, query: ViewQuery) -> InboxPage:
        limit = max(query.limit, 1)
        at, conversation_id = _position(query)
        ((last_event, found),) = await self._database.rows(
            "view", query.view.value, query.user, _wanted(query.hotels), query.label, at, conversation_id, limit + 1
        )
        conversations = tuple(rows.conversation(facts) for facts in found or ())
        more = len(conversations) > limit
        conversations = conversations[:limit]
        return InboxPage(conversations, _cursor(query.view, conversations[-1]) if more else None, last_event)

    async def view_counts(self, user: str, hotels: frozenset[str] | None) -> Mapping[str, int]:
        counts: Mapping[str, int] = await self._database.value("view_counts", user, _wanted(hotels), MOST_COUNTED)
        return counts

    async def labels(self, hotels: frozenset[str] | None) -> Sequence[str]:
        return sorted(await self._database.value("labels", _wanted(hotels)))


def _wanted(hotels: frozenset[str] | None) -> list[str] | None:
    return None if hotels is None else sorted(hotels)


def _cursor(view: View, conversation: Conversation) -> str:
    at = conversation.waiting_since if view is View.WAITING else conversation.last_at
    assert at is not None
    return f"{view.value}~{at.isoformat()}~{conversation.id}"


def _position(query: ViewQuery) -> tuple[datetime, str]:
    """Return behind which conversation the page begins."""
    if query.cursor is None:
        return FIRST if query.view is View.WAITING else LAST
    view, at, conversation_id = [*query.cursor.split("~"), "", ""][:3]
    known = rows.as_id(conversation_id)
    try:
        position = datetime.fromisoformat(at)
    except ValueError:
        position = None
    if view != query.view or known is None or position is None or position.tzinfo is None:
        raise Refused("This is not the cursor of a page of this view.", code="bad_cursor")
    return position, known
