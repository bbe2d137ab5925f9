"""The queue, on a real server: quick when it is there, harmless when it is not."""

import asyncio
import time
from typing import Any

import pytest

from innbox.metrics import Metrics
from innbox.pipeline.wakes import Step
from innbox.queue import QueueWakes, QueueWorker


async def test_a_wake_starts_a_step_in_an_idle_worker_at_once(redis_url: str) -> None:
    started: asyncio.Queue[tuple[float, Step, str]] = asyncio.Queue()
    worker = QueueWorker(redis_url, lambda step, key: started.put_nowait((time.monotonic(), step, key)), lambda: True)
    worker.begin()
    wakes = QueueWakes(redis_url, Metrics())
    try:
        wakes.wake(Step.ANSWER, "warm-up")
        async with asyncio.timeout(5):
            await started.get()
        delays = []
        for number in range(20):
            await asyncio.sleep(0.05)
            sent = time.monotonic()
            wakes.wake(Step.DELIVER if number % 2 else Step.ANSWER, str(number))
            async with asyncio.timeout(5):
                at, _, key = await started.get()
            assert key == str(number)
            delays.append(at - sent)
    finally:
        wakes.close()
        await asyncio.to_thread(worker.end)

    assert sorted(delays)[10] < 0.1


async def test_a_worker_without_room_takes_no_wake_until_it_has(redis_url: str) -> None:
    started: list[str] = []
    room = False
    worker = QueueWorker(redis_url, lambda step, key: started.append(key), lambda: room)
    worker.begin()
    wakes = QueueWakes(redis_url, Metrics())
    try:
        wakes.wake(Step.ANSWER, "one")
        await asyncio.sleep(0.5)
        assert started == []

        room = True
        async with asyncio.timeout(5):
            while not started:
                await asyncio.sleep(0.02)
    finally:
        wakes.close()
        await asyncio.to_thread(worker.end)


async def test_with_redis_gone_a_wake_is_counted_and_holds_nobody_up() -> None:
    metrics = Metrics()
    wakes = QueueWakes("redis://127.0.0.1:1/0", metrics)

    started = time.monotonic()
    wakes.wake(Step.ANSWER, "one")
    assert time.monotonic() - started < 0.05

    lost: dict[str, Any] = {}
    async with asyncio.timeout(5):
        while not (lost := metrics.take()):
            await asyncio.sleep(0.02)
    assert lost == {"innbox_wakes_lost": 1.0}
    wakes.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_worker_can_be_ended_while_redis_is_away() -> None:
    worker = QueueWorker("redis://127.0.0.1:1/0", lambda step, key: None, lambda: True)
    worker.begin()
    await asyncio.sleep(0.2)

    async with asyncio.timeout(10):
        await asyncio.to_thread(worker.end)
