"""Admission: how many turns may begin at once, so that a process with too much to do finishes what it has begun.

Without it a backlog is claimed all together, every step of it waits for every other, deadlines pass, and the work done
is thrown away. The measure is the event loop's own delay: a thousand turns that wait for a model delay nothing.
"""

import asyncio
import time
from collections import deque

TICK_SECONDS = 0.02
BATCH = 16  # turns that may begin in a tick
CALM_SECONDS = 0.05  # how late a tick may be before nothing more begins


class Admission:
    """Lets `BATCH` callers in at each tick that comes in time, first come, first in."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._room = BATCH
        self._tick: asyncio.TimerHandle | None = None
        self._due = 0.0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def enter(self) -> None:
        """Return when the caller may begin: at once, while the process is calm."""
        if self._tick is None:
            self._schedule()
        if self._room > 0 and not self._waiting:
            self._room -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.done():
                self._room += 1  # let in and cancelled at the same moment: the place goes to the next
            raise

    def _schedule(self) -> None:
        self._due = time.monotonic() + TICK_SECONDS
        self._tick = asyncio.get_running_loop().call_later(TICK_SECONDS, self._on_tick)

    def _on_tick(self) -> None:
        late = time.monotonic() - self._due
        idle = self._room == BATCH
        # A process that is late still lets one in: it must come out of its backlog by itself.
        self._room = BATCH if late < CALM_SECONDS else 1
        while self._waiting and self._room > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._room -= 1
        if idle and not self._waiting:
            self._tick = None  # nothing to watch over; the next caller starts it again
        else:
            self._schedule()
