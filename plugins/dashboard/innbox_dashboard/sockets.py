"""One open desk, as the handlers of its events see it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from innbox import User
from innbox_dashboard.bucket import Bucket

Ack = dict[str, Any]


@dataclass(eq=False, slots=True)
class Socket:
    """One open desk: its session's token, who that is, and how fast it may speak."""

    sid: str
    token: str
    user: User
    bucket: Bucket = field(default_factory=Bucket)
    in_order: asyncio.Lock = field(default_factory=asyncio.Lock)
    hotels_of: dict[str, str] = field(default_factory=dict)  # conversations asked about before, and their hotels


Handler = Callable[[Socket, Any], Awaitable[Ack]]
