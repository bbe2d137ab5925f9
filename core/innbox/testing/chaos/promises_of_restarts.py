"""Promises about restarts on purpose: one process after the other, and into a newer version, while guests write."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from innbox.testing.chaos.counting import Result
from innbox.testing.chaos.house import House, conclude, open_house
from innbox.testing.chaos.plan import Plan
from innbox.testing.chaos.promises_of_services import writing
from innbox.testing.chaos.starting import ChaosProcess
from innbox.testing.services import free_port

STOP_SECONDS = 25.0
REFUSE_SECONDS = 2.0
OLD_GOES_ON_SECONDS = 3.0
PLUGIN = "innbox_postgres_store"
# Nothing is wrong with the provider here: what becomes doubtful is to be the restarts' doing, not a slow machine's.
PATIENT = {"whatsapp_twilio": {"timeout_seconds": 20}}

# What a newer version might bring: columns in the tables that every verb writes to, one of them filled and indexed, a
# table of its own, and something that lasts.
NEXT_MIGRATION = """
ALTER TABLE conversations ADD COLUMN next_stars integer NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN next_mood text;
UPDATE messages SET next_mood = 'calm';
CREATE INDEX messages_by_next_mood ON messages (next_mood);
CREATE TABLE next_things (id integer PRIMARY KEY);
SELECT pg_sleep(0.3);
"""


async def rolling_restart(plan: Plan) -> Result:
    """16: web processes and workers are restarted one after the other under load, behind a proxy that drains them."""
    result = Result("16", "a rolling restart")
    async with open_house(plan, PATIENT, openai_latency=0.5, twilio_latency=0.1) as house:
        front = Front(house)
        await asyncio.gather(front.open(), front.open(), house.work(), house.work())
        async with writing(house, plan):
            for _ in range(plan.stops):
                await front.roll(result)
                result.resume = max(result.resume or 0.0, await _roll_workers(house, result))
            plan.say(f"{len(house.guests.acknowledged)} messages")
        await _conclude(house, result, {200})
    result.expect_within(result.resume, STOP_SECONDS * plan.patience, "a stop")
    return result


async def migration_under_load(plan: Plan) -> Result:
    """16: a newer version migrates the schema while this one serves; then it takes over, process by process."""
    result = Result("16", "a migration while serving")
    async with open_house(plan, PATIENT, openai_latency=0.2, twilio_latency=0.05) as house:
        newer = _newer_version(house.folder)
        front = Front(house)
        await asyncio.gather(front.open(), front.open(), house.work(), house.work())
        async with writing(house, plan):
            await asyncio.sleep(2.0)
            started = time.monotonic()
            printed = await house.run("migrate", env=newer)
            result.figures["migrate, s"] = round(time.monotonic() - started, 2)
            result.expect("_next" in printed, f"migrate said {printed!r}")
            during = Counter(house.guests.statuses)
            result.figures["webhooks refused meanwhile"] = during[503]
            result.expect(set(during) <= {200, 503}, f"webhooks were answered {dict(during)} meanwhile")
            worst = max(house.guests.latencies)
            result.expect_within(worst, REFUSE_SECONDS * plan.patience, "a webhook during the migration")
            await asyncio.sleep(OLD_GOES_ON_SECONDS)
            answered = len(house.twilio.messages)
            await front.roll(result, newer)
            await _roll_workers(house, result, newer)
            await asyncio.sleep(OLD_GOES_ON_SECONDS)
            result.expect(len(house.twilio.messages) > answered, "the newer version answered nobody")
            after = Counter(house.guests.statuses) - during
        result.expect(set(after) == {200}, f"after the migration, webhooks were answered {dict(after)}")
        await _conclude(house, result, {200, 503})
    return result


class Front:
    """A proxy's view of several web processes: only those that are open are given anything."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._webs: dict[str, ChaosProcess] = {}  # by URL; the first is given all of it
        house.guests.url = lambda: next(iter(self._webs))

    async def open(self, env: Mapping[str, str] | None = None) -> None:
        """Start a web process on a port of its own."""
        port = free_port()
        web = await self._house.serve_at(port, env)
        self._give_to(f"http://127.0.0.1:{port}", web)

    async def roll(self, result: Result, env: Mapping[str, str] | None = None) -> None:
        """Replace every web process: open another, give it what comes, and end the old one."""
        for url, web in list(self._webs.items()):
            await self.open(env)
            del self._webs[url]
            self._house.twilio.callback_origin = next(iter(self._webs))
            code = await asyncio.to_thread(web.stop)
            result.expect(code == 0, f"a web process ended with {code}")

    def _give_to(self, url: str, web: ChaosProcess) -> None:
        self._webs = {url: web, **self._webs}
        self._house.twilio.callback_origin = url


async def _roll_workers(house: House, result: Result, env: Mapping[str, str] | None = None) -> float:
    """Replace every worker and return how long the slowest took to stop."""
    slowest = 0.0
    for worker in list(house.workers):
        await house.work(env=env)
        house.workers.remove(worker)
        started = time.monotonic()
        code = await asyncio.to_thread(worker.stop)
        slowest = max(slowest, time.monotonic() - started)
        result.expect(code == 0, f"a worker ended with {code}")
    return slowest


async def _conclude(house: House, result: Result, answers: set[int]) -> None:
    await conclude(house, result)
    told = dict(house.guests.statuses)
    result.figures["answers to webhooks"] = told
    result.expect(set(told) <= answers, f"webhooks were answered {told}")
    doubtful = [line for line in house.logged("delivery") if line.get("state") in ("unknown", "parked")]
    result.expect(not doubtful, f"{len(doubtful)} deliveries became unknown")


def _newer_version(folder: Path) -> Mapping[str, str]:
    """Make a version of the store with one more migration; return the environment of processes that run it."""
    packages = folder / "newer"
    with_store = packages / PLUGIN
    shutil.copytree(str(files(PLUGIN)), with_store, ignore=shutil.ignore_patterns("__pycache__"))
    last = max(path.name[:4] for path in (with_store / "migrations").glob("*.sql"))
    (with_store / "migrations" / f"{int(last) + 1:04}_next.sql").write_text(NEXT_MIGRATION)
    return {"PYTHONPATH": str(packages)}
