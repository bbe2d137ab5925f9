"""What a reply costs in round trips, counted rather than timed; no step holds the store while it waits elsewhere."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import redis

from innbox import Completion, CompletionRequest, Outgoing, SendOutcome, Sent, new_id
from innbox.live import RemoteLive
from innbox.metrics import Metrics
from innbox.pipeline.wakes import Step
from innbox.queue import QueueWakes, QueueWorker

A_REPLY = {"ingest": 1, "claim_turn": 1, "commit_turn": 1, "settle_delivery": 1}
BACKGROUND = {
    "due",
    "heartbeat",
    "add_counts",
    "claim_chore",
    "settings",
    "media_due",
}  # once in seconds, not a message


class CountingStore:
    """A store that counts its verbs, and knows which are at work."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()
        self.at_work: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)
        if not asyncio.iscoroutinefunction(verb):
            return verb

        async def counted(*arguments: Any, **named: Any) -> Any:
            self.calls[name] += 1
            self.at_work[name] += 1
            try:
                return await verb(*arguments, **named)
            finally:
                self.at_work[name] -= 1

        return counted

    @property
    def of_messages(self) -> dict[str, int]:
        return {name: count for name, count in self.calls.items() if name not in BACKGROUND}

    @property
    def held_by(self) -> set[str]:
        return {name for name, count in self.at_work.items() if count and name not in BACKGROUND}


@contextlib.asynccontextmanager
async def counted(house: Any) -> AsyncIterator[CountingStore]:
    store = house.app.store = CountingStore(house.app.store)
    try:
        yield store
    finally:
        house.app.store = store._store


async def settled(house: Any, store: CountingStore, replies: int) -> None:
    await house.eventually(lambda: store.calls["settle_delivery"] >= replies and not store.held_by)


async def test_a_reply_takes_four_transactions(workshop: Any) -> None:
    house = await workshop()
    async with counted(house) as store:
        await house.guest_writes("Is the pool heated?")
        await settled(house, store, 1)
        await asyncio.sleep(0.1)

        assert store.of_messages == A_REPLY


async def test_a_hundred_guests_at_once_take_four_each(workshop: Any) -> None:
    house = await workshop()
    async with counted(house) as store:
        await asyncio.gather(*(house.guest_writes("Hello", handle=f"guest-{n}") for n in range(100)))
        await settled(house, store, 100)

        # A sweep may find what a wake has found already, and then claims in vain.
        assert store.calls["ingest"] == store.calls["commit_turn"] == store.calls["settle_delivery"] == 100
        assert store.calls["claim_turn"] <= 150
        assert store.calls["claim_delivery"] <= 50


async def test_nothing_of_the_store_is_held_while_a_model_thinks_or_a_channel_sends(workshop: Any) -> None:
    held: list[set[str]] = []

    async def thinking(request: CompletionRequest) -> Completion:
        held.append(store.held_by)
        await asyncio.sleep(0.02)
        held.append(store.held_by)
        return Completion(text="re")

    async def sending(outgoing: Outgoing) -> SendOutcome:
        held.append(store.held_by)
        await asyncio.sleep(0.02)
        held.append(store.held_by)
        return Sent(new_id())

    house = await workshop(thinking)
    house.channel.send = sending
    async with counted(house) as store:
        await house.guest_writes("Hello")
        await settled(house, store, 1)

    assert held == [set()] * 4


def commands(server: "redis.Redis") -> Counter[str]:
    """Return how often each of Redis's commands was called."""
    return Counter({name.removeprefix("cmdstat_"): stat["calls"] for name, stat in server.info("commandstats").items()})


async def test_a_wake_takes_two_commands_of_redis(redis_url: str) -> None:
    server = redis.Redis.from_url(redis_url)
    started: list[str] = []
    worker = QueueWorker(redis_url, lambda step, key: started.append(key), lambda: True)
    worker.begin()
    wakes = QueueWakes(redis_url, Metrics())
    before = commands(server)
    try:
        for number in range(100):
            wakes.wake(Step.ANSWER, str(number))
            await asyncio.sleep(0.001)
        async with asyncio.timeout(5):
            while len(started) < 100:
                await asyncio.sleep(0.01)
        used = commands(server) - before
    finally:
        wakes.close()
        await asyncio.to_thread(worker.end)
        server.close()

    assert started == [str(number) for number in range(100)]
    assert used["rpush"] <= 100
    assert used["blpop"] <= 110  # one more now and then, when nothing came for a second
    assert sum(used[name] for name in used if name not in ("info", "client|setinfo", "hello", "ping")) <= 220


async def test_a_moments_events_take_one_command_of_redis(redis_url: str) -> None:
    server = redis.Redis.from_url(redis_url)
    live = RemoteLive(redis_url)
    await live.emit("new_message", {"number": -1}, "desks", "/")
    await asyncio.sleep(0.1)
    before = commands(server)

    for number in range(50):
        await live.emit("new_message", {"number": number}, "desks", "/")
    await live.close()

    assert (commands(server) - before)["publish"] == 1
    server.close()
