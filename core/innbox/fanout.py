"""Fan-out: what is said to a room is encoded once, and written to each of its sockets once for all that came together.

Socket.IO's own way starts a task for every event and socket, and frames, perhaps deflates, and writes every packet for
each socket anew: with 200 desks, some 100 µs each. Here the events of a moment become one text of WebSocket frames,
which is the same for every socket (a server's frames are not masked), and each socket is given it whole.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import socketio
from engineio import packet as engineio_packet
from socketio import packet as socketio_packet
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

EXTENSION = "innbox.frames"  # in a scope's `extensions`: the server takes `Frames` whole
PAUSE_SECONDS_A_SOCKET = 0.0005
LONGEST_PAUSE_SECONDS = 0.1


class Frames(str):
    """Engine.IO packets in one text as the polling transport joins them; `wire` holds the same as WebSocket frames."""

    wire: bytes

    def __new__(cls, packets: list[str]) -> "Frames":
        frames = super().__new__(cls, "\x1e".join(packets))
        frames.wire = b"".join(Frame(Opcode.TEXT, packet.encode()).serialize(mask=False) for packet in packets)
        return frames

    def packets(self) -> list[str]:
        """Return the packets one by one."""
        return self.split("\x1e")  # JSON escapes that character, so no packet holds it


class FanOut:
    """Tells rooms of events. The first event of a quiet house leaves at once; while many come, those of a moment leave
    together, after half a millisecond for each socket reached, a tenth of a second at most."""

    def __init__(self, manager: socketio.AsyncManager) -> None:
        self._manager = manager
        self._waiting: dict[str, list[str]] = {}  # Engine.IO's id of a socket -> packets
        self._flush: asyncio.Handle | None = None
        self._free_at = 0.0

    def tell(self, event: str, arguments: list[Any], namespace: str, room: Any, skip_sid: Any = None) -> None:
        """Give an event to all sockets that are in a room of this process now. Returns at once."""
        sockets = list(self._sockets_in(namespace, room, skip_sid))
        if not sockets:
            return  # nobody looks: nothing is encoded
        packet_class = self._manager.server.packet_class
        packet = packet_class(socketio_packet.EVENT, namespace=namespace, data=[event, *arguments]).encode()
        text = f"{engineio_packet.MESSAGE}{packet}"
        for socket in sockets:
            self._waiting.setdefault(socket, []).append(text)
        if self._flush is None:
            loop = asyncio.get_running_loop()
            self._flush = loop.call_at(max(self._free_at, loop.time()), self._send_waiting)

    def _sockets_in(self, namespace: str, room: Any, skip_sid: Any) -> Iterator[str]:
        skipped = skip_sid if isinstance(skip_sid, list) else [skip_sid]
        for sid, socket in self._manager.get_participants(namespace, room):
            if sid not in skipped:
                yield socket

    def _send_waiting(self) -> None:
        waiting, self._waiting, self._flush = self._waiting, {}, None
        pause = min(len(waiting) * PAUSE_SECONDS_A_SOCKET, LONGEST_PAUSE_SECONDS)
        self._free_at = asyncio.get_running_loop().time() + pause
        open_sockets: Mapping[str, Any] = self._manager.server.eio.sockets
        ready: dict[tuple[str, ...], _Ready] = {}
        for socket, packets in waiting.items():
            connection = open_sockets.get(socket)
            if connection is not None and not connection.closed:
                key = tuple(packets)
                if key not in ready:
                    ready[key] = _Ready(packets)
                connection.queue.put_nowait(ready[key])


class _Ready(engineio_packet.Packet):
    """Packets that are encoded already, in a socket's queue like any other."""

    def __init__(self, packets: list[str]) -> None:
        super().__init__(engineio_packet.MESSAGE)
        self._frames = Frames(packets)

    def encode(self, b64: bool = False) -> Frames:
        return self._frames


class FramesProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which writes `Frames` as they are."""

    async def run_asgi(self) -> None:
        self.scope["extensions"][EXTENSION] = {}
        await super().run_asgi()

    async def send(self, message: Any) -> None:
        frames = message.get("text")
        if not isinstance(frames, Frames) or not self.handshake_complete or self.close_sent:
            await super().send(message)
            return
        await self.writable.wait()
        if self.disconnected:
            raise ClientDisconnected
        self.transport.write(frames.wire)


class LiveASGI(socketio.ASGIApp):
    """Socket.IO's ASGI app; servers that do not know `Frames` get packet by packet."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def unpacking_send(message: Message) -> None:
            frames = message.get("text")
            if not isinstance(frames, Frames):
                await send(message)
                return
            for packet in frames.packets():
                await send({**message, "text": packet})

        knows_frames = scope["type"] != "websocket" or EXTENSION in scope.get("extensions", {})
        await super().__call__(scope, receive, send if knows_frames else unpacking_send)
