"""Watching processes for long: their memory, their open files, and what the house does in each minute."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import psutil

from innbox.testing.chaos.counting import marks
from innbox.testing.chaos.house import House
from innbox.testing.chaos.starting import ChaosProcess
from innbox.testing.chaos.troubles import Troubles

SAMPLE_SECONDS = 2.0
MIB = 1024 * 1024
HEADS = "minute  messages  answered  faults  kills   web MiB (PSS)  files   worker MiB (PSS)  files"


@dataclass(frozen=True, slots=True)
class Size:
    """How large a process was in a minute: the median of its memory in MiB, and the fewest files that it had open.

    `pss` counts shared memory by its share; 0 where the system does not tell.
    """

    rss: float
    pss: float
    files: int


@dataclass(slots=True)
class Minute:
    """What happened in one minute, the first being 1. `whole` is false for the rest at the end."""

    number: int
    whole: bool
    sizes: Mapping[str, Size]
    messages: int
    answered: int
    faults: int
    kills: int

    def of(self, name: str) -> Size:
        return self.sizes[name]

    def line(self) -> str:
        """Return a line of the table under `HEADS`."""
        web, worker = self.of("web"), self.of("worker")
        return (
            f"{self.number:6}  {self.messages:8}  {self.answered:8}  {self.faults:6}  {self.kills:5}"
            f"  {web.rss:7.1f} ({web.pss:.1f})  {web.files:5}  {worker.rss:10.1f} ({worker.pss:.1f})  {worker.files:5}"
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Watch:
    """Looks at processes every few seconds and sums up each minute."""

    def __init__(self, house: House, processes: Mapping[str, ChaosProcess], troubles: Troubles) -> None:
        self._house, self._troubles = house, troubles
        self._processes = {name: psutil.Process(process.pid) for name, process in processes.items()}
        self._ends = asyncio.Event()
        self.minutes: list[Minute] = []

    def end(self) -> None:
        """Let `run` sum up what it has and return."""
        self._ends.set()

    def files(self) -> dict[str, int]:
        """Return how many files each process has open."""
        return {name: process.num_fds() for name, process in self._processes.items()}

    async def run(self, told: Callable[[Minute], None]) -> None:
        """Watch until `end`, and hand each minute to `told`."""
        before = self._sums()
        while not self._ends.is_set():
            samples: dict[str, list[Size]] = {name: [] for name in self._processes}
            ends = time.monotonic() + 60.0
            while time.monotonic() < ends and not self._ends.is_set():
                for name, process in self._processes.items():
                    samples[name].append(await asyncio.to_thread(_size, process))
                await self._pause()
            sums = self._sums()
            minute = Minute(
                len(self.minutes) + 1,
                not self._ends.is_set(),
                {name: _summed_up(sizes) for name, sizes in samples.items()},
                *(now - then for now, then in zip(sums, before, strict=True)),
            )
            before = sums
            self.minutes.append(minute)
            told(minute)

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(SAMPLE_SECONDS):
                await self._ends.wait()
        except TimeoutError:
            return

    def _sums(self) -> tuple[int, int, int, int]:
        """Return how many messages were acknowledged and answered so far, how many faults there were, and kills."""
        house = self._house
        answered = {marked for message in house.twilio.messages for marked in marks(message.body)}
        return len(house.guests.acknowledged), len(answered), self._troubles.counts.total(), house.kills


def _size(process: psutil.Process) -> Size:
    memory = process.memory_full_info()
    return Size(memory.rss / MIB, getattr(memory, "pss", 0) / MIB, process.num_fds())


def _summed_up(sizes: list[Size]) -> Size:
    return Size(
        round(median(size.rss for size in sizes), 1),
        round(median(size.pss for size in sizes), 1),
        min(size.files for size in sizes),
    )
