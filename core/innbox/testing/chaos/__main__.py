"""`make chaos`: run the proofs, print one table, and keep the figures under var/chaos/."""

import argparse
import asyncio
import json
import logging
import random
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from innbox.logs import set_up_logs
from innbox.testing.chaos import promises_of_desks as desks
from innbox.testing.chaos import promises_of_erasing as erasing
from innbox.testing.chaos import promises_of_restarts as restarts
from innbox.testing.chaos import promises_of_services as services
from innbox.testing.chaos import promises_of_turns as turns
from innbox.testing.chaos import promises_of_workers as workers
from innbox.testing.chaos.counting import Result, table
from innbox.testing.chaos.plan import Plan, Progress, shorten
from innbox.testing.chaos.servers import KillablePostgres, start_within
from innbox.testing.chaos.starting import ChaosProcess, Start, warm_start

Proof = Callable[[Plan], Awaitable[Result]]
Keep = Callable[[Result], None]

PROOFS: Mapping[str, Proof] = {
    # the longest first, so that none is left alone at the end
    "9": turns.provider_limits,
    "2": services.missed_comes_back,
    "4-points": workers.named_points,
    "14": workers.frozen_worker,
    "13": turns.order,
    "6": services.postgres_goes,
    "5": services.redis_goes,
    "4-random": workers.random_kills,
    "17": erasing.erased_is_erased,
    "16-migration": restarts.migration_under_load,
    "16-rolling": restarts.rolling_restart,
    "11": turns.staff_win,
    "7": services.commits_survive,
    "1": services.acknowledged_is_stored,
    "15": desks.desk_tells_the_truth,
    "8": workers.ambiguous_send,
    "10": turns.model_outage,
    "16": workers.clean_stop,
    "12": turns.no_stale_answers,
    "3": turns.duplicates,
}
SHORT_SECONDS, FULL_SECONDS = 100.0, 3600.0  # a proof that takes longer has failed
BROKEN: Mapping[str, Proof] = {"broken": workers.broken_on_purpose}


async def run(names: Sequence[str], given: argparse.Namespace, keep: Keep) -> None:
    """Run the named proofs, `given.at_once` at a time, and hand what each showed to `keep` as soon as it is known."""
    for number in (signal.SIGTERM, signal.SIGINT):  # end what was started
        asyncio.get_running_loop().add_signal_handler(number, asyncio.current_task().cancel)  # type: ignore[union-attr]
    first = threading.Lock()
    postgres = KillablePostgres(first)
    start: Start = warm_start() if given.warm else ChaosProcess
    await start_within(postgres)
    progress = Progress()
    room = asyncio.Semaphore(given.at_once)

    async def prove(name: str) -> None:
        async with room:
            dice = random.Random(f"{given.seed} {name}")
            whole = Plan(dice, postgres, first, start, progress.of(name))
            keep(await _prove(name, _plan(given, whole)))

    try:
        await asyncio.gather(*(prove(name) for name in names))
    finally:
        await asyncio.to_thread(postgres.close)


async def _prove(name: str, plan: Plan) -> Result:
    started = time.monotonic()
    plan.say("begins")
    try:
        async with asyncio.timeout(SHORT_SECONDS if plan.short else FULL_SECONDS):
            result = await {**PROOFS, **BROKEN}[name](plan)
    except Exception as error:
        traceback.print_exc()
        result = Result(name, "could not be shown", faults=[f"{type(error).__name__}: {error}"])
    result.name, result.seconds = name, time.monotonic() - started
    plan.say("")
    return result


def _plan(given: argparse.Namespace, whole: Plan) -> Plan:
    plan = shorten(whole) if given.short else whole
    for size in ("messages", "kills", "webhooks", "closed_seconds", "away_seconds", "limit_seconds"):
        if getattr(given, size) is not None:
            setattr(plan, size, getattr(given, size))
    return plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 where every promise holds."""
    parser = argparse.ArgumentParser(prog="make chaos", description="Prove what Innbox promises when things break.")
    parser.add_argument("--seed", type=int, default=7, help="of everything that is random (default: 7)")
    parser.add_argument("--messages", type=int, help="guests' messages of a proof (default: 400)")
    parser.add_argument("--kills", type=int, help="of the random kills (default: 100)")
    parser.add_argument("--webhooks", type=int, help="of promise 1 (default: 2000)")
    parser.add_argument("--closed-seconds", type=float, help="how long the house of promise 2 is closed (default: 300)")
    parser.add_argument("--away-seconds", type=float, help="how long a server stays away (default: 60)")
    parser.add_argument("--limit-seconds", type=float, help="how long the provider says 429 (default: 600)")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[*PROOFS, *BROKEN], help="which proofs")
    parser.add_argument("--short", action="store_true", help="the small sizes that make test runs")
    parser.add_argument("--warm", action="store_true", help="fork processes that have everything imported: quicker")
    parser.add_argument("--at-once", type=int, default=1, help="proofs that run at the same time (default: 1)")
    parser.add_argument("--json", type=Path, help="where the figures go (default: var/chaos/)")
    given = parser.parse_args(arguments)
    set_up_logs("error", "text", "chaos")
    logging.disable(logging.ERROR)  # connections that break are what this is about
    warnings.simplefilter("ignore", RuntimeWarning)
    names = given.only or list(PROOFS)
    path = given.json or Path("var/chaos") / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []

    def keep(result: Result) -> None:
        results.append(result)
        results.sort(key=lambda known: int(known.promise.split("-")[0]) if known.promise[0].isdigit() else 0)
        path.write_text(json.dumps({"seed": given.seed, "results": [known.as_json() for known in results]}, indent=2))

    try:
        asyncio.run(run(names, given, keep))
    except asyncio.CancelledError:
        print("Stopped.", file=sys.stderr)
    print(table(results))
    if len(results) < len(names):
        print(f"Stopped after {len(results)} of {len(names)} proofs.", file=sys.stderr)
        return 130
    return 0 if all(result.holds for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
