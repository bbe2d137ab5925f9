"""The live wire: one Socket.IO server in a web process, a voice over Redis in a worker, one way to emit."""

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import socketio


class Live(Protocol):
    """Something that can say `name` with `data` to a room of a namespace."""

    async def emit(self, name: str, data: Any, room: str | None, namespace: str) -> None: ...

    async def close(self) -> None:
        """Say what has yet to be said, for a second at most; nothing is said after it."""
        ...


class Silence:
    """For commands that have no desk to tell."""

    async def emit(self, name: str, data: Any, room: str | None, namespace: str) -> None:
        return None

    async def close(self) -> None:
        return None


class ServerLive:
    """In a web process: the Socket.IO server itself, which reaches other web processes over Redis."""

    def __init__(self, server: "socketio.AsyncServer") -> None:
        self._server = server

    async def emit(self, name: str, data: Any, room: str | None, namespace: str) -> None:
        await self._server.emit(name, data, room=room, namespace=namespace)

    async def close(self) -> None:
        await self._server.manager.close()


class RemoteLive:
    """In a worker: a write-only voice over Redis. With Redis gone what is said is lost, and desks ask for it."""

    def __init__(self, url: str) -> None:
        from innbox.live_manager import SharedManager  # slow to import, and most commands have no desk to tell

        self._manager = SharedManager(url, write_only=True)

    async def emit(self, name: str, data: Any, room: str | None, namespace: str) -> None:
        await self._manager.emit(name, data, namespace=namespace, room=room)

    async def close(self) -> None:
        await self._manager.close()
