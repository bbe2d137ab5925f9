"""Socket.IO's client managers: of one process, and of several over Redis, both with the fan-out of `innbox.fanout`.

Between processes, what is said within a moment travels in one message of Redis.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import socketio
import structlog
from redis.exceptions import RedisError

from innbox.fanout import FanOut

log = structlog.get_logger(__name__)

CHANNEL = "innbox"
TOGETHER = "together"  # the method of a message that holds several
MOST_TOGETHER = 200
MOST_WAITING = 10_000
SAID_SECONDS = 1.0
CONNECT_SECONDS = WRITE_SECONDS = 0.5  # a dead or frozen Redis holds us up no longer


class LocalManager(socketio.AsyncManager):
    """For a house of one process."""

    def __init__(self) -> None:
        super().__init__()
        self._fan_out = FanOut(self)

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **kwargs: Any,
    ) -> None:
        if callback is not None or isinstance(data, bytes):
            await super().emit(event, data, namespace, room, skip_sid, callback, to, **kwargs)
        else:
            self._fan_out.tell(event, _arguments(data), namespace, to or room, skip_sid)

    async def close(self) -> None:
        """There is nothing to close."""


class SharedManager(socketio.AsyncRedisManager):
    """For a house of several processes; `write_only` for those without sockets of their own."""

    def __init__(self, url: str, *, write_only: bool = False) -> None:
        options = {
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_timeout": WRITE_SECONDS if write_only else None,
        }
        super().__init__(url, channel=CHANNEL, write_only=write_only, redis_options=options)
        self._fan_out = FanOut(self)
        self._unsaid: list[dict[str, Any]] = []
        self._saying: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Say what has yet to be said, for a second at most, and leave Redis."""
        if self._saying is not None:
            await asyncio.wait([self._saying], timeout=SAID_SECONDS)
        listening = getattr(self, "thread", None)
        for task in (self._saying, listening):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        for connection in (self.pubsub, self.redis):
            if connection is not None:
                with contextlib.suppress(RedisError, OSError):
                    await connection.aclose()

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        if message.get("callback") is not None or message.get("binary"):
            await super()._handle_emit(message)
        else:
            self._fan_out.tell(
                message["event"], message["data"], message["namespace"], message["room"], message.get("skip_sid")
            )

    async def _publish(self, data: dict[str, Any]) -> None:
        """Take a message for the other processes; returns at once."""
        if len(self._unsaid) >= MOST_WAITING:
            log.warning("emit lost", method=data.get("method"))
            return
        self._unsaid.append(data)
        if self._saying is None or self._saying.done():
            self._saying = asyncio.create_task(self._say(), name="live")

    async def _say(self) -> None:
        while self._unsaid:
            together, self._unsaid = self._unsaid[:MOST_TOGETHER], self._unsaid[MOST_TOGETHER:]
            if len(together) == 1:
                await super()._publish(together[0])
            else:
                await super()._publish({"method": TOGETHER, "host_id": self.host_id, "messages": together})

    async def _listen(self) -> AsyncIterator[Any]:
        async for raw in super()._listen():
            try:
                message = json.loads(raw)
            except ValueError:
                continue
            if not isinstance(message, dict) or message.get("host_id") == self.host_id:
                continue  # our own words
            if message.get("method") == TOGETHER:
                for one in message["messages"]:
                    yield one
            else:
                yield message


def _arguments(data: Any) -> list[Any]:
    if data is None:
        return []
    return list(data) if isinstance(data, tuple) else [data]
