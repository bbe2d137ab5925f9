"""Wakes: “this conversation has work now, or at that time”. A hint for speed: the store knows all that is due."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from innbox.messages import now


class Step(StrEnum):
    """The steps that a conversation may be woken for."""

    ANSWER = "answer"
    DELIVER = "deliver"


class Wakes(Protocol):
    """Something that gets a step going: in this process, or over the queue in another."""

    def wake(self, step: Step, conversation_id: str, at: datetime | None = None) -> None:
        """Ask for a step now or at a time. Returns at once and never raises; a wake may be lost."""
        ...


class NoWakes:
    """For processes that neither work nor tell workers (commands)."""

    def wake(self, step: Step, conversation_id: str, at: datetime | None = None) -> None:
        return None


class Timers:
    """Holds wakes back until their time; a newer wake for the same step of a conversation replaces the older."""

    def __init__(self, fire: Callable[[Step, str], None]) -> None:
        self._fire = fire
        self._handles: dict[tuple[Step, str], asyncio.TimerHandle] = {}

    def wake(self, step: Step, conversation_id: str, at: datetime | None) -> None:
        """Fire at once, or at `at`."""
        delay = (at - now()).total_seconds() if at else 0.0
        if delay <= 0:
            self._fire(step, conversation_id)
            return
        key = (step, conversation_id)
        if (earlier := self._handles.pop(key, None)) is not None:
            earlier.cancel()
        # A little late rather than a little early: the store would say “not yet”.
        self._handles[key] = asyncio.get_running_loop().call_later(delay + 0.003, self._due, key)

    def clear(self) -> None:
        """Forget everything that waits; the store still knows it."""
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def _due(self, key: tuple[Step, str]) -> None:
        self._handles.pop(key, None)
        self._fire(*key)
