"""Erasing a guest, and knowing an old message of theirs without knowing them.

An erased guest leaves a tombstone: when, by whom, and marks. A mark is a keyed hash of one address or of one message's
provider id. The key comes from the deployment's secret, which no database and no list of tombstones holds: so nobody
can find out by trying all telephone numbers whose mark it is.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from innbox.events import Event
from innbox.messages import Address, Inbound, parse_rfc3339, rfc3339

MARK_CHARS = 32  # 128 bits: no two of a deployment's marks are ever the same by chance
SEPARATOR = "\x1f"  # in no name of a hotel or a channel; what may hold anything stands last


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an erased guest. `guest_id` leads nowhere any more, but to the same guest in an older backup.

    A message whose own mark is among `marks` is kept out for good; one from a marked address where it was sent at
    `erased_at` or before.
    """

    guest_id: str
    hotel: str
    erased_at: datetime
    by: str
    marks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the shape that `innbox guests erased` writes, one a line."""
        return {
            "guest_id": self.guest_id,
            "hotel": self.hotel,
            "erased_at": rfc3339(self.erased_at),
            "by": self.by,
            "marks": list(self.marks),
        }

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read that shape; raise `ValueError` where it is another one."""
        if not isinstance(data, Mapping) or not all(isinstance(data.get(name), str) for name in _TEXTS):
            raise ValueError("this is no tombstone")
        UUID(data["guest_id"])
        marks = data.get("marks")
        erased_at = parse_rfc3339(data["erased_at"])
        if not isinstance(marks, list) or not all(isinstance(mark, str) for mark in marks):
            raise ValueError("its marks are no list of texts")
        return cls(data["guest_id"], data["hotel"], erased_at, data["by"], tuple(marks))


_TEXTS = ("guest_id", "hotel", "erased_at", "by")


@dataclass(frozen=True, slots=True)
class Erased:
    """What erasing did: the tombstone that it left, and the events to tell of (`conversation_gone`)."""

    tombstone: Tombstone
    events: tuple[Event, ...] = ()


def message_mark(key: bytes, channel: str, provider_id: str) -> str:
    """Return the mark of a guest's message."""
    return _mark(key, "message", channel, provider_id)


def address_mark(key: bytes, hotel: str, address: Address) -> str:
    """Return the mark of an address at a hotel."""
    return _mark(key, "address", hotel, address.channel, address.handle)


def marks_of(key: bytes, inbound: Inbound) -> tuple[str, tuple[str, ...]]:
    """Return the mark of a guest's message, and those of its address and aliases: for a store to look for."""
    addresses = (inbound.address, *inbound.aliases)
    own = message_mark(key, inbound.address.channel, inbound.provider_id)
    return own, tuple(address_mark(key, inbound.hotel, address) for address in addresses)


def _mark(key: bytes, *words: str) -> str:
    text = SEPARATOR.join(words).encode("utf-8", "surrogatepass")
    return hmac.digest(key, text, "sha256").hex()[:MARK_CHARS]
