"""The cache that needs nothing: a bounded memory of one process. The default, and the fallback of `redis_cache`."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

MAX_ENTRIES = 10_000


class MemoryCache:
    """Implements the Cache port in memory; the oldest entries leave when it is full. `clock` counts seconds."""

    def __init__(self, max_entries: int = MAX_ENTRIES, clock: Callable[[], float] = time.monotonic) -> None:
        self._max = max_entries
        self._clock = clock
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._groups: dict[str, dict[str, tuple[float, bytes]]] = {}

    async def get(self, key: str) -> bytes | None:
        found = self._living(key)
        return found[1] if found else None

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        self._keep(key, self._clock() + ttl, value)

    async def delete(self, key: str) -> None:
        self._values.pop(key, None)

    async def add(self, key: str, amount: int, ttl: float) -> int:
        found = self._living(key)
        ends, total = (found[0], int(found[1]) + amount) if found else (self._clock() + ttl, amount)
        self._keep(key, ends, str(total).encode())
        return total

    async def time_left(self, key: str) -> float:
        found = self._living(key)
        return found[0] - self._clock() if found else 0.0

    async def put_member(self, group: str, member: str, value: bytes, ttl: float) -> None:
        self._groups.setdefault(group, {})[member] = (self._clock() + ttl, value)

    async def remove_member(self, group: str, member: str) -> None:
        members = self._groups.get(group, {})
        members.pop(member, None)
        if not members:
            self._groups.pop(group, None)

    async def members(self, group: str) -> Mapping[str, bytes]:
        now = self._clock()
        living = {member: found for member, found in self._groups.get(group, {}).items() if found[0] > now}
        if living:
            self._groups[group] = living
        else:
            self._groups.pop(group, None)
        return {member: value for member, (_, value) in living.items()}

    def _living(self, key: str) -> tuple[float, bytes] | None:
        found = self._values.get(key)
        if found is not None and found[0] <= self._clock():
            del self._values[key]
            return None
        return found

    def _keep(self, key: str, ends: float, value: bytes) -> None:
        self._values[key] = (ends, value)
        self._values.move_to_end(key)
        while len(self._values) > self._max:
            self._values.popitem(last=False)
