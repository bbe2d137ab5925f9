"""Pages of the inbox as JSON, from the cache where nothing has happened since they were made."""

import hashlib
import json

from innbox import Cache, InboxQuery, Store

LIFE_SECONDS = 60.0


class Lists:
    """Makes pages, and keeps each under the number of the last event: a later event makes it unreachable."""

    def __init__(self, store: Store, cache: Cache) -> None:
        self._store = store
        self._cache = cache

    async def page(self, query: InboxQuery) -> bytes:
        """Return a page as JSON; it is never older than the last event."""
        key = _key(query, await self._store.last_event())
        kept = await self._cache.get(key)
        if kept is not None:
            return kept
        page = await self._store.inbox(query)
        body = json.dumps(
            {
                "conversations": [conversation.as_json() for conversation in page.conversations],
                "next_cursor": page.next_cursor,
                "last_event": page.last_event,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
        # The page says itself up to which event it surely holds; something newer may be in it, nothing older is.
        await self._cache.set(_key(query, page.last_event), body, LIFE_SECONDS)
        return body


def _key(query: InboxQuery, last_event: int) -> str:
    hotels = "*" if query.hotels is None else sorted(query.hotels)
    asked = json.dumps([hotels, query.status, query.handled_by, query.q, query.cursor, query.limit])
    return f"inbox:{last_event}:{hashlib.sha256(asked.encode()).hexdigest()[:32]}"
