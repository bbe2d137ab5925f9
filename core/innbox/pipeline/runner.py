"""The runner: makes steps as tasks of one event loop, keeps the worker's heartbeat, and sweeps up what is due.

It runs in every worker process, and inside `serve` where there is no queue.
"""

import asyncio
import os
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from innbox.errors import StoreUnavailable
from innbox.ids import new_id
from innbox.pipeline.admission import Admission
from innbox.pipeline.answer import Answering
from innbox.pipeline.chores import Chores
from innbox.pipeline.deliver import Claim, Delivering
from innbox.pipeline.timing import Timing
from innbox.pipeline.wakes import Step, Timers

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 2.0
SWEEP_SECONDS = 1.0
SWEEP_LIMIT = 200
STANDING_LIMIT = 1000  # steps of a kind that wait for a slot
TIMING_SECONDS = 1.0
FINISH_SECONDS = 18.0  # how long steps in flight may take after a stop was asked for
GIVE_BACK_SECONDS = 2.0  # and then, to give back their claims


class Runner:
    """Runs the steps of one process. As `Wakes` it starts them here.

    `slots` bounds how many turns are in flight. Deliveries have as many of their own: what is written, by staff too,
    does not wait until a slow model has answered others.
    """

    def __init__(self, app: "App", slots: int) -> None:
        self._app = app
        self._slots = slots
        self.worker = f"{socket.gethostname()}-{os.getpid()}-{new_id()[-6:]}"
        self._answering = Answering(app, self.worker, self._deliver)
        self._delivering = Delivering(app, self.worker)
        self._chores = Chores(app)
        self._admission = Admission()
        self._timers = Timers(self._start)
        self._running: dict[tuple[Step, str], asyncio.Task[None]] = {}
        self._in_flight = Counter[Step]()
        self._standing: dict[Step, dict[str, None]] = {step: {} for step in Step}  # who waits for a slot, in order
        self._claimed: dict[str, Claim] = {}  # deliveries of conversations that are about to be delivered
        self._again: set[tuple[Step, str]] = set()
        self._stopping = False

    def free_slots(self, step: Step = Step.ANSWER) -> int:
        """Return how many steps of a kind may begin."""
        return max(self._slots - self._in_flight[step], 0)

    def wake(self, step: Step, conversation_id: str, at: datetime | None = None) -> None:
        """Start a step now or at a time; with no slot free, as soon as one is."""
        if not self._stopping:
            self._timers.wake(step, conversation_id, at)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run while the block does; at its end let steps finish, give back what is claimed, and leave."""
        await self._beat()
        loops = [
            asyncio.create_task(self._every(HEARTBEAT_SECONDS, self._beat), name="heartbeat"),
            asyncio.create_task(self._every(SWEEP_SECONDS, self._sweep), name="sweeper"),
            asyncio.create_task(self._chores.run(), name="chores"),
        ]
        if self._app.desk_store is not None:
            timing = Timing(self._app, self._app.desk_store)
            loops.append(asyncio.create_task(self._every(TIMING_SECONDS, timing.run), name="timers"))
        try:
            yield
        finally:
            self._stopping = True
            self._timers.clear()
            for standing in self._standing.values():
                standing.clear()  # the store knows them
            for loop in loops[1:]:
                loop.cancel()
            await self._finish()
            loops[0].cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await self._retire()

    def _deliver(self, claim: Claim) -> None:
        """Deliver what is claimed, whatever else there is to do: it is the end of what was begun."""
        conversation_id = claim.delivery.outgoing.conversation_id
        key = (Step.DELIVER, conversation_id)
        self._claimed[conversation_id] = claim
        if key not in self._running:  # a step that runs has found nothing, and is followed by this one
            self._begin(key)

    def _start(self, step: Step, conversation_id: str) -> None:
        key = (step, conversation_id)
        if key in self._running:
            self._again.add(key)  # it may have looked before the new work was there
        elif self._stopping:
            return
        elif self.free_slots(step):
            self._begin(key)
        elif len(self._standing[step]) < STANDING_LIMIT:  # those beyond are left to the sweeper
            self._standing[step][conversation_id] = None

    def _begin(self, key: tuple[Step, str]) -> None:
        step, conversation_id = key
        self._in_flight[step] += 1
        self._standing[step].pop(conversation_id, None)
        self._running[key] = asyncio.create_task(self._run(key), name=f"{key[0]}:{key[1]}")

    async def _run(self, key: tuple[Step, str]) -> None:
        step, conversation_id = key
        try:
            if step is Step.ANSWER:  # deliveries are the end of what was begun
                await self._admission.enter()
                await self._answering.run(conversation_id)
            else:
                await self._delivering.run(conversation_id, self._claimed.pop(conversation_id, None))
        except StoreUnavailable:
            log.warning("store away, step left to the sweeper", step=step.value, conversation=conversation_id)
        except Exception as error:
            log.exception("step failed", step=step.value, conversation=conversation_id, error=type(error).__name__)
        finally:
            self._running.pop(key, None)
            self._in_flight[step] -= 1
            if step is Step.DELIVER and conversation_id in self._claimed:
                self._again.discard(key)
                self._begin(key)
            elif key in self._again:
                self._again.discard(key)
                self._start(*key)
            self._let_in(step)

    def _let_in(self, step: Step) -> None:
        """Begin what has waited longest for a slot."""
        standing = self._standing[step]
        while standing and self.free_slots(step):
            conversation_id = next(iter(standing))
            del standing[conversation_id]
            self._start(step, conversation_id)

    async def _beat(self) -> None:
        await self._app.store.heartbeat(self.worker)
        await self._app.metrics.bring_to(self._app.store)

    async def _sweep(self) -> None:
        most = max(self.free_slots(step) for step in Step)
        due = await self._app.store.due(min(most, SWEEP_LIMIT))
        for conversation_id in due.deliver:
            self._start_if_idle(Step.DELIVER, conversation_id)
        for conversation_id in due.answer:
            self._start_if_idle(Step.ANSWER, conversation_id)

    def _start_if_idle(self, step: Step, conversation_id: str) -> None:
        if self.free_slots(step) and (step, conversation_id) not in self._running:
            self._start(step, conversation_id)

    async def _every(self, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
        """Do something at even times; a failure is logged once until it works again."""
        failing = False
        while True:
            started = time.monotonic()
            try:
                await do()
                failing = False
            except Exception as error:
                if not failing:
                    log.warning("background work failed", work=do.__name__, error=type(error).__name__)
                failing = True
            await asyncio.sleep(max(seconds - (time.monotonic() - started), 0.05))

    async def _finish(self) -> None:
        ends_at = time.monotonic() + FINISH_SECONDS
        while self._running and (left := ends_at - time.monotonic()) > 0:  # an answer's end begins a delivery
            await asyncio.wait(list(self._running.values()), timeout=left)
        late = list(self._running.values())
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=GIVE_BACK_SECONDS)

    async def _retire(self) -> None:
        try:
            await self._app.store.retire(self.worker)
            await self._app.metrics.bring_to(self._app.store)
        except Exception as error:
            log.warning("not retired; claims end with the heartbeat", error=type(error).__name__)
