"""Batches: verbs that are called while others are at the server go there together.

A call that finds nothing at the server goes at once and by itself, as any statement. What is called meanwhile waits for
that one's return and then goes as one statement (`run_batch`), so that the cost of a statement, of its way and of its
flush to disk is shared by as many as come in that time: the busier, the cheaper. Each verb stays a transaction of its
own, with its own error.
"""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from innbox_postgres_store.pool import Database, deadline_from_now

LARGEST = 32  # verbs in a batch
PATIENCE_SECONDS = 0.01  # a batch leaves without waiting longer for the one before, which may be held up


@dataclass(frozen=True, eq=False)
class Call:
    """A verb that waits for its answer."""

    verb: str
    parameters: Sequence[Any]
    as_json: str
    deadline: float  # by the event loop's clock
    answer: asyncio.Future[Any]

    @classmethod
    def of(cls, verb: str, parameters: Sequence[Any]) -> "Call":
        as_json = json.dumps(parameters, default=_moment)
        return cls(verb, parameters, as_json, deadline_from_now(), asyncio.get_running_loop().create_future())


class Batches:
    """The way to the server of the verbs that `run_batch` knows. Of one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._away = 0  # statements at the server
        self._waiting: deque[Call] = deque()
        self._impatience: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def value(self, verb: str, *parameters: Any) -> Any:
        """Return what a verb says. Raises as `Database.value` does."""
        if not self._away:
            self._away += 1
            try:
                return await self._database.value(verb, *parameters)
            finally:
                self._landed()
        call = Call.of(verb, parameters)
        self._waiting.append(call)
        self._watch()
        try:
            return await call.answer
        finally:
            del call  # an error keeps this frame, and must not be kept by it: memory would wait for the collector

    def _watch(self) -> None:
        if self._impatience is None:
            self._impatience = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._leave)

    def _landed(self) -> None:
        self._away -= 1
        self._leave()

    def _leave(self) -> None:
        """Send what waits, as far as it fits into a batch."""
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None
        batch: list[Call] = []
        while self._waiting and len(batch) < LARGEST:
            call = self._waiting.popleft()
            if not call.answer.done():
                batch.append(call)
        if not batch:
            return
        self._away += 1
        self._begin(self._carry(batch))
        if self._waiting:
            self._watch()

    def _begin(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, batch: Sequence[Call]) -> None:
        try:
            if len(batch) == 1:
                await self.alone(batch[0])
            else:
                await self.together(batch)
        finally:
            self._landed()

    async def together(self, batch: Sequence[Call]) -> None:
        """Carry calls to the server as one statement, and give each its answer or its error."""
        try:
            results = await self._database.value_by(
                batch[0].deadline, "run_batch", [call.verb for call in batch], [call.as_json for call in batch]
            )
        except Exception as error:
            for call in batch:
                if not call.answer.done():
                    call.answer.set_exception(type(error)(*error.args))  # one for each: tracebacks grow as they rise
            return
        for call, result in zip(batch, results, strict=True):
            if result is None:
                self._begin(self.alone(call))
            elif not call.answer.done():
                call.answer.set_result(result["value"])

    async def alone(self, call: Call) -> None:
        """Carry a call to the server by itself."""
        try:
            value = await self._database.value_by(call.deadline, call.verb, *call.parameters)
        except Exception as error:
            if not call.answer.done():
                call.answer.set_exception(error)
        else:
            if not call.answer.done():
                call.answer.set_result(value)
        finally:
            del call  # as above


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no parameter of a verb")
