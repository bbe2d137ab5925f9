"""How much chaos: the sizes of one promise's proof, and where it says how far it is."""

import random
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from innbox.testing.chaos.servers import KillablePostgres
from innbox.testing.chaos.starting import Start


@dataclass(slots=True)
class Plan:
    """The sizes of a run. `postgres` is the server that promises share which do not harm it."""

    dice: random.Random
    postgres: KillablePostgres
    first: threading.Lock  # for servers of a proof's own
    start: Start  # how processes are started
    say: Callable[[str], None]
    short: bool = False
    messages: int = 400
    kills: int = 100
    webhooks: int = 2000  # of promise 1
    workers: int = 3
    guests: int = 20
    closed_seconds: float = 300.0  # how long nobody is there while the provider's list fills
    away_seconds: float = 60.0  # how long a server stays away or frozen
    limit_seconds: float = 600.0  # how long the provider says 429
    kill_gap: float = 1.0  # seconds between kills, on average
    stops: int = 3
    patience: float = 1.0  # by which limits of time are multiplied, where the machine has other work to do

    @property
    def each(self) -> int:
        """Messages of each guest."""
        return max(self.messages // self.guests, 1)

    @property
    def passes(self) -> tuple[int, ...]:
        """At which passes of each named point a process dies."""
        return (1,) if self.short else (1, 2, 5)


def shorten(plan: Plan) -> Plan:
    """Return the plan with the sizes that `make test` runs."""
    return replace(
        plan,
        short=True,
        messages=40,
        kills=6,
        webhooks=150,
        workers=2,
        guests=8,
        closed_seconds=5.0,
        away_seconds=4.0,
        limit_seconds=5.0,
        kill_gap=1.0,
        stops=1,
        patience=2.0,
    )


class Progress:
    """One line on a terminal that says how far things are; silent in a pipe."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._states: dict[str, str] = {}

    def of(self, promise: str) -> Callable[[str], None]:
        """Return a function that tells how far one promise's proof is."""

        def say(text: str) -> None:
            if text:
                self._states[promise] = text
            else:
                self._states.pop(promise, None)
            if self._shown:
                line = " | ".join(f"{name}: {state}" for name, state in self._states.items())
                print(f"\r\x1b[K{line[:160]}", end="", file=sys.stderr, flush=True)

        return say
