"""Promises about workers: they may die anywhere, be frozen, and must stop cleanly."""

import asyncio
import signal
import time
from collections.abc import Sequence

import psutil

from innbox.pipeline.points import POINTS
from innbox.testing.chaos.counting import Result
from innbox.testing.chaos.house import House, conclude, eventually, open_house
from innbox.testing.chaos.plan import Plan
from innbox.testing.chaos.promises_of_restarts import PATIENT
from innbox.testing.chaos.starting import ChaosProcess
from innbox.testing.chaos.wires import our_id

GO_ON_SECONDS = 15.0  # what is promised for a dead worker's claims
REST_SECONDS = 90.0  # enough for a doubtful delivery: heartbeat, grace, two questions
STOP_SECONDS = 25.0
LIST_LAG_SECONDS = 10.0  # how long the provider's list knows nothing of a message
FREEZING_POINTS = ("turn.thought", "turn.before_commit", "delivery.before_send", "delivery.before_settle")


async def named_points(plan: Plan) -> Result:
    """4: a worker, or the web process, dies at each named point."""
    result = Result("4", "a worker may die: named points")
    async with open_house(plan, openai_latency=0.02) as house:
        at_work = [point for point in POINTS if not point.startswith("ingest.")]
        at_door = [point for point in POINTS if point.startswith("ingest.")]
        await house.open_for_business(1)
        for nth in plan.passes:
            victims = list(await asyncio.gather(*(house.work(point, str(nth)) for point in at_work)))
            died = asyncio.gather(*(_died(house, victim) for victim in victims))
            async with asyncio.TaskGroup() as group:
                group.create_task(_doors(house, at_door, nth))
                group.create_task(_talk_until(house, plan.messages // len(plan.passes), died))
            for point, seconds in zip(at_work, await died, strict=True):
                result.expect(seconds is not None, f"nobody passed {point} {nth} times")
                result.resume = max(result.resume or 0.0, seconds or 0.0)
            plan.say(f"{house.kills} kills, {len(house.guests.acknowledged)} messages")
        await conclude(house, result)
    result.expect_within(result.resume, GO_ON_SECONDS * plan.patience, "going on")
    return result


async def _died(house: House, victim: ChaosProcess) -> float | None:
    """Wait until an armed worker has killed itself; return how long its claims stayed with it."""
    if not await victim.ended(60.0):
        return None
    house.kill(victim)
    return await house.released(victim)


async def _doors(house: House, points: Sequence[str], nth: int) -> None:
    """Let the web process die at each point of the door, and start it again."""
    assert house.web is not None
    house.kill(house.web)
    for point in points:
        web = house.start_web(point, str(nth))
        if await web.ended(60.0):
            house.kills += 1
        else:
            raise AssertionError(f"nobody passed {point} {nth} times")
    await house.serve()


async def _talk_until(house: House, messages: int, done: "asyncio.Future[list[float | None]]") -> None:
    """Write at least `messages` messages, and go on until `done`, so that every point has somebody to pass it."""
    guests = 8
    written = 0
    base = 1000 * len(house.guests.acknowledged)
    while written < messages or not done.done():
        await asyncio.gather(*(house.guests.write(guest, base + written) for guest in range(guests)))
        written += guests
        await asyncio.sleep(0.15 if written < messages else 1.0)


async def random_kills(plan: Plan) -> Result:
    """4: workers die at random moments, and the provider cuts connections after accepting."""
    result = Result("4", "a worker may die: at random")
    async with open_house(plan, openai_latency=0.1, twilio_latency=0.05) as house:
        house.twilio.drop_share = 0.05
        house.twilio.callback_loss = 0.3
        house.twilio.callback_late = house.twilio.callback_twice = 0.2
        house.twilio.list_lag = LIST_LAG_SECONDS
        await house.open_for_business(plan.workers)
        guests = plan.guests
        each = -(-plan.messages // guests)
        # everybody writes for as long as there is killing
        pause = max(plan.kills * plan.kill_gap / each, 0.05)
        talk = asyncio.gather(*(house.guests.conversation(guest, each, pause) for guest in range(guests)))
        resumed = await _kill_at_random(house, plan)
        await talk
        await conclude(house, result)
        result.figures["cut after accepting"] = house.twilio.dropped
        result.resume = max(resumed, default=0.0)
    result.expect_within(result.resume, GO_ON_SECONDS * plan.patience, "going on")
    return result


async def _kill_at_random(house: House, plan: Plan) -> list[float]:
    watching: list[asyncio.Task[float]] = []
    starting: list[asyncio.Task[ChaosProcess]] = []
    for _ in range(plan.kills):
        await asyncio.sleep(plan.dice.uniform(0, 2 * plan.kill_gap))
        ready = [worker for worker in house.workers if worker.worker is not None]
        while not ready:
            await asyncio.sleep(0.1)
            ready = [worker for worker in house.workers if worker.worker is not None]
        victim = plan.dice.choice(ready)
        house.kill(victim)
        watching.append(asyncio.create_task(house.released(victim)))
        starting.append(asyncio.create_task(house.work()))
        plan.say(f"{house.kills} of {plan.kills} kills, {len(house.guests.acknowledged)} messages")
    await asyncio.gather(*starting)
    return list(await asyncio.gather(*watching))


async def frozen_worker(plan: Plan) -> Result:
    """14: a worker is frozen in mid-turn and before a send, past its heartbeat's end, and thawed."""
    result = Result("14", "a frozen worker is harmless")
    async with open_house(plan, openai_latency=0.02) as house:
        await asyncio.gather(
            house.serve(),
            *(house.work(point, "1", "--action", "stop") for point in FREEZING_POINTS),
        )
        frozen = list(house.workers)
        talk = asyncio.gather(*(house.guests.conversation(guest, plan.each, 0.2) for guest in range(plan.guests)))
        stopped = await eventually(lambda: _all_stopped(frozen), 20.0)
        result.expect(stopped, "not every worker was frozen at its point")
        healthy = await house.work()
        resumed = await asyncio.gather(*(house.released(worker) for worker in frozen))
        await talk
        await house.at_rest(REST_SECONDS)
        before = [(our_id(m.form["StatusCallback"]), m.body) for m in house.twilio.messages]
        for worker in frozen:
            worker.signal(signal.SIGCONT)
        await asyncio.sleep(4.0)
        after = [(our_id(m.form["StatusCallback"]), m.body) for m in house.twilio.messages]
        result.expect(after == before, "a thawed worker sent something")
        fenced = [line for line in house.logged("turn ended") if line.get("verdict") == "fenced"]
        result.figures["turns fenced"] = len(fenced)
        result.expect(len(fenced) >= 2, "the thawed workers' turns were not fenced")
        result.resume = max(resumed)
        result.kills = len(frozen)
        await conclude(house, result)
        result.kills = len(frozen)
        result.expect(healthy.running, "the healthy worker ended")
    result.expect_within(result.resume, GO_ON_SECONDS * plan.patience, "going on")
    return result


async def _all_stopped(workers: Sequence[ChaosProcess]) -> bool:
    return all(psutil.Process(worker.pid).status() == psutil.STATUS_STOPPED for worker in workers)


async def clean_stop(plan: Plan) -> Result:
    """16: SIGTERM under load; whatever is in flight is finished or given back."""
    result = Result("16", "a clean stop")
    async with open_house(plan, PATIENT, openai_latency=1.0, twilio_latency=0.3) as house:
        await house.open_for_business(2)
        talk = asyncio.gather(*(house.guests.conversation(guest, plan.each, 0.3) for guest in range(plan.guests)))
        worst = 0.0
        for _ in range(plan.stops):
            await asyncio.sleep(plan.dice.uniform(1.0, 2.0))
            leaving = [house.workers.pop(0)]
            started = time.monotonic()
            codes = await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in leaving))
            worst = max(worst, time.monotonic() - started)
            result.expect(codes == [0], f"a worker ended with {codes}")
            await house.work()
        assert house.web is not None
        started = time.monotonic()
        code = await asyncio.to_thread(house.web.stop)
        worst = max(worst, time.monotonic() - started)
        result.expect(code == 0, f"the web process ended with {code}")
        unknown = [status for _, status, _ in await house.ask("outgoing") if status in ("unknown", "parked")]
        result.expect(not unknown, f"{len(unknown)} deliveries unknown after the stops")
        await house.serve()
        await talk
        await conclude(house, result)
        doubtful = [line for line in house.logged("delivery") if line.get("state") in ("unknown", "parked")]
        result.expect(not doubtful, f"{len(doubtful)} deliveries became unknown")
        result.kills = plan.stops + 1
        result.resume = worst
    result.expect_within(worst, STOP_SECONDS * plan.patience, "a stop")
    return result


async def broken_on_purpose(plan: Plan) -> Result:
    """8, broken: doubtful sends are repeated at once. The harness must say so."""
    result = Result("8", "repeated on purpose (must be BROKEN)")
    async with open_house(plan, openai_latency=0.02) as house:
        house.twilio.callbacks = False
        await asyncio.gather(house.serve(), house.work("--broken"))
        house.twilio.fail("accept_then_drop", times=3)
        await asyncio.gather(*(house.guests.write(guest, 0) for guest in range(4)))
        await conclude(house, result)
    return result


async def ambiguous_send(plan: Plan) -> Result:
    """8: the connection is cut after the provider accepted, with and without status callbacks."""
    result = Result("8", "an ambiguous send is not repeated")
    async with open_house(plan, openai_latency=0.02) as house:
        await house.open_for_business(1)
        house.twilio.callbacks = False
        house.twilio.list_lag = LIST_LAG_SECONDS
        house.twilio.drop_share = 1.0
        half = max(plan.messages // 4, 4)
        await asyncio.gather(*(house.guests.write(guest, 0) for guest in range(half)))
        result.expect(await eventually(lambda: _accepted(house, half), 20.0), "the first half was not accepted")
        await asyncio.sleep(1.0)  # whatever would have been reported of them was not
        house.twilio.callbacks = True
        house.twilio.drop_share = 0.5
        await asyncio.gather(*(house.guests.conversation(guest, 3, 0.1) for guest in range(half, 2 * half)))
        await conclude(house, result)
        result.figures["cut after accepting"] = house.twilio.dropped
        ids = {our_id(message.form["StatusCallback"]) for message in house.twilio.messages}
        result.expect(len(ids) == len(house.twilio.messages), "an id was accepted twice")
        asked = [path for method, path in house.twilio.requests if method == "GET" and "From=" in path]
        result.expect(len(asked) >= half, f"the provider was asked {len(asked)} times for {half} unreported messages")
        result.figures["asked of the provider"] = len(asked)
    return result


async def _accepted(house: House, number: int) -> bool:
    return len(house.twilio.messages) >= number
