"""What goes wrong in a soak, at random: it harms neither the web process nor the first worker for good."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from innbox.testing.chaos.house import House
from innbox.testing.chaos.promises_of_services import flush
from innbox.testing.chaos.servers import KillablePostgres, start_within

GAP_SECONDS = (4.0, 12.0)
LASTS_SECONDS = (1.0, 4.0)
LONGEST_ROUNDS = 2
PROVIDER_FAULTS = ("429", "63018", "500", "timeout", "accept_then_drop", "drop", "garbage")


class Troubles:
    """Brings one trouble after the other, all kinds in each round; `counts` says how often each came.

    In the first rounds they last as long as they ever do, so that what comes later is nothing new to a process.
    """

    def __init__(self, house: House, postgres: KillablePostgres, dice: random.Random) -> None:
        self._house, self._postgres, self._dice = house, postgres, dice
        self.counts: Counter[str] = Counter()
        self._longest = True
        self._kinds: Mapping[str, Callable[[], Awaitable[None]]] = {
            "provider": self._provider,
            "Redis flushed": lambda: flush(self._house),
            "Redis killed": self._redis_killed,
            "Redis frozen": self._redis_frozen,
            "PostgreSQL stopped": self._postgres_stopped,
            "PostgreSQL frozen": self._postgres_frozen,
            "worker killed": self._worker_killed,
        }

    async def run(self) -> None:
        """Make trouble for ever."""
        for number in itertools.count():
            self._longest = number < LONGEST_ROUNDS
            for kind in self._dice.sample(list(self._kinds), k=len(self._kinds)):
                await asyncio.sleep(self._dice.uniform(*GAP_SECONDS))
                self.counts[kind] += 1
                await self._kinds[kind]()

    async def mend(self) -> None:
        """Leave everything running, wherever `run` was stopped."""
        self._house.twilio.recover()
        self._postgres.thaw()
        self._house.redis.thaw()
        await start_within(self._postgres)
        if not self._house.redis.running:
            await start_within(self._house.redis)

    async def _a_while(self) -> None:
        shortest, longest = LASTS_SECONDS
        await asyncio.sleep(longest if self._longest else self._dice.uniform(shortest, longest))

    async def _provider(self) -> None:
        self._house.twilio.fail(self._dice.choice(PROVIDER_FAULTS))
        await self._a_while()
        self._house.twilio.recover()

    async def _redis_killed(self) -> None:
        await asyncio.to_thread(self._house.redis.kill)
        self._house.kills += 1
        await self._a_while()
        await start_within(self._house.redis)

    async def _redis_frozen(self) -> None:
        self._house.redis.freeze()
        await self._a_while()
        self._house.redis.thaw()

    async def _postgres_stopped(self) -> None:
        await asyncio.to_thread(self._postgres.stop_immediately)
        self._house.kills += 1
        await start_within(self._postgres)

    async def _postgres_frozen(self) -> None:
        self._postgres.freeze()
        await self._a_while()
        self._postgres.thaw()

    async def _worker_killed(self) -> None:
        """Kill the last worker, never the first, and start another."""
        if len(self._house.workers) > 1:
            self._house.kill(self._house.workers[-1])
        await self._house.work()
