"""Promises about conversations: once, in order, never stale, never silent, and staff win."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from innbox.messages import User
from innbox.pipeline.points import POINTS
from innbox.testing.chaos.counting import Result, marks
from innbox.testing.chaos.guests import phone
from innbox.testing.chaos.house import House, conclude, eventually, open_house
from innbox.testing.chaos.plan import Plan

COPIES = 50
HANDED_OVER_SECONDS = 60.0
MODEL_FAULTS = ("timeout", "429", "500", "garbage", "broken_tool_json", "nonsense", "empty", "cut")
ANA = User("ana", "agent")


async def duplicates(plan: Plan) -> Result:
    """3: one MessageSid 50 times at once."""
    result = Result("3", "duplicates are harmless")
    async with open_house(plan, openai_latency=0.02) as house:
        await house.open_for_business(1)
        guests = 2 if plan.short else plan.guests
        for guest in range(guests):
            form = house.guests.form(guest, 0)
            answers = await asyncio.gather(*(house.guests.post(form) for _ in range(COPIES)))
            result.expect(set(answers) == {200}, f"the copies were answered {set(answers)}")
            house.guests.acknowledged[guest, 0] = time.monotonic()
        await conclude(house, result)
        stored, turns = await house.ask("stored_texts"), (await house.ask("turns"))[0][0]
        result.expect(len(stored) == guests, f"{len(stored)} messages stored")
        result.expect(turns == guests, f"{turns} turns made")
        result.expect(len(house.twilio.messages) == guests, f"{len(house.twilio.messages)} replies sent")
        result.figures["webhooks"] = guests * COPIES
    return result


async def provider_limits(plan: Plan) -> Result:
    """9: the provider says 429, then 63018, for a long time."""
    result = Result("9", "provider limits are respected")
    async with open_house(plan, openai_latency=0.02) as house:
        await house.open_for_business(2)
        talk = asyncio.gather(*(house.guests.conversation(guest, 3, 0.2) for guest in range(plan.guests)))
        house.twilio.fail("429")
        await asyncio.sleep(plan.limit_seconds / 2)
        house.twilio.fail("63018")
        await asyncio.sleep(plan.limit_seconds / 2)
        tries = Counter(ours for ours, _ in house.twilio.begun)
        house.twilio.recover()
        await talk
        await conclude(house, result)
        most = max(tries.values(), default=0)
        result.figures["tries of one message at most"] = most
        result.expect(2 <= most <= 12 + plan.limit_seconds / 40, f"one message was tried {most} times")
        await asyncio.sleep(2.5)  # counts go to the store with the heartbeat
        counts = await house.app.store.counts()
        noted = {
            key.split("|")[-1]: value for key, value in counts.items() if key.startswith("innbox_provider_errors|")
        }
        result.figures["provider errors in the metrics"] = noted
        result.expect("63018" in noted, "the metrics know nothing of 63018")
    return result


async def model_outage(plan: Plan) -> Result:
    """10: the model hangs, refuses or talks nonsense. There is no second model."""
    result = Result("10", "a model's outage is never silence")
    settings = {"openai_llm": {"timeout_seconds": 2 if plan.short else 30}}
    async with open_house(plan, settings, openai_latency=0.02) as house:
        await house.open_for_business(1)
        guests_each = 1 if plan.short else 5
        worst, told = 0.0, Counter[str]()
        for place, fault in enumerate(MODEL_FAULTS):
            house.openai.fail(fault)
            guests = range(place * guests_each, (place + 1) * guests_each)
            started = time.monotonic()
            await asyncio.gather(*(house.guests.write(guest, 0) for guest in guests))
            handed = await eventually(lambda guests=guests: _with_staff(house, guests), HANDED_OVER_SECONDS)  # type: ignore[misc]
            worst = max(worst, time.monotonic() - started)
            result.expect(handed, f"{fault}: not with staff after {HANDED_OVER_SECONDS:.0f} s")
            await asyncio.gather(*(house.guests.write(guest, 1) for guest in guests))  # staff have it: no second notice
            house.openai.recover()
        await house.at_rest(30.0)
        told = Counter(message.to for message in house.twilio.messages)
        for guest in range(len(MODEL_FAULTS) * guests_each):
            times = told[f"whatsapp:{phone(guest)}"]
            result.expect(times == 1, f"guest {guest} was told {times} times")
        result.count = await house.count()
        result.count.twice = sum(times - 1 for times in told.values())
        result.resume = worst
        result.expect_whole()
    return result


async def _with_staff(house: House, guests: range) -> bool:
    texts = await house.ask("texts_with_staff")
    return set(guests) <= {guest for (text,) in texts for guest, _ in marks(text)}


MODEL_MOMENTS = ("model.asked", "model.quarter", "model.half", "model.answers")
SEND_MOMENTS = ("provider.arrived", "provider.accepted", "provider.reported")
MOMENTS = (*POINTS, *MODEL_MOMENTS, *SEND_MOMENTS)


async def staff_win(plan: Plan) -> Result:
    """11: a takeover at each of 20 moments between the webhook and the provider's last word.

    A reply whose `sending` was committed before the takeover has begun to leave; it may arrive after it, and is counted
    on its own. Any other that arrives after it breaks the promise.
    """
    result = Result("11", "staff win")
    trap = _Trap()
    async with trap.listening() as url, open_house(plan, openai_latency=0.0) as house:
        call = ("any", "1", "--action", f"call:{url}")
        await asyncio.gather(house.serve(*call), house.work(*call))
        trap.house = house
        house.openai.while_thinking = trap.thinking
        house.twilio.on_send = lambda what: trap.passes(f"provider.{what}")
        for guest in range(len(MOMENTS)):  # so that there is a conversation to take over
            await house.guests.write(guest, 0)
        result.expect(await house.at_rest(30.0), "the first answers did not come")
        for guest, moment in enumerate(MOMENTS):
            trap.lay(moment, await house.conversation_of(guest))
            await house.guests.write(guest, 1)
            caught = await eventually(trap.caught, 10.0)
            result.expect(caught, f"{moment} was not passed")
            await asyncio.sleep(0.3)
            plan.say(f"{guest + 1} of {len(MOMENTS)} takeovers")
        await asyncio.sleep(2.0)
        owners = dict(await house.ask("owners"))
        late = trap.begun_after(house.twilio.begun, owners)
        result.expect(not late, f"{len(late)} sends begun after a takeover")
        result.figures["takeovers"] = len(trap.taken)
        result.figures["begun before, arrived after"] = trap.in_the_window(house.twilio.begun, owners)
        result.count = await house.count()
        result.expect_whole()
    return result


class _Trap:
    """Takes a conversation over at the moment that was set, while whoever passes it waits."""

    def __init__(self) -> None:
        self.house: House | None = None
        self.taken: dict[str, tuple[float, set[str]]] = {}  # by conversation: when, and what had begun to leave
        self._moment: str | None = None
        self._conversation = ""

    def lay(self, moment: str, conversation: str) -> None:
        self._moment, self._conversation = moment, conversation

    async def caught(self) -> bool:
        return self._moment is None

    async def passes(self, moment: str) -> None:
        if moment != self._moment or self.house is None:
            return
        self._moment = None
        await self.house.app.staff.take_over(ANA, self._conversation)
        at = time.monotonic()
        of_it = await self.house.ask("outgoing_of", self._conversation)
        begun = {ours for ours, status in of_it if status not in ("pending", "cancelled")}
        self.taken[self._conversation] = (at, begun)

    async def thinking(self, _: str) -> None:
        for moment in MODEL_MOMENTS:
            await self.passes(moment)
            await asyncio.sleep(0.05)

    def begun_after(self, sends: list[tuple[str, float]], owners: dict[str, str]) -> list[str]:
        """Return the sends that arrived after their conversation's takeover and had not begun before it."""
        return [
            ours for ours, at in sends if (taken := self._of(ours, owners)) and at > taken[0] and ours not in taken[1]
        ]

    def in_the_window(self, sends: list[tuple[str, float]], owners: dict[str, str]) -> int:
        """Count the sends that had begun before the takeover and arrived after it."""
        return sum(bool((taken := self._of(ours, owners)) and at > taken[0] and ours in taken[1]) for ours, at in sends)

    def _of(self, ours: str, owners: dict[str, str]) -> tuple[float, set[str]] | None:
        return self.taken.get(owners.get(ours, ""))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Listen for processes that pass a point; yields the URL that the point's name is added to."""

        async def told(request: web.Request) -> web.Response:
            await self.passes(request.match_info["point"])
            return web.Response()

        app = web.Application()
        app.add_routes([web.get("/{point}", told)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
        finally:
            await runner.cleanup()


async def no_stale_answers(plan: Plan) -> Result:
    """12: guests write again while the model thinks, once, twice and three times."""
    result = Result("12", "no stale answers")
    async with open_house(plan) as house:
        await house.open_for_business(2)
        wanted = {guest: guest % 3 + 1 for guest in range(plan.guests)}
        thoughts = Counter[int]()

        async def interrupt(answer: str) -> None:
            guest = marks(answer)[0][0]
            thoughts[guest] += 1
            if thoughts[guest] <= wanted[guest]:
                await house.guests.write(guest, thoughts[guest])
            await asyncio.sleep(0.05)

        house.openai.while_thinking = interrupt
        await asyncio.gather(*(house.guests.write(guest, 0) for guest in range(plan.guests)))
        await conclude(house, result)
        for guest, times in wanted.items():
            first = next(m for m in house.twilio.messages if m.to == f"whatsapp:{phone(guest)}")
            held = len(marks(first.body))
            result.expect(held == min(times, 2) + 1, f"{times} interruptions: the first answer holds {held} messages")
        result.figures["thoughts of one turn at most"] = max(thoughts.values())
    return result


async def order(plan: Plan) -> Result:
    """13: many conversations and several workers, under refusals now and then."""
    result = Result("13", "order")
    async with open_house(plan) as house:
        conversations, each, workers = (10, 8, 2) if plan.short else (50, 40, 4)
        await house.open_for_business(workers)
        talk = asyncio.gather(*(house.guests.conversation(guest, each, 0.1) for guest in range(conversations)))
        while not talk.done():
            await asyncio.sleep(plan.dice.uniform(0.2, 0.8))
            house.twilio.fail(plan.dice.choice(("429", "63018", "drop")), times=2)
            plan.say(f"{len(house.guests.acknowledged)} of {conversations * each} messages")
        await talk
        house.twilio.recover()
        await conclude(house, result)
    return result
