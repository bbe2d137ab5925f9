"""The stand-ins for Twilio and OpenAI as chaos needs them: they break at random, and remember when.

Every guest's message holds a mark (`#g3-12#`: the thirteenth message of guest 3). The model's answer repeats every mark
that it was shown and that no earlier answer holds, so an accepted reply tells what it answers.
"""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from innbox.testing.openai_wire import Call, OpenAIWire, is_task
from innbox.testing.twilio_wire import TwilioWire, WireMessage

MARK = re.compile(r"#g(\d+)-(\d+)#")


def mark(guest: int, number: int) -> str:
    """Return the mark of a guest's message."""
    return f"#g{guest}-{number}#"


class ChaosTwilio(TwilioWire):
    """Twilio that takes `drop_share` of the messages and cuts the connection, and loses `callback_loss` of the status
    callbacks; `callback_late` of the others come seconds later, so out of order, and `callback_twice` a second time
    (each a share of 1). `begun` holds when each send arrived, by our own message id (`time.monotonic`)."""

    def __init__(self, dice: random.Random, *, latency: float = 0.0) -> None:
        super().__init__(latency=latency)
        self.drop_share = 0.0
        self.callback_loss = 0.0
        self.callback_late = 0.0
        self.callback_twice = 0.0
        self.dropped = 0
        self.begun: list[tuple[str, float]] = []
        self.accepted_at: dict[str, float] = {}
        self.on_send: Callable[[str], Awaitable[None]] | None = None  # told: arrived, accepted, reported
        self._dice = dice

    async def _create(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.begun.append((our_id(str(form.get("StatusCallback", ""))), time.monotonic()))
        if self.on_send is not None:
            await self.on_send("arrived")
        return await super()._create(request)

    def _take_fault(self) -> str | None:
        fault = super()._take_fault()
        if fault is None and self._dice.random() < self.drop_share:
            self.dropped += 1
            return "accept_then_drop"
        return fault

    async def _fare(self, message: WireMessage, outside_window: bool) -> None:
        self.accepted_at[message.sid] = time.monotonic()
        if self.on_send is not None:
            await self.on_send("accepted")
        await super()._fare(message, outside_window)

    async def _report(self, message: WireMessage, url: str | None) -> None:
        if self._dice.random() < self.callback_loss:
            return
        if self._dice.random() < self.callback_late:
            self._start(self._report_late(message, url))
            return
        for _ in range(2 if self._dice.random() < self.callback_twice else 1):
            await super()._report(message, url)
        if self.on_send is not None:
            await self.on_send("reported")

    async def _report_late(self, message: WireMessage, url: str | None) -> None:
        """Report the status of this moment, some seconds later."""
        then = replace(message)
        await asyncio.sleep(self._dice.uniform(0.5, 5.0))
        await super()._report(then, url)


class ChaosOpenAI(OpenAIWire):
    """A model that answers with the marks that it has not answered yet. `while_thinking`, where there is one, is called
    with the answer before it is given."""

    def __init__(self, *, latency: float = 0.0) -> None:
        super().__init__(latency=latency)
        self.while_thinking: Callable[[str], Awaitable[None]] | None = None

    async def _answer(self, request: web.Request, body: Mapping[str, Any]) -> web.StreamResponse:
        if self.while_thinking is not None and not is_task(body):
            await self.while_thinking(answer_of(body))
        return await super()._answer(request, body)

    def _say(self, body: Mapping[str, Any]) -> tuple[str | None, tuple[Call, ...]]:
        return answer_of(body), ()


def answer_of(body: Mapping[str, Any]) -> str:
    """Return the marks in the guest's messages that no answer in the dialogue holds yet."""
    asked: dict[str, None] = {}
    answered: set[str] = set()
    for message in body.get("messages") or ():
        marks = [match.group() for match in MARK.finditer(str(message.get("content") or ""))]
        if message.get("role") == "user":
            asked |= dict.fromkeys(marks)
        elif message.get("role") == "assistant":
            answered |= set(marks)
    return "re: " + " ".join(mark for mark in asked if mark not in answered)


def our_id(status_callback: str) -> str:
    """Return Innbox's own message id, as it stands in a StatusCallback URL."""
    return status_callback.partition("message=")[2]
