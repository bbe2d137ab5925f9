"""The cache that needs nothing: a bounded memory of one process. The default, and the fallback of `redis_cache`."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

MAX_ENTRIES = 10_000


class MemoryCache:
    """Implements the Cache port in memory. `clock` counts seconds.

    At most `max_entries` keys are kept, and as many members of all groups together; the ones written longest ago leave
    first.
    """

    def __init__(self, max_entries: int = MAX_ENTRIES, clock: Callable[[], float] = time.monotonic) -> None:
        self._max = max_entries
        self._clock = clock
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._groups: dict[str, dict[str, tuple[float, bytes]]] = {}
        self._places: OrderedDict[tuple[str, str], None] = OrderedDict()  # (group, member), written longest ago first

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
        return max(found[0] - self._clock(), 0.0) if found else 0.0

    async def put_member(self, group: str, member: str, value: bytes, ttl: float) -> None:
        self._groups.setdefault(group, {})[member] = (self._clock() + ttl, value)
        self._places[group, member] = None
        self._places.move_to_end((group, member))
        while len(self._places) > self._max:
            self._drop_member(*next(iter(self._places)))

    async def remove_member(self, group: str, member: str) -> None:
        self._drop_member(group, member)

    async def members(self, group: str) -> Mapping[str, bytes]:
        now = self._clock()
        for member, (ends, _) in list(self._groups.get(group, {}).items()):
            if ends <= now:
                self._drop_member(group, member)
        return {member: value for member, (_, value) in self._groups.get(group, {}).items()}

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

    def _drop_member(self, group: str, member: str) -> None:
        self._places.pop((group, member), None)
        members = self._groups.get(group, {})
        members.pop(member, None)
        if not members:
            self._groups.pop(group, None)
