"""Guests who write through the webhook, as Twilio would bring it, and remember what was acknowledged."""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import aiohttp

from innbox.testing.chaos.wires import mark
from innbox.testing.twilio_wire import inbound_form, sign

TIMEOUT_SECONDS = 5.0
AGAIN_SECONDS = 0.2


class Guests:
    """Writes messages to the webhook at `url()`, asked each time.

    A message without its 200 is brought again, under the same id, until it has it (Twilio's fallback URL and list do so
    in life). `latencies` are in seconds, of every answer whatever it was.
    """

    def __init__(self, url: Callable[[], str], public_url: str, dice: random.Random) -> None:
        self.url = url
        self._signed_for = f"{public_url}/whatsapp"
        self._dice = dice
        self._session: aiohttp.ClientSession | None = None
        self.again_seconds = AGAIN_SECONDS
        self.on_write: Callable[[dict[str, str]], None] | None = None  # told of each message before it is brought
        self.acknowledged: dict[tuple[int, int], float] = {}  # (guest, number): when its 200 came
        self.latencies: list[float] = []
        self.statuses: dict[int, int] = {}

    @asynccontextmanager
    async def writing(self) -> AsyncIterator["Guests"]:
        """Open the connections."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)) as session:
            self._session = session
            yield self

    async def conversation(self, guest: int, messages: int, pause: float = 0.1, first: int = 0) -> None:
        """Write `messages` messages one after the other, each `pause` seconds on average after the last's 200."""
        for number in range(first, first + messages):
            await self.write(guest, number)
            if pause:
                await asyncio.sleep(self._dice.uniform(0, 2 * pause))

    async def write(self, guest: int, number: int, *, insist: bool = True) -> int:
        """Write one message; return the status of the last answer (0: none came). Without `insist`, try once."""
        form = self.form(guest, number)
        if self.on_write is not None:
            self.on_write(form)
        while True:
            status = await self.post(form)
            if status == 200:
                self.acknowledged[guest, number] = time.monotonic()
            if status == 200 or not insist:
                return status
            await asyncio.sleep(self.again_seconds)

    async def post(self, form: dict[str, str]) -> int:
        """Post a webhook once; return the status of the answer, or 0 where none came."""
        assert self._session is not None
        started = time.monotonic()
        try:
            async with self._session.post(
                f"{self.url()}/whatsapp",
                data=urlencode(form).encode(),
                headers={
                    "X-Twilio-Signature": sign(self._signed_for, form),
                    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                },
            ) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            status = 0
        if status:
            self.latencies.append(time.monotonic() - started)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return status

    @staticmethod
    def form(guest: int, number: int) -> dict[str, str]:
        """Return the webhook of a message; its id is new, its mark is (guest, number)."""
        return inbound_form(f"Question {mark(guest, number)}", sender=phone(guest), sid="SM" + secrets.token_hex(16))


def phone(guest: int) -> str:
    """Return a guest's number."""
    return f"+35191{guest:07d}"


def percentile(values: list[float], share: float) -> float:
    """Return the value below which `share` of the values lie; 0 where there are none."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else 0.0
