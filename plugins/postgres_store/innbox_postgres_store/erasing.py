"""Erasing guests: a copy of their data, their end, and the tombstones that keep their old messages out."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from innbox import Erased, Event, Tombstone, rfc3339
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs

BLOCK = 64  # bytes of a block of SHA-256
FIRST = "00000000-0000-0000-0000-000000000000"


class Erasing(Verbs):
    """The verbs of `Store` for guests who want to see, or to end, what is kept of them."""

    async def export_guest(self, hotel: str, channel: str, handle: str) -> Mapping[str, Any] | None:
        facts = await self._database.patiently("export_guest", hotel, channel, handle)
        if facts is None:
            return None
        return {
            "hotel": hotel,
            "exported_at": _time(facts["exported_at"]),
            "guest": _with_times(facts["guest"], "created_at", "opted_out_at"),
            "addresses": facts["addresses"] or [],
            "conversations": [_conversation(one) for one in facts["conversations"] or ()],
            "webhooks": [_with_times(one, "received_at") for one in facts["webhooks"] or ()],
        }

    async def erase_guest(self, hotel: str, channel: str, handle: str, by: str, key: bytes = b"") -> Erased | None:
        facts = await self._database.patiently("erase_guest", hotel, channel, handle, by, *pads(key))
        if facts is None:
            return None
        erased_at = rows.moment(facts["erased_at"])
        assert erased_at is not None
        tombstone = Tombstone(facts["guest_id"], facts["hotel"], erased_at, facts["by"], tuple(facts["marks"]))
        return Erased(tombstone, _gone(facts))

    async def erase_again(self, tombstone: Tombstone, key: bytes = b"") -> Erased | None:
        guest_id = rows.as_id(tombstone.guest_id)
        if guest_id is None:
            return None
        facts = await self._database.patiently(
            "erase_again",
            guest_id,
            tombstone.hotel,
            tombstone.erased_at,
            tombstone.by,
            list(tombstone.marks),
            *pads(key),
        )
        return Erased(tombstone, _gone(facts)) if facts else None

    async def tombstones(self, after: str | None, limit: int) -> Sequence[Tombstone]:
        found = await self._database.rows("tombstones", after or FIRST, limit)
        return [
            Tombstone(guest_id, hotel, erased_at, by, tuple(marks)) for guest_id, hotel, erased_at, by, marks in found
        ]


def pads(key: bytes) -> tuple[bytes, bytes]:
    """Return a key as the inner and the outer pad of HMAC-SHA-256 (RFC 2104, section 2)."""
    block = (sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def _conversation(facts: rows.Facts) -> dict[str, Any]:
    return {
        **rows.conversation(facts["conversation"]).as_json(),
        "messages": [message.as_export() for message in rows.messages(facts["messages"])],
        "turns": [_with_times(one, "ended_at") for one in facts["turns"] or ()],
        "suggestions": [_with_times(one, "made_at", "settled_at") for one in facts["suggestions"] or ()],
        "scheduled": [_with_times(one, "at", "created_at", "ended_at") for one in facts["scheduled"] or ()],
    }


def _gone(facts: rows.Facts) -> tuple[Event, ...]:
    return tuple(Event.gone(*reference) for reference in facts["gone"])


def _with_times(facts: rows.Facts, *names: str) -> dict[str, Any]:
    """Return facts with the times of these names as Innbox writes times."""
    return {**facts, **{name: _time(facts[name]) for name in names}}


def _time(text: str | None) -> str | None:
    at = rows.moment(text)
    return rfc3339(at) if at else None
