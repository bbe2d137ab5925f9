"""The contract of a cache: subclass `CacheContract`, give it two fixtures, and it says whether all is right.

    class TestMyCache(CacheContract):
        @pytest.fixture
        async def server(self) -> AsyncIterator[CacheServer]: ...

        @pytest.fixture
        async def cache(self, server: CacheServer) -> AsyncIterator[Cache]: ...

`server` stands for whatever the cache asks, and makes it fail on request. A fault that cannot happen to a cache is left
out of `faults`; a cache that asks nobody takes `NoServer`, which has none. The cache is empty when a test begins.

A cache may forget, but it may not raise, hang or make things up: a call takes less than `CALL_SECONDS` whatever
happens, and within `RECOVERY_SECONDS` after a fault the cache must remember as before.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from innbox.ports import Cache

GONE = "gone"  # its process is killed; what it knew is lost
FROZEN = "frozen"  # it takes requests and never answers
EMPTIED = "emptied"  # it answers, and has forgotten everything
FAULTS = frozenset({GONE, FROZEN, EMPTIED})

CALL_SECONDS = 1.0
RECOVERY_SECONDS = 10.0
SHORT = 0.3  # a life that a test waits out
LONG = 60.0  # one that it does not

ODD_KEYS = ("", " ", "a:b:c", "{a}", "line\r\nbreak", "nul\0", "Zwölf 日本 🙂", "*[?]", "\udcff", "k" * 10_000)


class CacheServer(Protocol):
    """What a cache asks, as a test sees it."""

    faults: frozenset[str]
    """Those of this module's faults that can happen to the cache."""

    async def fail(self, fault: str) -> None:
        """Bring a fault about, for good until `recover`. Only faults in `faults` are asked for."""
        ...

    async def recover(self) -> None:
        """Make all well again, in the same place."""
        ...


class NoServer:
    """For a cache that asks nobody: nothing can fail."""

    faults: frozenset[str] = frozenset()

    async def fail(self, fault: str) -> None:
        raise AssertionError(f"a cache without a server was made to fail: {fault}")

    async def recover(self) -> None:
        return


class CacheContract:
    """Tests that every cache passes. Supply the fixtures `cache` and `server`."""

    # what it is

    def test_it_is_a_cache(self, cache: Cache) -> None:
        assert isinstance(cache, Cache)

    def test_the_server_names_known_faults_only(self, server: CacheServer) -> None:
        assert server.faults <= FAULTS

    # values

    async def test_what_was_never_set_is_not_there(self, cache: Cache) -> None:
        assert await cache.get("never") is None
        assert await cache.time_left("never") == 0

    async def test_a_value_comes_back_as_it_went_in(self, cache: Cache) -> None:
        for value in (b"", b"text", bytes(range(256)), b"x" * 1_000_000):
            await cache.set("key", value, LONG)

            assert await cache.get("key") == value

    async def test_a_value_ends(self, cache: Cache) -> None:
        await cache.set("key", b"value", SHORT)
        await asyncio.sleep(SHORT + 0.1)

        assert await cache.get("key") is None
        assert await cache.time_left("key") == 0

    async def test_setting_again_replaces_value_and_life(self, cache: Cache) -> None:
        await cache.set("key", b"first", SHORT)
        await cache.set("key", b"second", LONG)
        await asyncio.sleep(SHORT + 0.1)

        assert await cache.get("key") == b"second"
        assert LONG - 5 < await cache.time_left("key") <= LONG

    @pytest.mark.parametrize("ttl", [0.0, -1.0])
    async def test_without_a_life_nothing_is_kept(self, cache: Cache, ttl: float) -> None:
        await cache.set("key", b"before", LONG)
        await cache.set("key", b"value", ttl)
        await cache.put_member("group", "member", b"before", LONG)
        await cache.put_member("group", "member", b"value", ttl)

        assert await cache.get("key") is None
        assert dict(await cache.members("group")) == {}

    async def test_a_very_long_life_is_no_trouble(self, cache: Cache) -> None:
        await cache.set("key", b"value", float("inf"))
        await cache.put_member("group", "member", b"value", float("inf"))

        assert await cache.get("key") == b"value"
        assert await cache.time_left("key") > 86400
        assert dict(await cache.members("group")) == {"member": b"value"}

    async def test_what_is_deleted_is_gone(self, cache: Cache) -> None:
        await cache.set("key", b"value", LONG)
        await cache.delete("key")
        await cache.delete("key")

        assert await cache.get("key") is None

    @pytest.mark.parametrize("key", ODD_KEYS, ids=range(len(ODD_KEYS)))
    async def test_any_text_is_a_key(self, cache: Cache, key: str) -> None:
        await cache.set(key, b"value", LONG)
        await cache.put_member(key, key, b"member", LONG)

        assert await cache.get(key) == b"value"
        assert await cache.get(f"{key}.") is None
        assert dict(await cache.members(key)) == {key: b"member"}
        assert dict(await cache.members(f"{key}.")) == {}

    # counters

    async def test_a_counter_adds_up(self, cache: Cache) -> None:
        assert [await cache.add("counter", amount, LONG) for amount in (1, 1, 5, -2)] == [1, 2, 7, 5]

    async def test_a_counter_is_read_as_decimal_text(self, cache: Cache) -> None:
        await cache.add("counter", 12, LONG)

        assert await cache.get("counter") == b"12"

    async def test_a_counter_ends_after_its_first_addition(self, cache: Cache) -> None:
        await cache.add("counter", 1, SHORT)
        await asyncio.sleep(SHORT / 2)
        await cache.add("counter", 1, LONG)
        left = await cache.time_left("counter")
        await asyncio.sleep(SHORT / 2 + 0.1)

        assert left < SHORT
        assert await cache.get("counter") is None
        assert await cache.add("counter", 1, LONG) == 1

    async def test_a_counter_says_how_long_it_lives(self, cache: Cache) -> None:
        await cache.add("counter", 1, LONG)

        assert LONG - 5 < await cache.time_left("counter") <= LONG

    async def test_no_addition_is_lost_when_many_add_at_once(self, cache: Cache) -> None:
        totals = await asyncio.gather(*(cache.add("counter", 1, LONG) for _ in range(200)))

        assert sorted(totals) == list(range(1, 201))

    async def test_a_deleted_counter_begins_again(self, cache: Cache) -> None:
        await cache.add("counter", 5, LONG)
        await cache.delete("counter")

        assert await cache.add("counter", 1, LONG) == 1

    # groups

    async def test_a_group_has_its_members(self, cache: Cache) -> None:
        await cache.put_member("miramar", "ana", b"1", LONG)
        await cache.put_member("miramar", "rui", b"2", LONG)
        await cache.put_member("alvor", "eva", b"3", LONG)

        assert dict(await cache.members("miramar")) == {"ana": b"1", "rui": b"2"}
        assert dict(await cache.members("nowhere")) == {}

    async def test_each_member_ends_for_itself(self, cache: Cache) -> None:
        await cache.put_member("group", "stays", b"1", LONG)
        await cache.put_member("group", "leaves", b"2", SHORT)
        await cache.put_member("group", "shortened", b"3", LONG)
        await cache.put_member("group", "shortened", b"3", SHORT)
        await asyncio.sleep(SHORT + 0.1)

        assert dict(await cache.members("group")) == {"stays": b"1"}

    async def test_a_renewed_member_lives_on(self, cache: Cache) -> None:
        await cache.put_member("group", "member", b"old", SHORT)
        await cache.put_member("group", "member", b"new", LONG)
        await asyncio.sleep(SHORT + 0.1)

        assert dict(await cache.members("group")) == {"member": b"new"}

    async def test_a_members_value_comes_back_as_it_went_in(self, cache: Cache) -> None:
        for value in (b"", b" ", b"17 18", bytes(range(256))):
            await cache.put_member("group", "member", value, LONG)

            assert dict(await cache.members("group")) == {"member": value}

    async def test_a_removed_member_is_gone(self, cache: Cache) -> None:
        await cache.put_member("group", "stays", b"1", LONG)
        await cache.put_member("group", "leaves", b"2", LONG)
        await cache.remove_member("group", "leaves")
        await cache.remove_member("group", "leaves")
        await cache.remove_member("nowhere", "nobody")

        assert dict(await cache.members("group")) == {"stays": b"1"}

    async def test_a_group_and_a_key_of_one_name_are_two_things(self, cache: Cache) -> None:
        await cache.put_member("name", "member", b"member", LONG)
        await cache.set("name", b"value", LONG)

        assert await cache.get("name") == b"value"
        await cache.delete("name")
        assert dict(await cache.members("name")) == {"member": b"member"}

    # many at once, and callers who give up

    async def test_many_may_ask_at_once(self, cache: Cache) -> None:
        async def use(n: int) -> bytes | None:
            await cache.set(f"key-{n}", str(n).encode(), LONG)
            await cache.put_member("group", f"member-{n}", b"", LONG)
            return await cache.get(f"key-{n}")

        assert await asyncio.gather(*(use(n) for n in range(500))) == [str(n).encode() for n in range(500)]
        assert len(await cache.members("group")) == 500

    async def test_a_caller_who_gives_up_disturbs_nobody(self, cache: Cache) -> None:
        for n in range(50):
            await cache.set(f"key-{n}", str(n).encode(), LONG)
        tasks = [asyncio.create_task(cache.get(f"key-{n}")) for n in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.wait(tasks)

        assert [task.result() for task in tasks[1::2]] == [str(n).encode() for n in range(1, 50, 2)]
        assert [await cache.get(f"key-{n}") for n in range(50)] == [str(n).encode() for n in range(50)]

    # when things go wrong

    async def test_nothing_raises_or_hangs_in_a_fault(self, cache: Cache, server: CacheServer) -> None:
        for fault in sorted(server.faults):
            await server.fail(fault)
            for verb in _verbs(cache):
                started = time.monotonic()
                await verb()
                assert time.monotonic() - started < CALL_SECONDS, fault
            await server.recover()

    async def test_many_in_a_fault_wait_no_longer_than_one(self, cache: Cache, server: CacheServer) -> None:
        for fault in sorted(server.faults):
            await server.fail(fault)
            started = time.monotonic()
            await asyncio.gather(*(cache.get(f"key-{n}") for n in range(300)))
            seconds = time.monotonic() - started
            await server.recover()

            assert seconds < CALL_SECONDS, fault

    async def test_it_remembers_again_after_a_fault(self, cache: Cache, server: CacheServer) -> None:
        for fault in sorted(server.faults):
            await server.fail(fault)
            await cache.get("key")
            await server.recover()

            ends = time.monotonic() + RECOVERY_SECONDS
            while not await _remembers(cache):
                assert time.monotonic() < ends, f"{fault}: it does not remember after {RECOVERY_SECONDS} seconds"
                await asyncio.sleep(0.05)


def _verbs(cache: Cache) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: cache.get("key"),
        lambda: cache.set("key", b"value", LONG),
        lambda: cache.delete("key"),
        lambda: cache.add("counter", 1, LONG),
        lambda: cache.time_left("key"),
        lambda: cache.put_member("group", "member", b"value", LONG),
        lambda: cache.remove_member("group", "member"),
        lambda: cache.members("group"),
    ]


async def _remembers(cache: Cache) -> bool:
    await cache.set("again", b"value", LONG)
    await cache.put_member("again", "member", b"value", LONG)
    return await cache.get("again") == b"value" and dict(await cache.members("again")) == {"member": b"value"}
