"""What stands between the network and the routes: limits of size, time and origin, and headers for every page."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from innbox.errors import Refused
from innbox.http import BODY_LIMIT, MORE_TIME, BodySize, origin_allowed

if TYPE_CHECKING:
    from innbox.app import App

MAX_BODY = 64 * 1024  # bytes; webhooks and forms are far smaller
DRAIN_BYTES, DRAIN_SECONDS = 4 * 1024 * 1024, 1.0
REQUEST_SECONDS = 15.0
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


class SlowSenderProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which hangs up on a request that has not arrived whole after `REQUEST_SECONDS`, or the
    time that `innbox.allow_body` gave it."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm()

    def on_message_begin(self) -> None:
        self._disarm()
        self._arm()
        super().on_message_begin()
        self.scope[MORE_TIME] = self._allow  # type: ignore[literal-required]

    def on_message_complete(self) -> None:
        self._disarm()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._disarm()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def _allow(self, seconds: float) -> None:
        if self._deadline is not None:  # else it is here already
            self._disarm()
            self._arm(seconds)

    def _arm(self, seconds: float | None = None) -> None:
        self._deadline = self.loop.call_later(REQUEST_SECONDS if seconds is None else seconds, self._cut_off)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut_off(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class BodyLimit:
    """Refuses a body of more than `MAX_BODY` bytes, declared or not, when a route begins to read it; a route may allow
    more before it does (`innbox.allow_body`).

    The route sees `Refused` with the code `too_large`; where it does not answer itself, that is a 413. The answer
    leaves at once; what the client still sends is thrown away for a moment, so that it comes to read the answer.
    """

    def __init__(self, app: ASGIApp, max_body: int = MAX_BODY) -> None:
        self._app = app
        self._max = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = scope[BODY_LIMIT] = BodySize(self._max)
        declared, read, ended = _declared(scope), 0, False

        def refused() -> bool:
            return max(declared, read) > limit.most

        async def counting_receive() -> Message:
            nonlocal read, ended
            if not refused():
                message = await receive()
                read += len(message.get("body", b""))
                ended = not message.get("more_body", False)
                if not refused():
                    return message
            raise Refused(f"The request is larger than {_size(limit.most)}.", "too_large")

        async def patient_send(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if not (refused() and last) or ended:
                await send(message)
                return
            await send({**message, "more_body": True})
            await _drain(receive, max(DRAIN_BYTES, limit.most))
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self._app(scope, counting_receive, patient_send)


def _size(most: int) -> str:
    mega = 1024 * 1024
    return f"{most // mega} MB" if most >= mega else f"{most // 1024} KB"


def _declared(scope: Scope) -> int:
    declared = Headers(scope=scope).get("content-length", "0")
    return int(declared) if declared.isdigit() and len(declared) < 16 else 0


async def _drain(receive: Receive, most: int) -> None:
    """Read and forget a body until its end, `most` bytes or `DRAIN_SECONDS`."""
    read = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while read < most:
                message = await receive()
                read += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return


class OriginCheck:
    """Answers 403 to an unsafe request that a foreign page makes."""

    def __init__(self, app: ASGIApp, innbox: "App") -> None:
        self._app = app
        self._innbox = innbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            headers = Headers(scope=scope)
            foreign = not origin_allowed(self._innbox, headers.get("origin"), headers.get("host"))
            if foreign or headers.get("sec-fetch-site") == "cross-site":
                await JSONResponse({"error": "A foreign page may not do this."}, 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class SafeHeaders:
    """Adds the headers that every answer should carry, unless the route has set its own."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self._app = app
        self._headers: dict[str, Any] = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Content-Security-Policy": CONTENT_POLICY,
        }
        if https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def adding_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, adding_send if scope["type"] == "http" else send)
