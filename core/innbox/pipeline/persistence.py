"""Patience with the store: what a step has found out must reach it, however long it is away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from innbox.errors import StoreUnavailable

FIRST_WAIT, LONGEST_WAIT = 0.2, 2.0  # seconds

T = TypeVar("T")


async def until_stored(write: Callable[[], Awaitable[T]]) -> T:
    """Call `write` until the store takes it. A lost claim ends it too: the store then says so and writes nothing.

    A living worker keeps its claims, so to give up here would leave the conversation to nobody.
    """
    wait = FIRST_WAIT
    while True:
        try:
            return await write()
        except StoreUnavailable:
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
