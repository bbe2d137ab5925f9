"""The cache on Redis keeps the contract, is one for all processes, and goes on while Redis is gone."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from innbox.testing.cache_contract import EMPTIED, FROZEN, GONE, CacheContract
from innbox_redis_cache import cache as cache_module
from innbox_redis_cache.cache import RedisBackedCache

OpenCache = Callable[..., RedisBackedCache]
Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[float]]


class TestRedisBackedCache(CacheContract):
    @pytest.fixture
    def cache(self, open_cache: OpenCache) -> RedisBackedCache:
        return open_cache()


async def test_processes_share_it(open_cache: OpenCache) -> None:
    one, other = open_cache(), open_cache()

    await one.set("key", b"value", 60)
    await one.put_member("group", "member", b"1", 60)
    totals = await asyncio.gather(*(cache.add("counter", 1, 60) for cache in (one, other) for _ in range(100)))

    assert await other.get("key") == b"value"
    assert await other.members("group") == {"member": b"1"}
    assert sorted(totals) == list(range(1, 201))


async def test_prefixes_keep_deployments_apart(open_cache: OpenCache) -> None:
    one, other = open_cache("one"), open_cache("other")

    await one.set("key", b"value", 60)
    await one.put_member("group", "member", b"1", 60)

    assert await other.get("key") is None
    assert await other.members("group") == {}


async def test_everything_it_keeps_has_an_end_and_the_prefix(open_cache: OpenCache, server: Any) -> None:
    cache = open_cache("hotel")
    await cache.set("key", b"value", 60)
    await cache.add("counter", 1, 60)
    await cache.put_member("group", "stays", b"1", 60)
    await cache.put_member("group", "leaves", b"1", 5)

    with server.client() as redis:
        lives = {key: redis.pttl(key) for key in redis.keys("*")}

    assert sorted(lives) == [b"hotel:group:group", b"hotel:key:counter", b"hotel:key:key"]
    assert all(55_000 < life <= 60_000 for life in lives.values())


async def test_a_counter_that_lost_its_end_gets_one(open_cache: OpenCache, server: Any) -> None:
    cache = open_cache()
    with server.client() as redis:
        redis.set("innbox:key:counter", 4)

    assert await cache.add("counter", 1, 60) == 5
    assert 55 < await cache.time_left("counter") <= 60


async def test_members_that_ended_are_swept_out(open_cache: OpenCache, server: Any) -> None:
    cache = open_cache()
    await cache.put_member("group", "stays", b"1", 60)
    await cache.put_member("group", "leaves", b"1", 0.05)
    await asyncio.sleep(0.1)

    await cache.members("group")

    with server.client() as redis:
        assert redis.hkeys("innbox:group:group") == [b"stays"]


@pytest.mark.parametrize("fault", [GONE, FROZEN])
async def test_only_the_first_call_of_an_outage_waits(
    open_cache: OpenCache, server: Any, counted: list[str], fault: str
) -> None:
    cache = open_cache()
    await cache.set("key", b"value", 60)
    await server.fail(fault)

    started = time.monotonic()
    await cache.get("key")
    first = time.monotonic() - started
    started = time.monotonic()
    for n in range(1000):
        await cache.get(f"key-{n}")
    rest = time.monotonic() - started

    assert first < 0.5
    assert rest < 0.5
    assert counted == ["connection" if fault == GONE else "timeout"]


@pytest.mark.parametrize("fault", [GONE, FROZEN])
async def test_it_remembers_for_itself_while_redis_is_gone(open_cache: OpenCache, server: Any, fault: str) -> None:
    cache = open_cache()
    await server.fail(fault)

    await cache.set("key", b"value", 60)
    await cache.put_member("group", "member", b"1", 60)
    totals = [await cache.add("counter", 1, 60) for _ in range(3)]

    assert await cache.get("key") == b"value"
    assert await cache.members("group") == {"member": b"1"}
    assert totals == [1, 2, 3]
    assert 55 < await cache.time_left("counter") <= 60


async def test_redis_hears_what_it_missed(open_cache: OpenCache, server: Any, eventually: Eventually) -> None:
    one, other = open_cache(), open_cache()
    await one.add("counter", 10, 60)
    await one.set("stale", b"old", 60)
    await one.set("short", b"old", 60)
    await one.put_member("group", "leaves", b"1", 60)
    await server.fail(FROZEN)
    await one.delete("stale")
    await one.set("key", b"value", 60)
    await one.set("short", b"new", 0.1)
    await one.remove_member("group", "leaves")
    await one.put_member("group", "comes", b"1", 60)
    for _ in range(3):
        await one.add("counter", 1, 5)

    await server.recover()

    async def told() -> bool:
        return await other.get("key") == b"value"

    assert await eventually(told) < 5
    assert await other.get("stale") is None
    assert await other.get("short") is None
    assert await other.members("group") == {"comes": b"1"}
    assert await other.add("counter", 0, 60) == 13
    assert await other.time_left("counter") > 50


async def test_after_a_freeze_answers_belong_to_their_questions(
    open_cache: OpenCache, server: Any, eventually: Eventually
) -> None:
    cache = open_cache()
    for n in range(50):
        await cache.set(f"key-{n}", str(n).encode(), 60)
    await server.fail(FROZEN)
    await asyncio.gather(*(cache.get(f"key-{n}") for n in range(50)))
    await server.recover()

    async def back() -> bool:
        return await cache.get("key-0") == b"0"

    await eventually(back)
    assert [await cache.get(f"key-{n}") for n in reversed(range(50))] == [str(n).encode() for n in reversed(range(50))]


async def test_an_outage_is_over_within_two_seconds_and_told_once(
    open_cache: OpenCache, server: Any, eventually: Eventually, counted: list[str]
) -> None:
    cache, other = open_cache(), open_cache()
    with capture_logs() as logs:
        await server.fail(GONE)
        await asyncio.gather(*(cache.get(f"key-{n}") for n in range(20)))
        await asyncio.sleep(1.3)
        await cache.set("key", b"value", 60)
        await server.recover()

        async def back() -> bool:
            return await other.get("key") == b"value"

        assert await eventually(back) < 2.5

        async def told() -> bool:
            return any(line["event"] == "redis is back" for line in logs)

        await eventually(told)

    assert [line["event"] for line in logs if line["event"].startswith("redis is gone")] == [
        "redis is gone, remembering in this process"
    ]
    assert set(counted) == {"connection"}
    assert len(counted) >= 2  # the outage, and a try in vain


async def test_a_second_outage_does_not_bring_the_first_ones_memory_back(
    open_cache: OpenCache, server: Any, eventually: Eventually
) -> None:
    cache, other = open_cache(), open_cache()
    await server.fail(GONE)
    await cache.set("key", b"first", 60)
    await server.recover()

    async def told() -> bool:
        return await other.get("key") == b"first"

    await eventually(told)
    await asyncio.sleep(0.2)
    await other.delete("key")
    assert await cache.get("key") is None

    await server.fail(GONE)
    assert await cache.get("key") is None


async def test_forgetting_is_no_outage(open_cache: OpenCache, server: Any, counted: list[str]) -> None:
    cache = open_cache()
    await cache.set("key", b"value", 60)
    await cache.add("counter", 1, 60)

    await server.fail(EMPTIED)

    assert await cache.get("key") is None
    assert await cache.add("counter", 1, 60) == 1
    assert counted == []


async def test_a_counter_where_no_number_is_harms_nobody_else(
    open_cache: OpenCache, server: Any, counted: list[str]
) -> None:
    cache = open_cache()
    await cache.set("text", b"not a number", 60)

    total, _, text = await asyncio.gather(cache.add("text", 1, 60), cache.set("key", b"value", 60), cache.get("text"))

    assert (total, text) == (1, b"not a number")
    assert counted == ["wrong_type"]
    with server.client() as redis:
        assert redis.get("innbox:key:key") == b"value"


async def test_a_full_server_counts_as_gone_until_it_has_room(
    open_cache: OpenCache, server: Any, eventually: Eventually, counted: list[str]
) -> None:
    cache = open_cache()
    with server.client() as redis:
        redis.config_set("maxmemory", 1)
        try:
            await cache.set("key", b"value", 60)
            assert await cache.get("key") == b"value"
            assert [await cache.add("counter", 1, 60) for _ in range(2)] == [1, 2]
            await asyncio.sleep(1.2)
            assert await cache.get("key") == b"value"
        finally:
            redis.config_set("maxmemory", 0)

        async def told() -> bool:
            return bool(redis.get("innbox:key:counter") == b"2")

        await eventually(told)
    assert set(counted) == {"out_of_memory"}


async def test_what_redis_missed_is_bounded(
    open_cache: OpenCache, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "MAX_MISSED", 10)
    cache = open_cache()
    await server.fail(GONE)

    for n in range(100):
        await cache.set(f"key-{n}", b"value", 60)

    assert len(cache._missed) == 10


async def test_a_closed_cache_still_answers(open_cache: OpenCache, counted: list[str]) -> None:
    cache = open_cache()
    await cache.set("key", b"value", 60)

    await cache.close()

    assert await cache.get("key") is None
    assert await cache.add("counter", 1, 60) == 1
    assert counted == []
