"""Guests who write at a fixed rate whatever the answers do, in a process of their own.

`python -m bench.load` reads a `Plan` as JSON from stdin and prints an outcome as JSON. Latencies count from the planned
time, so that a stall cannot hide its queue. Every text carries a token; a reply answers the tokens that it repeats and,
where one reply answers all earlier messages of its guest (`coalesced`), those too.
"""

import asyncio
import json
import re
import secrets
import sys
from dataclasses import asdict, dataclass, field
from typing import Any

import aiohttp

from bench.figures import clock, percentiles
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, HOTEL_NUMBER, inbound_form, sign

LOOK_SECONDS = 0.25
TWILIO_WAITS_SECONDS = 15.0  # https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides


@dataclass(frozen=True)
class Plan:
    """What guests do: `rate` messages a second for `seconds`, from `guests` phones in turn; then up to `wait` seconds
    for the answers, and `quiet` seconds more for answers that come twice."""

    webhook: str
    control: str
    rate: float
    seconds: float
    guests: int = 500
    wait: float = 30.0
    quiet: float = 0.5
    coalesced: bool = True
    answers: bool = True
    run: str = field(default_factory=lambda: secrets.token_hex(3))


@dataclass
class Written:
    """One message, and what came of it."""

    guest: int
    planned: float
    status: int | None = None
    acked: float | None = None
    answered: float | None = None
    copies: int = 0


@dataclass
class Run:
    """One load, from its first message to its last answer."""

    plan: Plan
    written: list[Written] = field(default_factory=list)
    of_guest: dict[int, list[int]] = field(default_factory=dict)
    newest: dict[int, int] = field(default_factory=dict)
    out_of_order: int = 0
    late: list[float] = field(default_factory=list)
    seen: int = 0
    replies: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.token = re.compile(rf"tk{self.plan.run}(\d{{6}})q")

    async def run(self) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=TWILIO_WAITS_SECONDS)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as http:
            writing = asyncio.create_task(self._write(http))
            while not writing.done():
                await asyncio.wait([writing], timeout=LOOK_SECONDS)
                await self._look(http)
            await writing
            if self.plan.answers:
                await self._wait(http)
        return self._outcome()

    async def _write(self, http: aiohttp.ClientSession) -> None:
        plan, began, posts = self.plan, clock(), []
        for number in range(round(plan.rate * plan.seconds)):
            planned = began + number / plan.rate
            await asyncio.sleep(max(planned - clock(), 0))
            guest = number % plan.guests
            self.written.append(Written(guest, planned))
            self.of_guest.setdefault(guest, []).append(number)
            posts.append(asyncio.create_task(self._post(http, number)))
        await asyncio.gather(*posts)

    async def _post(self, http: aiohttp.ClientSession, number: int) -> None:
        one = self.written[number]
        form = inbound_form(
            f"Is breakfast included with the double room? tk{self.plan.run}{number:06d}q",
            sender=f"+35190{one.guest:07d}",
            name=f"Guest {one.guest}",
        )
        self.late.append(clock() - one.planned)
        headers = {"X-Twilio-Signature": sign(self.plan.webhook, form, AUTH_TOKEN)}
        try:
            async with http.post(self.plan.webhook, data=form, headers=headers) as answer:
                await answer.read()
                one.status, one.acked = answer.status, clock()
        except (aiohttp.ClientError, TimeoutError):
            one.status = None

    async def _look(self, http: aiohttp.ClientSession) -> None:
        async with http.get(f"{self.plan.control}/taken", params={"since": str(self.seen)}) as answer:
            taken = await answer.json()
        self.seen += len(taken)
        for body, at in taken:
            numbers = [int(number) for number in self.token.findall(body)]
            if numbers:
                self.replies.append(at)
            for number in numbers:
                self._answered(number, at)

    def _answered(self, number: int, at: float) -> None:
        one = self.written[number]
        one.copies += 1
        if one.copies == 1 and number < self.newest.get(one.guest, -1):
            self.out_of_order += 1
        self.newest[one.guest] = max(self.newest.get(one.guest, -1), number)
        for earlier in self.of_guest[one.guest] if self.plan.coalesced else [number]:
            if earlier <= number and self.written[earlier].answered is None:
                self.written[earlier].answered = at

    async def _wait(self, http: aiohttp.ClientSession) -> None:
        ends = clock() + self.plan.wait
        while clock() < ends and any(one.answered is None for one in self._accepted()):
            await asyncio.sleep(LOOK_SECONDS)
            await self._look(http)
        await asyncio.sleep(self.plan.quiet)
        await self._look(http)

    def _accepted(self) -> list[Written]:
        return [one for one in self.written if one.status is not None and one.status // 100 == 2]

    def _outcome(self) -> dict[str, Any]:
        accepted = self._accepted()
        ends = [one.answered - one.planned for one in accepted if one.answered is not None]
        spent = max(self.replies) - min(self.replies) if len(self.replies) > 1 else 0.0
        return {
            "rate": self.plan.rate,
            "offered": len(self.written),
            "accepted": len(accepted),
            "replies": len(self.replies),
            "lost": len(accepted) - len(ends) if self.plan.answers else None,
            "twice": sum(max(one.copies - 1, 0) for one in self.written),
            "out_of_order": self.out_of_order,
            "replies_per_second": round((len(self.replies) - 1) / spent, 1) if spent else None,
            "ack_ms": percentiles([one.acked - one.planned for one in accepted if one.acked is not None]),
            "end_ms": percentiles(ends),
            "generator_late_ms": percentiles(self.late)["p99"],
        }


def identity() -> dict[str, str]:
    """Return the account that the messages come from, as environment variables are named."""
    return {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_WHATSAPP_NUMBER": f"whatsapp:{HOTEL_NUMBER}",
    }


async def put_on(plan: Plan) -> dict[str, Any]:
    """Run a load in a process of its own and return its outcome."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        output, _ = await process.communicate(json.dumps(asdict(plan)).encode())
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise RuntimeError(f"the load ended with {process.returncode}")
    outcome: dict[str, Any] = json.loads(output)
    return outcome


if __name__ == "__main__":
    import uvloop

    print(json.dumps(uvloop.run(Run(Plan(**json.load(sys.stdin))).run())))
