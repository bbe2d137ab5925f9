"""The desk's side of Socket.IO: who may connect, what they may ask, and the answer to each."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from socketio import AsyncNamespace
from socketio.exceptions import ConnectionRefusedError
from starlette.requests import HTTPConnection

from innbox import App, Conflict, NotFound, Refused, StoreUnavailable, User, origin_allowed
from innbox_dashboard.handlers import Handlers
from innbox_dashboard.payloads import parse
from innbox_dashboard.presence import Presence, room_of
from innbox_dashboard.session import Sessions
from innbox_dashboard.sockets import Ack, Socket

log = structlog.get_logger(__name__)

CHECKS_AT_ONCE = 8


class DeskNamespace(AsyncNamespace):
    """The default namespace. Every event is acknowledged with `{ok: true, …}` or `{ok: false, error}`."""

    def __init__(self, app: App, sessions: Sessions) -> None:
        super().__init__("/")
        self._app = app
        self._sessions = sessions
        self._sockets: dict[str, Socket] = {}
        self.presence = Presence(app)
        self._closing: set[asyncio.Task[None]] = set()
        self._handlers = Handlers(app, self.presence).table

    async def trigger_event(self, event: Any, sid: str, *arguments: Any) -> Ack | None:
        """Deal with what Socket.IO tells. A client may name its own events `connect` and `disconnect`, so the state of
        the socket says whether it is the real one."""
        manager = self.server.manager
        if event == "connect" and manager.is_pre_connected(sid, self.namespace):
            await self._connected(sid, arguments[0])
            return None
        if event == "disconnect" and not manager.is_connected(sid, self.namespace):
            self._disconnected(sid)
            return None
        return await self._asked(event, sid, arguments)

    async def check_sessions(self) -> None:
        """Close the desks whose session has ended, and follow changes of what the others may see.

        One query a session, however many desks it has open; with the store away, nobody is thrown out.
        """
        at_once = asyncio.Semaphore(CHECKS_AT_ONCE)

        async def check(token: str) -> None:
            async with at_once:
                try:
                    user = await self._app.accounts.user_of(token)
                except StoreUnavailable:
                    return
            await (self._close(token) if user is None else self._follow(token, user))

        await asyncio.gather(*(check(token) for token in {socket.token for socket in self._sockets.values()}))

    def session_ended(self, token: str) -> None:
        """Close a session's desks in this process at once; other processes find out by `check_sessions`."""
        task = asyncio.create_task(self._close(token))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    # connecting

    async def _connected(self, sid: str, environ: Mapping[str, Any]) -> None:
        connection = HTTPConnection(environ["asgi.scope"])
        if not origin_allowed(self._app, connection.headers.get("origin"), connection.headers.get("host")):
            raise ConnectionRefusedError("This page may not connect here.")
        token = self._sessions.token(connection)
        try:
            user = await self._app.accounts.user_of(token)
        except StoreUnavailable:
            raise ConnectionRefusedError("The store does not answer. Please try again in a moment.") from None
        if token is None or user is None:
            raise ConnectionRefusedError("Please sign in.")
        if self.server.get_environ(sid, self.namespace) is None:
            raise ConnectionRefusedError("Gone already.")  # Socket.IO tells of no disconnect before the connect ends
        self._sockets[sid] = Socket(sid, token, user)
        hotels = self._hotels_of(user)
        for hotel in hotels:
            await self.enter_room(sid, room_of(hotel))
        self.presence.arrive(sid, user.name, hotels)

    def _disconnected(self, sid: str) -> None:
        if self._sockets.pop(sid, None) is not None:
            self.presence.leave(sid)

    def _hotels_of(self, user: User) -> set[str]:
        return {hotel for hotel in self._app.hotels if user.may_see(hotel)}

    async def _close(self, token: str) -> None:
        for socket in [socket for socket in self._sockets.values() if socket.token == token]:
            await self.disconnect(socket.sid)

    async def _follow(self, token: str, user: User) -> None:
        hotels = self._hotels_of(user)
        for socket in [socket for socket in self._sockets.values() if socket.token == token]:
            before, socket.user = self._hotels_of(socket.user), user
            if hotels == before:
                continue
            for hotel in before - hotels:
                await self.leave_room(socket.sid, room_of(hotel))
            for hotel in hotels - before:
                await self.enter_room(socket.sid, room_of(hotel))
            self.presence.leave(socket.sid)
            self.presence.arrive(socket.sid, user.name, hotels)

    # asking

    async def _asked(self, event: Any, sid: str, arguments: tuple[Any, ...]) -> Ack:
        socket = self._sockets.get(sid)
        if socket is None:
            return _no("not connected")
        if not socket.bucket.take():
            return _no("too fast")
        if not isinstance(event, str) or event not in self._handlers:
            return _no("unknown event")
        model, handle = self._handlers[event]
        try:
            return {"ok": True, **await handle(socket, parse(model, arguments))}
        except NotFound:
            return _no("not found")
        except Refused as refused:
            return {**_no(str(refused)), "code": refused.code}
        except Conflict as conflict:
            return {**_no(str(conflict)), "code": "conflict"}
        except StoreUnavailable:
            return {**_no("The store does not answer. Please try again in a moment."), "code": "unavailable"}
        except Exception as error:
            log.error("desk event failed", event_name=event, user=socket.user.name, error=type(error).__name__)
            return _no("Something went wrong here. Please try again.")


def _no(error: str) -> Ack:
    return {"ok": False, "error": error}
