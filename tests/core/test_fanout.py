"""What is said to a room: at every socket, in order, encoded once, over either transport and with any server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import socketio
import uvicorn

from innbox.fanout import Frames, FramesProtocol, LiveASGI
from innbox.live import RemoteLive
from innbox.live_manager import LocalManager, SharedManager
from innbox.testing.services import free_port

Heard = list[tuple[str, Any]]


class Rooms(socketio.AsyncNamespace):
    """Puts every socket into one room."""

    async def on_connect(self, sid: str, environ: Any) -> None:
        await self.enter_room(sid, "desks")


@asynccontextmanager
async def serving(manager: Any, protocol: Any) -> AsyncIterator[tuple[str, socketio.AsyncServer]]:
    # a client that polls leaves with its last poll, which ends when no ping comes
    server = socketio.AsyncServer(
        async_mode="asgi", client_manager=manager, namespaces=[], ping_interval=2, ping_timeout=1
    )
    server.register_namespace(Rooms("/"))
    port = free_port()
    config = uvicorn.Config(
        LiveASGI(server), "127.0.0.1", port, ws=protocol, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    web = uvicorn.Server(config)
    task = asyncio.create_task(web.serve())
    while not web.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}", server
    finally:
        web.should_exit = True
        await task
        await manager.close()


@asynccontextmanager
async def listening(url: str, transport: str = "websocket") -> AsyncIterator[Heard]:
    heard: Heard = []
    client = socketio.AsyncClient()
    client.on("*", lambda event, data: heard.append((event, data)))
    await client.connect(url, transports=[transport])
    try:
        yield heard
    finally:
        await client.disconnect()


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not what():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("protocol", [FramesProtocol, "websockets-sansio"], ids=["ours", "any"])
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_every_socket_of_a_room_hears_everything_in_order(protocol: Any, transport: str) -> None:
    said = [("new_message", {"text": f"\x1e “Olá” {number}"}) for number in range(15)]
    async with (
        serving(LocalManager(), protocol) as (url, server),
        listening(url) as one,
        listening(url, transport) as two,
    ):
        for event, data in said:
            await server.emit(event, data, room="desks")

        await until(lambda: len(one) == len(two) == 15)

    assert one == two == said


async def test_what_comes_together_is_encoded_once_and_written_once_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []
    made: list[Frames] = []
    send, new = FramesProtocol.send, Frames.__new__

    async def counting_send(self: Any, message: Any) -> None:
        if isinstance(message.get("text"), Frames):
            written.append(message["text"])
        await send(self, message)

    def counting_new(cls: Any, packets: list[str]) -> Frames:
        made.append(new(cls, packets))
        return made[-1]

    monkeypatch.setattr(FramesProtocol, "send", counting_send)
    monkeypatch.setattr(Frames, "__new__", counting_new)
    async with serving(LocalManager(), FramesProtocol) as (url, server), listening(url) as one, listening(url) as two:
        for number in range(50):
            await server.emit("new_message", {"number": number}, room="desks")
        await until(lambda: len(one) == len(two) == 50)

    assert len(made) == 1
    assert written == [made[0], made[0]]


async def test_nothing_is_encoded_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(LocalManager(), FramesProtocol) as (_, server):
        monkeypatch.setattr(server, "packet_class", None)  # whoever encodes, fails

        await server.emit("new_message", {"number": 1}, room="desks")


async def test_workers_words_travel_together_and_are_heard_at_every_web_process(redis_url: str) -> None:
    published: list[Any] = []

    class Counting(SharedManager):
        async def _listen(self) -> AsyncIterator[Any]:
            async for message in super()._listen():
                published.append(message)
                yield message

    one_web, other_web = Counting(redis_url), SharedManager(redis_url)
    async with (
        serving(one_web, FramesProtocol) as (url, server),
        serving(other_web, FramesProtocol) as (other_url, _),
        listening(url) as here,
        listening(other_url) as there,
    ):
        await asyncio.sleep(0.3)  # until both have subscribed
        worker = RemoteLive(redis_url)
        for number in range(20):
            await worker.emit("new_message", {"number": number}, "desks", "/")
        await worker.close()
        await until(lambda: len(here) == len(there) == 20)
        await server.emit("conversation_update", {"id": "c"}, room="desks")
        await until(lambda: len(there) == 21 and len(here) == 21)

    assert [data["number"] for _, data in there[:20]] == list(range(20))
    assert here == there
    assert len(published) == 20, "a process does not hear its own words again"


async def test_with_redis_gone_nobody_is_held_up() -> None:
    worker = RemoteLive("redis://127.0.0.1:1/0")

    async with asyncio.timeout(0.2):
        for number in range(100):
            await worker.emit("new_message", {"number": number}, "desks", "/")

    await worker.close()
