"""Tells the plugins of events, in the order of the commits of this process, and never in a commit's way."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import structlog

from innbox.dispatch import Dispatch
from innbox.events import Event

log = structlog.get_logger(__name__)

MAX_WAITING = 10_000  # events; a desk that misses some asks the store for them


class Publisher:
    """A queue of events and the task that hands them to `on_event`."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(MAX_WAITING)

    def publish(self, events: Iterable[Event]) -> None:
        """Take events to tell of; returns at once."""
        for event in events:
            try:
                self._waiting.put_nowait(event)
            except asyncio.QueueFull:
                log.warning("event not told live", event_number=event.number)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell events while the block runs; at its end, those that still wait, for a second at most."""
        task = asyncio.create_task(self._tell(), name="publisher")
        try:
            yield
        finally:
            try:
                async with asyncio.timeout(1.0):
                    await self._waiting.join()
            except TimeoutError:
                log.warning("events not told live", count=self._waiting.qsize())
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _tell(self) -> None:
        while True:
            event = await self._waiting.get()
            try:
                await self._dispatch.on_event(event)
            finally:
                self._waiting.task_done()
