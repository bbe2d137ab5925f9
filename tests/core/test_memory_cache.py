"""The memory cache keeps the contract of caches, by its clock, and stays small."""

import pytest

from innbox import Cache, MemoryCache
from innbox.testing.cache_contract import CacheContract, CacheServer, NoServer


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestMemoryCache(CacheContract):
    @pytest.fixture
    def server(self) -> CacheServer:
        return NoServer()

    @pytest.fixture
    def cache(self) -> Cache:
        return MemoryCache()


async def test_a_life_ends_on_the_second() -> None:
    clock = Clock()
    cache = MemoryCache(clock=clock)
    await cache.set("key", b"value", 10)
    await cache.put_member("group", "member", b"value", 10)

    clock.now += 9.5
    assert await cache.time_left("key") == 0.5
    assert await cache.members("group") == {"member": b"value"}

    clock.now += 0.5
    assert await cache.get("key") is None
    assert await cache.members("group") == {}


async def test_the_oldest_keys_leave_when_it_is_full() -> None:
    cache = MemoryCache(max_entries=3)
    for key in ("a", "b", "c"):
        await cache.set(key, key.encode(), 60)
    await cache.set("a", b"renewed", 60)

    await cache.add("d", 1, 60)

    assert [await cache.get(key) for key in ("a", "b", "c", "d")] == [b"renewed", None, b"c", b"1"]


async def test_the_oldest_members_leave_when_it_is_full() -> None:
    cache = MemoryCache(max_entries=3)
    for member in ("a", "b", "c"):
        await cache.put_member(f"group-{member}", member, b"1", 60)
    await cache.put_member("group-a", "a", b"renewed", 60)

    await cache.put_member("group-d", "d", b"1", 60)

    found = [await cache.members(f"group-{member}") for member in ("a", "b", "c", "d")]
    assert found == [{"a": b"renewed"}, {}, {"c": b"1"}, {"d": b"1"}]


async def test_groups_that_nobody_asks_for_do_not_pile_up() -> None:
    cache = MemoryCache(max_entries=100)

    for n in range(1000):
        await cache.put_member(f"group-{n}", "member", b"1", 0.001)

    assert len(cache._groups) == len(cache._places) == 100


async def test_what_was_removed_takes_no_room() -> None:
    cache = MemoryCache(max_entries=2)
    await cache.put_member("group", "stays", b"1", 60)
    for n in range(10):
        await cache.put_member("group", f"member-{n}", b"1", 60)
        await cache.remove_member("group", f"member-{n}")

    assert await cache.members("group") == {"stays": b"1"}


async def test_two_caches_share_nothing() -> None:
    one, other = MemoryCache(), MemoryCache()
    await one.set("key", b"value", 60)

    assert await other.get("key") is None
