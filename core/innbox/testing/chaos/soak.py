"""`make soak MINUTES=30`: a house under steady load and random faults, whose memory and open files must not grow.

    python -m innbox.testing.chaos.soak --minutes 30 --rate 20 --seed 7

The web process and the first worker live through it all, as a leak shows only in what is never started again; the
faults are the provider's, Redis's, PostgreSQL's, and the second worker's death. Each minute is a line of the table.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import random
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from innbox.errors import StoreUnavailable
from innbox.logs import set_up_logs
from innbox.messages import User
from innbox.testing.chaos.counting import Result
from innbox.testing.chaos.house import House, conclude, open_house
from innbox.testing.chaos.plan import Plan
from innbox.testing.chaos.servers import KillablePostgres, start_within
from innbox.testing.chaos.starting import ChaosProcess
from innbox.testing.chaos.troubles import Troubles
from innbox.testing.chaos.watching import HEADS, Minute, Watch

ANA = User("ana", "agent")
GUESTS = 200
BURST = 800  # messages that come at once, to begin with
SETTLE_MINUTES = 5.0  # until then processes may grow: they learn and remember
GROWTH = 0.05
QUIET_SECONDS = 32.0  # after which idle connections to the providers are closed, and files can be counted
MORE_FILES = 24  # that pools of connections (to PostgreSQL, to Redis) may have opened since the start, and keep
LATENCY_SECONDS = 0.3  # of the model
PATIENT_MODEL = {"openai_llm": {"timeout_seconds": 30}}
STAFF_SECONDS = 5.0
AGAIN_SECONDS = 1.0
LIST_LAG_SECONDS = 3.0


async def soak(seed: int, minutes: float, rate: float) -> Result:
    """Run a house for so many minutes with `rate` messages a second; return what came of it, minute by minute."""
    result = Result("soak", f"{minutes:g} minutes at {rate:g} messages a second")
    started = time.monotonic()
    dice = random.Random(f"{seed} soak")
    postgres = KillablePostgres(threading.Lock())
    try:
        await start_within(postgres)
        plan = Plan(dice, postgres, threading.Lock(), ChaosProcess, lambda _: None)
        async with open_house(plan, PATIENT_MODEL, openai_latency=LATENCY_SECONDS) as house:
            await house.open_for_business(2)
            await _live(house, Troubles(house, postgres, dice), minutes, rate, result)
    finally:
        await asyncio.to_thread(postgres.close)
    result.seconds = time.monotonic() - started
    return result


async def _live(house: House, troubles: Troubles, minutes: float, rate: float, result: Result) -> None:
    house.guests.again_seconds = AGAIN_SECONDS
    house.guests.on_write = house.twilio.receive  # the provider's list holds what guests write, as in life
    house.twilio.callback_loss = house.twilio.callback_late = house.twilio.callback_twice = 0.05
    house.twilio.list_lag = LIST_LAG_SECONDS
    assert house.web is not None
    kept = {"web": house.web, "worker": house.workers[0]}
    watch = Watch(house, kept, troubles)
    files = watch.files()
    watching = asyncio.create_task(watch.run(lambda minute: print(minute.line(), flush=True)))
    beside = [
        asyncio.create_task(troubles.run(), name="the troubles"),
        asyncio.create_task(_staff(house, watch), name="staff"),
    ]
    await _write(house, minutes * 60, rate)
    for task in beside:
        why = repr(task.exception()) if task.done() else ""
        result.expect(not task.done(), f"{task.get_name()} did not go on to the end: {why}")
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await troubles.mend()
    watch.end()
    await watching
    await conclude(house, result)
    await asyncio.sleep(QUIET_SECONDS)

    result.figures |= {"faults": dict(troubles.counts), "minutes": [minute.as_json() for minute in watch.minutes]}
    for name, process in kept.items():
        result.expect(process.running, f"the {name} did not live to the end")
        if process.running:
            result.figures[name] = _judge(name, watch.minutes, minutes, files[name], watch.files()[name], result)


async def _staff(house: House, watch: Watch) -> None:
    """Give back to the bot what it hands over, as staff would: who stays with staff makes no work for the rest."""
    while True:
        await asyncio.sleep(STAFF_SECONDS)
        for conversation, hands in await house.ask("hands"):
            if hands == "staff":
                watch.handed_over += 1
                with contextlib.suppress(StoreUnavailable):
                    await house.app.staff.return_to_bot(ANA, conversation)


async def _write(house: House, seconds: float, rate: float) -> None:
    """Have `rate` messages a second begun, each guest's one after the other; return once all are acknowledged.

    The first come all at once: a process should meet the most that it can have in hand early, so that later growth is a
    leak and not a higher tide.
    """
    mouths = [asyncio.Lock() for _ in range(GUESTS)]
    writing: set[asyncio.Task[None]] = set()

    async def write(guest: int, number: int) -> None:
        async with mouths[guest]:
            await house.guests.write(guest, number)

    started = time.monotonic()
    burst = BURST if seconds > 60 else 0
    for count in range(burst + int(seconds * rate)):
        await asyncio.sleep(max(started + max(count - burst, 0) / rate - time.monotonic(), 0.0))
        task = asyncio.create_task(write(count % GUESTS, count // GUESTS))
        writing.add(task)
        task.add_done_callback(writing.discard)
    await asyncio.gather(*writing)


def _judge(
    name: str, known: Sequence[Minute], minutes: float, files_before: int, files_after: int, result: Result
) -> dict[str, float]:
    """Compare a process's open files before and after, and its memory in the last whole minute with that in the first
    after the settling; return the figures."""
    result.expect(
        files_after - files_before <= MORE_FILES, f"the {name} has {files_after} files open, and had {files_before}"
    )
    figures: dict[str, float] = {"files before": files_before, "files after": files_after}
    settled = [minute for minute in known if minute.whole and minute.number > min(SETTLE_MINUTES, minutes / 4)]
    if len(settled) > 1:
        growth = settled[-1].of(name).rss / settled[0].of(name).rss - 1
        result.expect(growth < GROWTH, f"the memory of the {name} grew by {growth:.1%}")
        figures["growth of memory, %"] = round(100 * growth, 1)
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 where nothing has grown, all is answered, and nothing twice."""
    parser = argparse.ArgumentParser(
        prog="make soak", description="Run for long under load and faults; look for leaks."
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default: 30)")
    parser.add_argument("--rate", type=float, default=20.0, help="guests' messages a second (default: 20)")
    parser.add_argument("--seed", type=int, default=7, help="of everything that is random (default: 7)")
    parser.add_argument("--json", type=Path, help="where the figures go (default: var/chaos/)")
    given = parser.parse_args(arguments)
    set_up_logs("error", "text", "soak")
    logging.disable(logging.ERROR)  # connections that break are what this is about
    warnings.simplefilter("ignore", RuntimeWarning)
    print(HEADS, flush=True)
    result = asyncio.run(soak(given.seed, given.minutes, given.rate))
    result.name = "soak"
    path = given.json or Path("var/chaos") / f"soak-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"seed": given.seed, "results": [result.as_json()]}, indent=2))
    count = result.count
    print(
        f"{count.messages} messages, {count.replies} replies, {count.lost} lost, {count.twice} twice,"
        f" {count.disorder} out of order, {result.kills} kills"
    )
    for name in ("web", "worker"):
        print(f"{name}: " + ", ".join(f"{what} {figure}" for what, figure in result.figures.get(name, {}).items()))
    print(*(result.faults or ["holds"]), sep="\n")
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
