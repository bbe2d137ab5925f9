"""The live wire: one Socket.IO server in a web process, a voice over Redis in a worker, one way to emit."""

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import structlog

if TYPE_CHECKING:
    import socketio

log = structlog.get_logger(__name__)


class Live(Protocol):
    """Something that can say `name` with `data` to a room of a namespace."""

    async def emit(self, name: str, data: Any, room: str | None, namespace: str) -> None: ...


class Silence:
    """For commands that have no desk to tell."""

    async def emit(self, name: str, data: Any, room: str | None, namespace: str) -> None:
        return None


class ServerLive:
    """In a web process: the Socket.IO server itself, which reaches other web processes over Redis."""

    def __init__(self, server: "socketio.AsyncServer") -> None:
        self._server = server

    async def emit(self, name: str, data: Any, room: str | None, namespace: str) -> None:
        await self._server.emit(name, data, room=room, namespace=namespace)


class RemoteLive:
    """In a worker: a write-only voice over Redis. With Redis gone what is said is lost, and desks ask for it."""

    def __init__(self, url: str) -> None:
        self._manager = new_manager(url, write_only=True)

    async def emit(self, name: str, data: Any, room: str | None, namespace: str) -> None:
        async with asyncio.timeout(1.0):
            await self._manager.emit(name, data, namespace=namespace, room=room)


def new_manager(url: str, *, write_only: bool = False) -> "socketio.AsyncRedisManager":
    """Return Socket.IO's Redis manager with timeouts that keep a dead or frozen Redis from holding us up."""
    import socketio  # slow to import, and commands have no desk to tell

    options = {"socket_connect_timeout": 0.5, "socket_timeout": None if not write_only else 0.5}
    return socketio.AsyncRedisManager(url, channel="innbox", write_only=write_only, redis_options=options)
