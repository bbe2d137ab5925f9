"""Figures: percentiles, and what processes used of the machine."""

import asyncio
import contextlib
import math
import os
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psutil

SAMPLE_SECONDS = 1.0

Pids = Mapping[str, int]  # the leaders of groups of processes, by name


def percentiles(seconds: Sequence[float]) -> dict[str, float | None]:
    """Return nearest-rank percentiles in milliseconds."""
    ranked = sorted(seconds)

    def at(share: float) -> float | None:
        return round(ranked[math.ceil(share * len(ranked)) - 1] * 1000, 1) if ranked else None

    return {"p50": at(0.5), "p99": at(0.99), "max": at(1.0)}


def median_of(results: Sequence[Any]) -> Any:
    """Merge equally shaped results: numbers become their median, what is all true stays true, the rest is the first."""
    present = [result for result in results if result is not None]
    first = present[0] if present else None
    if isinstance(first, dict):
        return {key: median_of([result.get(key) for result in present]) for key in first}
    if isinstance(first, bool):
        return all(present)
    if isinstance(first, int | float):
        return statistics.median(present)
    return first


@asynccontextmanager
async def used(pids: Callable[[], Pids]) -> AsyncIterator[dict[str, dict[str, float]]]:
    """Yield a dictionary that holds, once the block has ended, each group's CPU seconds and its largest PSS in MB.

    A group whose leader is killed meanwhile keeps what was last seen of it.
    """
    found: dict[str, dict[str, float]] = {}
    before: dict[str, float] = {}

    def sample() -> None:
        for name, pid in pids().items():
            with contextlib.suppress(psutil.Error):
                cpu, pss = _cpu_and_pss(pid)
                before.setdefault(name, cpu)
                largest = max(pss, found.get(name, {}).get("pss_mb", 0.0))
                found[name] = {"cpu_s": round(cpu - before[name], 2), "pss_mb": round(largest, 1)}

    async def watch() -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            await asyncio.to_thread(sample)

    sample()
    watching = asyncio.create_task(watch())
    try:
        yield found
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        sample()


def _cpu_and_pss(pid: int) -> tuple[float, float]:
    cpu = pss = 0.0
    leader = psutil.Process(pid)
    for process in (leader, *leader.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            cpu += times.user + times.system
            pss += process.memory_full_info().pss / 2**20
    return cpu, pss


@dataclass
class Others:
    """What others took of the machine while a block ran, from 0 to 1; known once it has ended."""

    share: float = 0.0


@asynccontextmanager
async def elsewhere(servers: Iterable[int]) -> AsyncIterator[Others]:
    """Yield what others than this run's processes take: this one, all that it has started, and the servers.

    A figure of a machine whose others took more than a tenth says little of latencies; CPU a reply stays comparable.
    """
    leaders = [os.getpid(), *servers]
    own, machine, began = _cpu_of(leaders), _machine_cpu(), time.monotonic()
    others = Others()
    yield others
    taken = _machine_cpu() - machine - (_cpu_of(leaders) - own)
    others.share = round(max(taken, 0.0) / ((time.monotonic() - began) * (psutil.cpu_count() or 1)), 3)


def _cpu_of(leaders: Iterable[int]) -> float:
    """Return the CPU seconds of processes and their descendants, ended ones too where their parents have noticed."""
    total = 0.0
    for pid in leaders:
        with contextlib.suppress(psutil.Error):
            leader = psutil.Process(pid)
            for process in (leader, *leader.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = process.cpu_times()
                    total += times.user + times.system + times.children_user + times.children_system
    return total


def _machine_cpu() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)


def clock() -> float:
    """The clock of all processes of a run; only differences count."""
    return time.time()
