"""A server's failures are certain, soon, and named."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.exceptions import ResponseError

from innbox.testing.cache_contract import FROZEN, GONE
from innbox.testing.services import free_port
from innbox_redis_cache.server import MAX_BATCH, Gone, Server

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk) -> AsyncIterator[str]:
    """A server that is none: it says what `talk` says."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except OSError:
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{listener.sockets[0].getsockname()[1]}/0"
    finally:
        listener.close()
        await listener.wait_closed()


@asynccontextmanager
async def asking(url: str, seconds: float = 0.25) -> AsyncIterator[Server]:
    server = Server(url, seconds)
    try:
        yield server
    finally:
        await server.close()


async def code_of(url: str) -> str:
    async with asking(url) as server:
        started = time.monotonic()
        with pytest.raises(Gone) as raised:
            await server.ask(("GET", b"key"))
        assert time.monotonic() - started < 1
        return raised.value.code


async def test_nobody_there_is_a_connection_error() -> None:
    assert await code_of(f"redis://127.0.0.1:{free_port()}/0") == "connection"


async def test_silence_is_a_timeout() -> None:
    async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(say_nothing) as url:
        assert await code_of(url) == "timeout"


async def test_a_dribbling_answer_is_a_timeout() -> None:
    async def dribble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _n in range(20):
            writer.write(b"+")
            await writer.drain()
            await asyncio.sleep(0.1)

    async with listening(dribble) as url:
        assert await code_of(url) == "timeout"


async def test_another_protocol_is_garbage_or_a_lost_connection() -> None:
    async def speak_http(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with listening(speak_http) as url:
        assert await code_of(url) in {"garbage", "refused", "connection"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (b"NOAUTH Authentication required.", "auth"),
        (b"NOPERM this user has no permissions", "auth"),
        (b"LOADING Redis is loading the dataset in memory", "loading"),
        (b"READONLY You can't write against a read only replica.", "read_only"),
        (b"OOM command not allowed when used memory > 'maxmemory'.", "out_of_memory"),
        (b"MISCONF Errors writing to the disk", "refused"),
        (b"ERR unknown command 'EVAL'", "refused"),
    ],
)
async def test_a_refusal_has_its_code(error: bytes, code: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(10_000):
            commands = said.count(b"*")
            handshake = b"CLIENT" in said or b"SELECT" in said
            writer.write((b"+OK\r\n" if handshake else b"-" + error + b"\r\n") * commands)
            await writer.drain()

    async with listening(refuse) as url:
        assert await code_of(url) == code


async def test_a_wrong_password_is_named(server: Any) -> None:
    assert await code_of(server.url.replace("redis://", "redis://:wrong@")) == "auth"


async def test_a_command_that_does_not_fit_its_key_fails_alone(server: Any) -> None:
    async with asking(server.url) as asked:
        await asked.ask(("SET", b"text", b"value"))

        results = await asyncio.gather(
            asked.ask(("HGETALL", b"text")),
            asked.ask(("INCRBY", b"text", 1)),
            asked.ask(("GET", b"text")),
            return_exceptions=True,
        )

    assert isinstance(results[0], ResponseError)
    assert isinstance(results[1], ResponseError)
    assert results[2] == b"value"


async def test_many_at_once_share_one_connection(server: Any) -> None:
    async with asking(server.url) as asked:
        answers = await asyncio.gather(*(asked.ask(("ECHO", str(n))) for n in range(3000)))
        connections = await asked.ask(("CLIENT", "LIST"))

    assert answers == [str(n).encode() for n in range(3000)]
    assert connections.count(b"name=innbox-cache") == 1


async def test_one_silence_is_enough_for_all_who_wait(server: Any) -> None:
    async with asking(server.url) as asked:
        await asked.ask(("PING",))
        await server.fail(FROZEN)

        started = time.monotonic()
        waiting = [asyncio.create_task(asked.ask(("PING",))) for _ in range(5 * MAX_BATCH)]
        await asyncio.wait(waiting)

        assert time.monotonic() - started < 0.6
        assert {str(task.exception()) for task in waiting} == {"timeout"}


async def test_who_waits_when_it_closes_hears_so(server: Any) -> None:
    async with asking(server.url, seconds=5) as asked:
        await asked.ask(("PING",))
        await server.fail(FROZEN)
        waiting = asyncio.create_task(asked.ask(("PING",)))
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(asked.close())
        with pytest.raises(Gone, match="closed"):
            await waiting
        await server.recover()
        await closing
        with pytest.raises(Gone, match="closed"):
            await asked.ask(("PING",))


async def test_who_has_only_just_asked_when_it_closes_hears_so(server: Any) -> None:
    async with asking(server.url) as asked:
        waiting = asyncio.create_task(asked.ask(("PING",)))
        closing = asyncio.create_task(asked.close())

        async with asyncio.timeout(2):
            with pytest.raises(Gone, match="closed"):
                await waiting
            await closing


async def test_a_restart_while_idle_is_not_noticed(server: Any) -> None:
    async with asking(server.url) as asked:
        await asked.ask(("PING",))
        await server.fail(GONE)
        await server.recover()
        await asyncio.sleep(0.05)

        assert await asked.ask(("ECHO", b"again")) == b"again"


@pytest.mark.parametrize("query", ["decode_responses=true", "protocol=3", "socket_timeout=60"])
async def test_what_a_url_adds_changes_no_promise(server: Any, query: str) -> None:
    async with asking(f"{server.url}?{query}") as asked:
        assert await asked.ask(("ECHO", b"value")) == b"value"
        await server.fail(FROZEN)
        started = time.monotonic()
        with pytest.raises(Gone):
            await asked.ask(("PING",))
        assert time.monotonic() - started < 1
