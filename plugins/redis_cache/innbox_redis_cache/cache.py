"""The cache: asks Redis, and remembers in this process while Redis is gone."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import structlog
from redis.exceptions import ResponseError

from innbox import MemoryCache
from innbox_redis_cache.commands import Command, Commands, read_members
from innbox_redis_cache.server import MAX_BATCH, Gone, Server

log = structlog.get_logger(__name__)

T = TypeVar("T")

PROBE_SECONDS = 1.0
MAX_MISSED = 5_000

# The command of a write that has so many seconds left; with none, it takes away what is there.
Write = Callable[[float], Command]


class RedisBackedCache:
    """Implements the Cache port on a server and, while it is gone, in memory.

    The first failure begins an outage: from then on callers are answered from memory at once, and a task of our own
    tries the server every `PROBE_SECONDS`. When it is back it is told what it missed, in order; so counters go on and
    nothing that was deleted or replaced comes back. A write whose outcome is unknown is
    told again: a counter may then have counted it twice. Each failure is told to `count` by its code.
    """

    def __init__(self, server: Server, commands: Commands, count: Callable[[str], None]) -> None:
        self._server = server
        self._commands = commands
        self._count = count
        self._memory = MemoryCache()
        self._missed: deque[tuple[float, Write]] = deque()
        self._outage: asyncio.Task[None] | None = None

    async def get(self, key: str) -> bytes | None:
        return await self._read(self._commands.get(key), bytes_or_none, lambda memory: memory.get(key))

    async def set(self, key: str, value: bytes, ttl: float) -> None:
        await self._write(
            lambda left: self._commands.set(key, value, left), nothing, lambda memory: memory.set(key, value, ttl), ttl
        )

    async def delete(self, key: str) -> None:
        await self._write(lambda _: self._commands.delete(key), nothing, lambda memory: memory.delete(key), 0.0)

    async def add(self, key: str, amount: int, ttl: float) -> int:
        return await self._write(
            lambda left: self._commands.add(key, amount, left), int, lambda memory: memory.add(key, amount, ttl), ttl
        )

    async def time_left(self, key: str) -> float:
        return await self._read(self._commands.time_left(key), seconds, lambda memory: memory.time_left(key))

    async def put_member(self, group: str, member: str, value: bytes, ttl: float) -> None:
        await self._write(
            lambda left: self._commands.put_member(group, member, value, left),
            nothing,
            lambda memory: memory.put_member(group, member, value, ttl),
            ttl,
        )

    async def remove_member(self, group: str, member: str) -> None:
        await self._write(
            lambda _: self._commands.remove_member(group, member),
            nothing,
            lambda memory: memory.remove_member(group, member),
            0.0,
        )

    async def members(self, group: str) -> Mapping[str, bytes]:
        return await self._read(self._commands.members(group), read_members, lambda memory: memory.members(group))

    async def close(self) -> None:
        """End the watch over an outage and close the connection. Who asks later is answered from memory."""
        if self._outage is not None:
            self._outage.cancel()
            await asyncio.wait([self._outage])
        await self._server.close()

    async def _read(
        self, command: Command, read: Callable[[Any], T], remember: Callable[[MemoryCache], Awaitable[T]]
    ) -> T:
        if self._outage is None:
            try:
                return read(await self._server.ask(command))
            except (Gone, ResponseError) as error:
                self._failed(error)
        return await remember(self._memory)

    async def _write(
        self, write: Write, read: Callable[[Any], T], remember: Callable[[MemoryCache], Awaitable[T]], ttl: float
    ) -> T:
        if self._outage is None:
            try:
                return read(await self._server.ask(write(ttl)))
            except Gone as error:
                self._failed(error)
            except ResponseError as error:
                self._failed(error)
                return await remember(self._memory)
        self._note(time.monotonic() + ttl, write)
        return await remember(self._memory)

    def _failed(self, error: Gone | ResponseError) -> None:
        if not isinstance(error, Gone):
            self._count("wrong_type")
            return
        if error.code == "closed":
            return
        self._count(error.code)
        if self._outage is None:
            log.warning("redis is gone, remembering in this process", code=error.code)
            self._outage = asyncio.create_task(self._watch())

    def _note(self, ends: float, write: Write) -> None:
        self._missed.append((ends, write))
        if len(self._missed) > MAX_MISSED:
            self._missed.popleft()

    async def _watch(self) -> None:
        """Wait until the server is back and knows what it missed; then the memory has done its service."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            try:
                await self._server.run([("PING",)])
                while self._missed:
                    await self._tell_missed()
            except Gone as error:
                self._count(error.code)
            else:
                break
        self._memory = MemoryCache()
        self._outage = None
        log.info("redis is back", seconds=round(time.monotonic() - began, 1))

    async def _tell_missed(self) -> None:
        batch = [self._missed.popleft() for _ in range(min(MAX_BATCH, len(self._missed)))]
        now = time.monotonic()
        try:
            await self._server.run([write(ends - now) for ends, write in batch])
        except BaseException:
            self._missed.extendleft(reversed(batch))
            raise


def bytes_or_none(answer: Any) -> bytes | None:
    return None if answer is None else bytes(answer)


def seconds(milliseconds: Any) -> float:
    """Return what PTTL said; it says -2 where there is no key and -1 where the key has no end."""
    return max(float(milliseconds) / 1000, 0.0)


def nothing(_: Any) -> None:
    return None
