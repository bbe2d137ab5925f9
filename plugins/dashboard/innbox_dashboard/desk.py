"""The desk's side of Socket.IO: who may connect, what they may ask, and the answer to each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from socketio import AsyncNamespace
from socketio.exceptions import ConnectionRefusedError
from starlette.requests import HTTPConnection

from innbox import App, Changed, Conflict, NotFound, Refused, StoreUnavailable, User, origin_allowed
from innbox_dashboard.bucket import Bucket
from innbox_dashboard.payloads import OfConversation, Payload, Since, Written, parse
from innbox_dashboard.presence import Presence, room_of
from innbox_dashboard.session import Sessions

log = structlog.get_logger(__name__)

SYNC_LIMIT = 500
CHECKS_AT_ONCE = 8

Ack = dict[str, Any]


@dataclass(eq=False, slots=True)
class Socket:
    """One open desk: its session's token, who that is, and how fast it may speak."""

    sid: str
    token: str
    user: User
    bucket: Bucket = field(default_factory=Bucket)
    in_order: asyncio.Lock = field(default_factory=asyncio.Lock)
    hotels_of: dict[str, str] = field(default_factory=dict)  # conversations asked about before, and their hotels


Handler = Callable[[Socket, Any], Awaitable[Ack]]


class DeskNamespace(AsyncNamespace):
    """The default namespace. Every event is acknowledged with `{ok: true, …}` or `{ok: false, error}`."""

    def __init__(self, app: App, sessions: Sessions) -> None:
        super().__init__("/")
        self._app = app
        self._sessions = sessions
        self._sockets: dict[str, Socket] = {}
        self.presence = Presence(app)
        self._closing: set[asyncio.Task[None]] = set()
        self._handlers: Mapping[str, tuple[type[Payload], Handler]] = {
            "join_conversation": (OfConversation, self._join),
            "leave_conversation": (OfConversation, self._leave),
            "agent_message": (Written, self._in_order(self._reply)),
            "agent_note": (Written, self._in_order(self._note)),
            "take_over": (OfConversation, self._in_order(self._change(app.staff.take_over))),
            "return_to_bot": (OfConversation, self._in_order(self._change(app.staff.return_to_bot))),
            "resolve": (OfConversation, self._in_order(self._change(app.staff.resolve))),
            "mark_read": (OfConversation, self._in_order(self._change(app.staff.mark_read))),
            "typing": (OfConversation, self._typing),
            "sync": (Since, self._sync),
        }

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

    def _in_order(self, handle: Handler) -> Handler:
        """One socket's changes are made one after the other, as they were asked for."""

        async def ordered(socket: Socket, payload: Any) -> Ack:
            async with socket.in_order:
                return await handle(socket, payload)

        return ordered

    def _change(self, action: Callable[[User, str], Awaitable[Changed]]) -> Handler:
        async def change(socket: Socket, payload: OfConversation) -> Ack:
            return _changed(await action(socket.user, payload.conversation_id))

        return change

    async def _join(self, socket: Socket, payload: OfConversation) -> Ack:
        self.presence.view(socket.sid, await self._hotel(socket, payload.conversation_id), payload.conversation_id)
        return {}

    async def _leave(self, socket: Socket, payload: OfConversation) -> Ack:
        await self._hotel(socket, payload.conversation_id)
        self.presence.look_away(socket.sid, payload.conversation_id)
        return {}

    async def _typing(self, socket: Socket, payload: OfConversation) -> Ack:
        self.presence.write(socket.sid, await self._hotel(socket, payload.conversation_id), payload.conversation_id)
        return {}

    async def _reply(self, socket: Socket, payload: Written) -> Ack:
        changed = await self._app.staff.reply(socket.user, payload.conversation_id, payload.text, payload.client_id)
        self.presence.stop_writing(socket.sid)
        return _written(changed)

    async def _note(self, socket: Socket, payload: Written) -> Ack:
        changed = await self._app.staff.note(socket.user, payload.conversation_id, payload.text, payload.client_id)
        self.presence.stop_writing(socket.sid)
        return _written(changed)

    async def _sync(self, socket: Socket, payload: Since) -> Ack:
        page = await self._app.store.events_since(payload.since, socket.user.hotels, SYNC_LIMIT)
        return {
            "events": [event.as_json() for event in page.events],
            "last_event": page.last_event,
            "more": page.more,
        }

    async def _hotel(self, socket: Socket, conversation_id: str) -> str:
        """Return a conversation's hotel, which never changes; `NotFound` where the user may not see it."""
        hotel = socket.hotels_of.get(conversation_id)
        if hotel is None:
            conversation = await self._app.store.conversation(conversation_id)
            hotel = conversation.hotel if conversation else None
        if hotel is None or not socket.user.may_see(hotel):
            raise NotFound("There is no such conversation.")
        socket.hotels_of[conversation_id] = hotel
        return hotel


def _no(error: str) -> Ack:
    return {"ok": False, "error": error}


def _changed(changed: Changed) -> Ack:
    return {"conversation": changed.conversation.as_json()}


def _written(changed: Changed) -> Ack:
    """`message` is the first one that the text became, `messages` all its parts."""
    messages = [message.as_json() for message in changed.messages]
    return {**_changed(changed), "message": messages[0] if messages else None, "messages": messages}
