"""Promises about what Innbox stands on: the web process, PostgreSQL, Redis, and the provider's list."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from innbox.testing.chaos.counting import Count, Result, marks
from innbox.testing.chaos.guests import percentile
from innbox.testing.chaos.house import House, conclude, eventually, open_house
from innbox.testing.chaos.plan import Plan
from innbox.testing.chaos.servers import KillablePostgres, start_within

BACKFILL_SECONDS = 90.0
LEFT_FOR_THEIR_WEBHOOK_SECONDS = 6.0  # younger ones are left out of a backfill, and taken in by the next
REDIS_GO_ON_SECONDS = 2.0
P99_SECONDS = 1.0
REFUSE_SECONDS = 2.0
RETURN_SECONDS = 10.0


async def acknowledged_is_stored(plan: Plan) -> Result:
    """1: kill -9 the web process at random under webhooks. No worker runs, so nothing can repair a loss unseen."""
    result = Result("1", "a 200 means stored")
    async with open_house(plan) as house:
        web = await house.serve()
        kills = 3 if plan.short else 40
        async with writing(house, replace(plan, guests=20), pause=0.3):
            while house.kills < kills or len(house.guests.acknowledged) < plan.webhooks:
                await asyncio.sleep(plan.dice.uniform(0.0, 1.5))
                house.kill(web)
                web = await house.serve()
                plan.say(f"{house.kills} kills, {len(house.guests.acknowledged)} of {plan.webhooks} webhooks")
        await _compare_with_store(house, result)
        result.kills = house.kills
        result.figures["webhooks without an answer"] = house.guests.statuses.get(0, 0)
    return result


async def missed_comes_back(plan: Plan) -> Result:
    """2: the house is closed while the provider's list fills; then it opens.

    The last messages come just before that, so the first backfill leaves them for the second; not in the short form.
    """
    result = Result("2", "what we missed comes back")
    async with open_house(plan) as house:
        if not plan.short:
            await house.open_for_business(1)
            await asyncio.sleep(5)  # its first look at the list is done, the next is due in a minute
            await asyncio.gather(
                *(asyncio.to_thread(process.stop) for process in (house.web, house.workers.pop()) if process)
            )
        for number in range(plan.each):
            # A guest's messages are seconds apart: the list knows whole seconds, as Twilio's does.
            await asyncio.sleep(max(plan.closed_seconds / plan.each, 1.1))
            for guest in range(plan.guests):
                house.twilio.receive(house.guests.form(guest, number))
                house.guests.acknowledged[guest, number] = time.monotonic()
            plan.say(f"{len(house.guests.acknowledged)} messages missed")
        if plan.short:
            await asyncio.sleep(LEFT_FOR_THEIR_WEBHOOK_SECONDS)
        await house.open_for_business(1)
        opened = time.monotonic()
        came = await eventually(lambda: _all_stored(house), BACKFILL_SECONDS)
        result.resume = time.monotonic() - opened
        result.expect(came, f"not everything was back after {BACKFILL_SECONDS:.0f} s")
        await conclude(house, result)
    return result


async def redis_goes(plan: Plan) -> Result:
    """5: FLUSHALL, kill -9 and a frozen Redis while guests write."""
    result = Result("5", "Redis may go")
    async with open_house(plan) as house:
        await house.open_for_business(2)
        async with writing(house, plan):
            await asyncio.sleep(2.0)
            await _going_on(house, result, "FLUSHALL", lambda: flush(house))
            await _going_on(house, result, "killed", lambda: _kill_redis(house), plan.away_seconds)
            await _going_on(house, result, "back", lambda: start_within(house.redis))
            await _going_on(house, result, "frozen", lambda: asyncio.to_thread(house.redis.freeze), plan.away_seconds)
            await _going_on(house, result, "thawed", lambda: asyncio.to_thread(house.redis.thaw))
        p99 = percentile(house.guests.latencies, 0.99)
        result.figures["webhook p99, ms"] = round(p99 * 1000)
        result.expect_within(p99, P99_SECONDS * plan.patience, "the 99th of 100 webhooks")
        result.expect(
            (result.resume or 0) <= REDIS_GO_ON_SECONDS * plan.patience, f"work went on after {result.resume:.1f} s"
        )
        await conclude(house, result)
    return result


async def _kill_redis(house: House) -> None:
    await asyncio.to_thread(house.redis.kill)
    house.kills += 1


async def flush(house: House) -> None:
    """Empty the house's Redis."""
    import redis.asyncio

    async with redis.asyncio.Redis.from_url(house.redis.url) as client:
        await client.flushall()


async def _going_on(
    house: House, result: Result, what: str, fault: Callable[[], Awaitable[object]], seconds: float = 3.0
) -> None:
    """Do something to a service, and note how long it took until a message written after it was answered."""
    await fault()
    at = time.monotonic()
    await asyncio.sleep(seconds)
    await eventually(lambda: _answered_since(house, at), 15.0)
    first = house.first_answer_at(at)
    took = (first - at) if first is not None else float("inf")
    result.figures[f"answered after {what}, s"] = round(took, 2)
    result.resume = max(result.resume or 0.0, took)


async def _answered_since(house: House, at: float) -> bool:
    return house.first_answer_at(at) is not None


async def postgres_goes(plan: Plan) -> Result:
    """6: an immediate stop, and a freeze, of PostgreSQL under webhooks."""
    result = Result("6", "Postgres may go")
    async with _own_postgres(plan) as postgres, open_house(replace(plan, postgres=postgres)) as house:
        await house.open_for_business(1)
        refused: list[float] = []
        async with writing(house, plan):
            await asyncio.sleep(2.0)
            for what, away, back in (
                ("stopped", postgres.stop_immediately, lambda: start_within(postgres)),
                ("frozen", postgres.freeze, lambda: asyncio.to_thread(postgres.thaw)),
            ):
                await asyncio.to_thread(away)
                await asyncio.sleep(0.1)
                house.guests.latencies.clear()
                before = Counter(house.guests.statuses)
                await asyncio.sleep(plan.away_seconds)
                refused += house.guests.latencies
                told = Counter(house.guests.statuses) - before
                result.figures[f"answers while {what}"] = dict(told)
                result.expect(set(told) <= {503}, f"while {what}, webhooks were answered {dict(told)}")
                result.expect(told[503] > 0, f"while {what}, no webhook was answered")
                await _going_on(house, result, f"it was {what}", back)
        house.kills += 1
        worst = max(refused, default=0.0)
        result.figures["slowest 503, s"] = round(worst, 2)
        result.expect_within(worst, REFUSE_SECONDS * plan.patience, "a 503")
        result.expect(
            (result.resume or 0) <= RETURN_SECONDS * plan.patience, f"normal after {result.resume:.1f} s only"
        )
        await conclude(house, result)
    return result


async def commits_survive(plan: Plan) -> Result:
    """7: SIGKILL every process of PostgreSQL right after a 200."""
    result = Result("7", "a commit survives")
    async with _own_postgres(plan) as postgres, open_house(replace(plan, postgres=postgres)) as house:
        await house.serve()
        rounds = 3 if plan.short else 20
        for number in range(rounds):
            writing = [asyncio.create_task(house.guests.write(guest, number)) for guest in range(plan.guests)]
            await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(postgres.kill)
            result.kills += 1
            await start_within(postgres)
            await asyncio.gather(*writing)
            plan.say(f"{result.kills} of {rounds} kills")
        await _compare_with_store(house, result)
    return result


async def _compare_with_store(house: House, result: Result) -> None:
    """Every acknowledged message is stored, once."""
    stored = Counter(marked for (text,) in await house.ask("stored_texts") for marked in marks(text))
    acknowledged = set(house.guests.acknowledged)
    result.count = Count(
        messages=len(acknowledged),
        lost=len(acknowledged - set(stored)),
        twice=sum(times - 1 for times in stored.values()),
    )
    result.expect_whole()


async def _all_stored(house: House) -> bool:
    stored = {marked for (text,) in await house.ask("stored_texts") for marked in marks(text)}
    return set(house.guests.acknowledged) <= stored


@asynccontextmanager
async def writing(house: House, plan: Plan, pause: float = 0.6) -> AsyncIterator[None]:
    """Let guests write while the block runs."""
    over = asyncio.Event()

    async def write(guest: int) -> None:
        number = 0
        while not over.is_set():
            await house.guests.write(guest, number)
            number += 1
            await asyncio.sleep(plan.dice.uniform(0.0, 2 * pause))

    writing = [asyncio.create_task(write(guest)) for guest in range(plan.guests)]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*writing)


@asynccontextmanager
async def _own_postgres(plan: Plan) -> AsyncIterator[KillablePostgres]:
    postgres = KillablePostgres(plan.first)
    try:
        await start_within(postgres)
        yield postgres
    finally:
        await asyncio.to_thread(postgres.close)
