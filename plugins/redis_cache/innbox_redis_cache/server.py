"""Asking Redis: one connection, everything that waits in one batch, and a failure that is certain and soon.

What is asked at once travels together. So a thousand callers need one connection and not a thousand, their commands
keep their order, and the deadline measures the server's silence rather than the length of our own queue.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from innbox_redis_cache.commands import Command

MAX_BATCH = 100  # what takes milliseconds to write and read, so that our own work is no part of the deadline

# Order matters: the first that fits names the error.
_CODES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((AuthenticationError, NoPermissionError), "auth"),
    ((BusyLoadingError,), "loading"),
    ((OutOfMemoryError,), "out_of_memory"),
    ((ReadOnlyError,), "read_only"),
    ((TimeoutError, RedisTimeoutError), "timeout"),
    ((RedisConnectionError, OSError), "connection"),
    ((RedisError,), "refused"),
)
# What a server says, older ones with a script's name in front, where the command does not fit what lies under the key.
_CALLERS_FAULT = ("WRONGTYPE", "value is not an integer", "increment or decrement would overflow")


class Gone(Exception):
    """The server did not do what it was asked, and will not do the next thing either; `code` says why, shortly."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Server:
    """A Redis server at `url`, which is gone when it is silent for `seconds`. Used in one event loop."""

    def __init__(self, url: str, seconds: float) -> None:
        self._seconds = seconds
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=2,
            timeout=seconds,
            protocol=2,
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0),
            client_name="innbox-cache",
        )
        pool.connection_kwargs["decode_responses"] = False  # whatever the URL says: values are bytes
        self._client = Redis.from_pool(pool)
        self._waiting: list[tuple[Command, asyncio.Future[Any]]] = []
        self._sender: asyncio.Task[None] | None = None
        self._closed = False

    async def ask(self, command: Command) -> Any:
        """Return the server's answer; raise `Gone`, or `ResponseError` where the command does not fit the key."""
        if self._closed:
            raise Gone("closed")
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, answer))
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_waiting())
        return await answer

    async def run(self, commands: Sequence[Command]) -> list[Any]:
        """Return the answers to a batch, a `ResponseError` among them where a command does not fit its key.

        Raises `Gone`; then nobody knows which of the commands were done.
        """
        try:
            async with asyncio.timeout(self._seconds), self._client.pipeline(transaction=False) as batch:
                for command in commands:
                    batch.execute_command(*command)
                answers = await batch.execute(raise_on_error=False)
        except Exception as error:
            raise Gone(_code_of(error)) from error
        for answer in answers:
            if isinstance(answer, Exception) and not _is_callers_fault(answer):
                raise Gone(_code_of(answer)) from answer
        return answers

    async def close(self) -> None:
        """Close the connection; who still waits hears that the server is gone."""
        self._closed = True
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.wait([self._sender])
        for _, answer in self._waiting:  # the sender may have ended before it began
            _settle(answer, Gone("closed"))
        try:
            async with asyncio.timeout(self._seconds):
                await self._client.aclose()
        except (RedisError, OSError):  # a frozen server does not say goodbye
            pass

    async def _send_waiting(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                await self._send(batch)
        finally:
            self._sender = None

    async def _send(self, batch: list[tuple[Command, asyncio.Future[Any]]]) -> None:
        try:
            answers = await self.run([command for command, _ in batch])
        except (Gone, asyncio.CancelledError) as error:
            code = error.code if isinstance(error, Gone) else "closed"
            batch, self._waiting = batch + self._waiting, []  # who came meanwhile need not wait out a silence too
            for _, future in batch:
                _settle(future, Gone(code))
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)


def _settle(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():  # the caller has given up
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _is_callers_fault(error: Exception) -> bool:
    return isinstance(error, ResponseError) and any(words in str(error) for words in _CALLERS_FAULT)


def _code_of(error: Exception) -> str:
    return next((code for kinds, code in _CODES if isinstance(error, kinds)), "garbage")
