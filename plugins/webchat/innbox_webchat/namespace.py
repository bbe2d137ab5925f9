"""The guests' socket: `/webchat`. Nothing is stored until a guest writes."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from unicodedata import category

import socketio
import structlog
from socketio.exceptions import ConnectionRefusedError as Refusal
from starlette.requests import HTTPConnection

from innbox import (
    Address,
    App,
    DeliveryStatus,
    Direction,
    Inbound,
    InnboxError,
    Refused,
    StatusReport,
    StoreUnavailable,
    Throttled,
    client_address,
)
from innbox_webchat.limits import Limits
from innbox_webchat.settings import WebChatSettings
from innbox_webchat.tokens import Tokens
from innbox_webchat.transcript import CHANNEL, NAMESPACE, guest_json, newest, provider_id, room_of

log = structlog.get_logger(__name__)

MAX_CLIENT_ID_CHARS = 100
LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8}){0,4}")  # the common part of BCP 47

# What a guest may have seen without our having heard of it.
_UNREAD = frozenset({DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN, DeliveryStatus.SENT, DeliveryStatus.DELIVERED})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is at the other end of a socket."""

    hotel: str
    handle: str
    address: str
    language: str | None


Answer = dict[str, Any]
Handler = Callable[[Visitor, Mapping[str, Any]], Awaitable[Answer]]


class GuestNamespace(socketio.AsyncNamespace):
    """Takes guests' messages, tells a returning guest what was said, and hears what was read."""

    def __init__(self, app: App, settings: WebChatSettings, tokens: Tokens, limits: Limits) -> None:
        super().__init__(NAMESPACE)
        self._app = app
        self._settings = settings
        self._tokens = tokens
        self._limits = limits
        self._welcomes: set[asyncio.Task[None]] = set()  # held here, or they might be collected before they ran
        self._handlers: Mapping[str, Handler] = {
            "user_message": self.user_message,
            "sync": self.sync,
            "read": self.read,
        }

    async def trigger_event(self, event: str, *args: Any) -> Any:
        """Hand a connection to `on_connect`, and answer every other event, whatever it carries."""
        if event == "connect" and self._is_connection(*args):
            return await super().trigger_event(event, *args)
        handler = self._handlers.get(event)
        visitor = await self._visitor(args[0])
        data = args[1] if len(args) > 1 and isinstance(args[1], dict) else {}
        if handler is None or visitor is None:
            return _failed("There is no such request.", "unknown")
        return await _answered(handler, visitor, data)

    async def on_connect(self, sid: str, environ: Mapping[str, Any], auth: Any = None) -> None:
        """Let a guest in, or refuse with a reason and a `code`: `unknown_hotel`, `too_fast` or `unavailable`."""
        auth = auth if isinstance(auth, dict) else {}
        hotel = auth.get("hotel")
        if not isinstance(hotel, str) or hotel not in self._app.hotels:
            raise Refusal("There is no such hotel.", {"code": "unknown_hotel"})
        address = client_address(HTTPConnection(environ["asgi.scope"]))
        known = self._tokens.admit(hotel, auth.get("token"))
        visitor = Visitor(hotel, known.handle, address, _language(auth.get("language")))
        try:
            await (self._limits.new_guest(address) if known.new else self._limits.connect(known.handle))
            # The room first: a message that comes while the history is read is then seen twice rather than never.
            await self.enter_room(sid, room_of(visitor.handle))
            await self.save_session(sid, {"visitor": visitor})
            messages = [] if known.new else await self._history(visitor)
        except InnboxError as error:
            failed = _failure(error)
            raise Refusal(failed.pop("error"), failed) from None
        # Started here, it runs after the connection has been confirmed: a client may then answer at once.
        task = asyncio.create_task(self._welcome(sid, known.token, messages))
        self._welcomes.add(task)
        task.add_done_callback(self._welcomes.discard)

    async def user_message(self, visitor: Visitor, data: Mapping[str, Any]) -> Answer:
        """Take in a guest's message: `{ok: true, message}`. A `client_id` seen before stores nothing and is answered
        like the first time."""
        await self._limits.message(visitor.handle, visitor.address)
        text = self._checked_text(data.get("text"))
        client_id = _checked_client_id(data.get("client_id"))
        ingested = await self._app.ingest(
            Inbound(
                hotel=visitor.hotel,
                address=Address(CHANNEL, visitor.handle),
                provider_id=provider_id(visitor.handle, client_id),
                text=text,
                language=visitor.language,
                raw={"text": text, "client_id": client_id},
            )
        )
        shown = guest_json(self._app, ingested.message)
        if not ingested.duplicate:
            await self._tell(visitor, "new_message", shown)
            if ingested.answer_at is not None:
                await self._tell(visitor, "typing", {"author": "bot"})
        return {"ok": True, "message": shown}

    async def sync(self, visitor: Visitor, data: Mapping[str, Any]) -> Answer:
        """Tell again what was said, for a page that may have missed something: `{ok: true, messages}`."""
        await self._limits.request(visitor.handle)
        return {"ok": True, "messages": await self._history(visitor)}

    async def read(self, visitor: Visitor, data: Mapping[str, Any]) -> Answer:
        """Hear that the guest has seen everything up to `seq`, and report it for the ticks at the desk."""
        await self._limits.request(visitor.handle)
        seq = data.get("seq")
        if not isinstance(seq, int) or isinstance(seq, bool):
            raise Refused("seq must be a number.", "invalid")
        for message in await newest(self._app, visitor.hotel, visitor.handle, self._settings.history):
            if message.direction is Direction.OUT and message.seq <= seq and message.status in _UNREAD:
                await self._app.report_status(StatusReport(CHANNEL, DeliveryStatus.READ, message_id=message.id))
        return {"ok": True}

    def _is_connection(self, sid: str, environ: object = None, *rest: object) -> bool:
        """Tell the server's own `connect` from an event of that name that a client sends, with what it likes in it."""
        return environ is not None and environ is self.server.get_environ(sid, self.namespace)

    async def _welcome(self, sid: str, token: str, messages: list[dict[str, Any]]) -> None:
        await self.emit("welcome", {"token": token, "messages": messages}, to=sid)

    async def _history(self, visitor: Visitor) -> list[dict[str, Any]]:
        messages = await newest(self._app, visitor.hotel, visitor.handle, self._settings.history)
        return [guest_json(self._app, message) for message in messages]

    async def _tell(self, visitor: Visitor, name: str, data: Mapping[str, Any]) -> None:
        """Say something to all tabs of a guest."""
        await self._app.emit(name, data, room=room_of(visitor.handle), namespace=NAMESPACE)

    async def _visitor(self, sid: str) -> Visitor | None:
        try:
            session = await self.get_session(sid)
        except KeyError:  # the socket has closed meanwhile
            return None
        visitor = session.get("visitor")
        return visitor if isinstance(visitor, Visitor) else None

    def _checked_text(self, text: object) -> str:
        if not isinstance(text, str):
            raise Refused("text is missing, or is no text.", "invalid")
        if len(text) > self._settings.message_max_chars:
            raise Refused(f"A message has at most {self._settings.message_max_chars} characters.", "too_long")
        if _is_blank(text):
            raise Refused("The message is empty.", "empty")
        return text.strip()


def _checked_client_id(client_id: object) -> str:
    if not isinstance(client_id, str) or not client_id or not client_id.isprintable():
        raise Refused("client_id is missing, or is no text.", "invalid")
    if len(client_id) > MAX_CLIENT_ID_CHARS:
        raise Refused(f"client_id has at most {MAX_CLIENT_ID_CHARS} characters.", "invalid")
    return client_id


def _is_blank(text: str) -> bool:
    """Say whether a text shows nothing: only spaces, controls and zero-width characters."""
    return all(category(character)[0] in "CZ" for character in text)


def _language(text: object) -> str | None:
    """Return the first part of a browser's language (`pt` of `pt-BR`); None where it is none."""
    match = LANGUAGE.fullmatch(text) if isinstance(text, str) else None
    return match.group(1).lower() if match else None


async def _answered(handler: Handler, visitor: Visitor, data: Mapping[str, Any]) -> Answer:
    try:
        return await handler(visitor, data)
    except InnboxError as error:
        return _failure(error)
    except Exception as error:  # a page without an answer would wait for ever
        log.error("guest request failed", handle=visitor.handle, error=type(error).__name__)
        return _failed("Something went wrong. Please try again.", "unavailable")


def _failure(error: InnboxError) -> Answer:
    """Return what a page is told of an error. `code` is for the page, which has texts of its own."""
    if isinstance(error, Throttled):
        return {**_failed(str(error), "too_fast"), "retry_after": round(error.retry_after, 1)}
    if isinstance(error, StoreUnavailable):
        return _failed("The chat cannot be reached just now. Please try again in a moment.", "unavailable")
    return _failed(str(error), error.code if isinstance(error, Refused) else "refused")


def _failed(text: str, code: str) -> Answer:
    return {"ok": False, "error": text, "code": code}
