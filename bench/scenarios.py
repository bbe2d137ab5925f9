"""The scenarios: each measures one target and returns figures by the names that the rows of `bench.table` ask for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from bench.deployment import Deployment, Ground, Target, deployed, running
from bench.figures import elsewhere, used

Figures = dict[str, Any]
Say = Callable[[str], None]

STEP = 1.12  # how much finer the highest rate is not searched
HELD_SHARE, HELD_P99_MS, HELD_WAIT_SECONDS = 0.95, 2000.0, 6.0
COLD_STARTS = 3
LOWEST_RATE, HIGHEST_RATE = 10.0, 1000.0


@dataclass(frozen=True)
class Pace:
    """How long things are measured."""

    seconds: float = 10.0
    long_seconds: float = 30.0
    desks: int = 200
    messages: int = 1_000_000
    guesses: Mapping[str, float] | None = None  # where the search for the highest rate begins

    def quick(self) -> "Pace":
        return replace(self, seconds=4.0, long_seconds=8.0, messages=50_000)


async def step(
    deployment: Deployment, rate: float, seconds: float, model: float = 0, twilio: float = 0, **more: Any
) -> Figures:
    """Put one load on a deployment, and return what came of it with what it used."""
    deployment.ground.latency(model, twilio)
    async with elsewhere(deployment.ground.pids.values()) as others, used(lambda: deployment.pids) as usage:
        outcome = await deployment.write(rate, seconds, **more)
    cpu = sum(group["cpu_s"] for group in usage.values())
    answers = max(outcome["replies"], 1)
    return {
        **outcome,
        "others": others.share,
        "cpu_ms": round(1000 * cpu / answers, 1),
        "cpu_ms_of": {name: round(1000 * group["cpu_s"] / answers, 2) for name, group in usage.items()},
        "pss_mb": deployment.own(usage, "pss_mb"),
        "pss_mb_of": {name: group["pss_mb"] for name, group in usage.items() if name in deployment.programs},
    }


async def calm(target: Target, ground: Ground, pace: Pace, say: Say) -> Figures:
    """Rates that leave room: 20 and 100 a second, and half a hundred at a usual model's pace."""
    async with running(target, ground) as deployment:
        say("20/s")
        at_20 = await step(deployment, 20, pace.seconds)
        say("50/s, model 800 ms")
        steady = await step(deployment, 50, pace.long_seconds, 0.8, 0.08, wait=60)
    async with running(target, ground) as deployment:
        say("100/s")
        at_100 = await step(deployment, 100, pace.seconds)
    return {"at_20": at_20, "steady": steady, "at_100": at_100}


async def slow(target: Target, ground: Ground, pace: Pace, say: Say) -> Figures:
    """A slow model: 200 answers in flight."""
    async with running(target, ground) as deployment:
        say("40/s, model 5 s")
        return {"slow": await step(deployment, 40, pace.long_seconds, 5.0, 0.08, wait=60)}


async def thousand(target: Target, ground: Ground, pace: Pace, say: Say) -> Figures:
    """A very slow model: 1,000 answers in flight in one worker."""
    async with running(target, ground) as deployment:
        say("100/s, model 10 s")
        seconds = max(pace.long_seconds, 15.0)
        return {"thousand": await step(deployment, 100, seconds, 10.0, 0.08, guests=10_000, wait=60)}


async def overload(target: Target, ground: Ground, pace: Pace, say: Say) -> Figures:
    """More than can be answered: everything is acknowledged soon, and the backlog is worked off in order."""
    async with running(target, ground) as deployment:
        say("200/s, and the backlog")
        return {"overload": await step(deployment, 200, pace.seconds, wait=60)}


async def crash(target: Target, ground: Ground, pace: Pace, say: Say) -> Figures:
    """kill -9 of the workers in the middle of the load; they are back two seconds later."""
    async with running(target, ground) as deployment:
        say("20/s, kill -9")

        async def kill() -> None:
            await asyncio.sleep(pace.seconds)
            await deployment.crash(2.0)

        killing = asyncio.create_task(kill())
        # Messages in doubt are asked for after 20 s, twice; what the peer redelivers comes after as long.
        figures = await step(deployment, 20, 2 * pace.seconds, 0.2, 0.04, wait=90, quiet=20)
        await killing
        return {"crash": figures}


async def highest(target: Target, ground: Ground, pace: Pace, say: Say) -> Figures:
    """The highest rate at which nothing is lost, replies keep pace, and p99 stays below two seconds."""
    rate = (pace.guesses or {}).get(target.name, 60.0)
    held: Figures | None = None
    missed: Figures | None = None
    probes: list[Figures] = []
    while LOWEST_RATE <= rate <= HIGHEST_RATE and (held is None or missed is None):
        say(f"{rate:g}/s")
        async with running(target, ground) as deployment:
            probe = await step(deployment, rate, pace.seconds, wait=HELD_WAIT_SECONDS)
        probes.append({"rate": rate, "held": is_held(probe), "end_ms": probe["end_ms"]})
        if is_held(probe):
            held = probe if held is None or rate > held["rate"] else held
            rate = round(rate * STEP)
        else:
            missed = probe
            rate = round(rate / STEP)
    return {"highest": {**(held or {"rate": 0.0}), "probes": probes}}


def is_held(outcome: Mapping[str, Any]) -> bool:
    p99 = outcome["end_ms"]["p99"]
    complete = outcome["accepted"] == outcome["offered"] and outcome["lost"] == 0
    in_pace = (outcome["replies_per_second"] or 0.0) >= HELD_SHARE * outcome["rate"]
    return complete and in_pace and p99 is not None and p99 < HELD_P99_MS


async def cold(target: Target, ground: Ground, pace: Pace, say: Say) -> Figures:
    """From the command to the first answer, on an empty folder."""
    say("cold start")
    seconds = []
    for _ in range(COLD_STARTS):
        with deployed(target, ground) as deployment:
            for program in deployment.programs.values():
                program.start()
            seconds.append(await deployment.ready())
    return {"cold": {"seconds": round(median(seconds), 2)}}


Scenario = Callable[[Target, Ground, Pace, Say], Awaitable[Figures]]
