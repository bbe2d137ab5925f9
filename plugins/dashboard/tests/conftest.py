"""A small house for the dashboard's tests: two hotels, three members of staff, and a core that keeps all in memory."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import socketio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from innbox import (
    MOST_COUNTED,
    AuditEntry,
    Author,
    AuthorKind,
    BotMode,
    CannedReply,
    Changed,
    Conflict,
    Conversation,
    ConversationStatus,
    DeliveryStatus,
    Direction,
    Event,
    EventName,
    EventPage,
    Figures,
    Guest,
    GuestFact,
    GuestRecord,
    HandledBy,
    HistoryPage,
    InboxPage,
    InboxQuery,
    MediaContent,
    MemoryCache,
    Message,
    NotFound,
    Panel,
    Refused,
    Scheduled,
    StoreUnavailable,
    TemplateOffer,
    Throttled,
    TurnFacts,
    User,
    ViewQuery,
    new_id,
    now,
)
from innbox_dashboard import Dashboard
from innbox_dashboard.config import DashboardSettings

PASSWORD = "correct horse"
CHANGES = (
    "return_to_bot",
    "resolve",
    "mark_read",
    "set_labels",
    "assign",
    "snooze",
    "set_bot_mode",
    "set_bot_back",
    "acknowledge",
    "set_opt_out",
    "unschedule",
    "dismiss_suggestion",
)


@dataclass(frozen=True)
class Replied(Changed):
    """What the core says of a reply."""

    translated: bool | None = None


class Store:
    """The verbs of the store that the dashboard reads with."""

    def __init__(self) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.messages: dict[str, list[Message]] = {}
        self.events: list[Event] = []
        self.files: dict[tuple[str, int], MediaContent] = {}
        self.queries: list[InboxQuery] = []
        self.away = False

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailable("The store is away.")

    async def conversation(self, conversation_id: str) -> Conversation | None:
        self._answer()
        return self.conversations.get(conversation_id)

    async def message(self, message_id: str) -> Message | None:
        self._answer()
        return next((m for messages in self.messages.values() for m in messages if m.id == message_id), None)

    async def media(self, message_id: str, position: int) -> MediaContent | None:
        return self.files.get((message_id, position))

    async def inbox(self, query: InboxQuery) -> InboxPage:
        self._answer()
        self.queries.append(query)
        found = [
            conversation
            for conversation in self.conversations.values()
            if (query.hotels is None or conversation.hotel in query.hotels)
            and query.status in (None, conversation.status)
            and query.handled_by in (None, conversation.handled_by)
        ]
        return InboxPage(tuple(found[: query.limit]), None, len(self.events))

    async def last_event(self) -> int:
        self._answer()
        return len(self.events)

    async def history(self, conversation_id: str, before: int | None, limit: int) -> HistoryPage:
        if conversation_id not in self.messages:
            raise NotFound("There is no such conversation.")
        older = [m for m in self.messages[conversation_id] if before is None or m.seq < before]
        page = older[-limit:]
        return HistoryPage(tuple(page), page[0].seq if len(older) > len(page) else None)

    async def events_since(self, number: int, hotels: frozenset[str] | None, limit: int) -> EventPage:
        self._answer()
        found = [e for e in self.events if e.number > number and (hotels is None or e.hotel in hotels)]
        page = found[:limit]
        more = len(found) > limit
        return EventPage(tuple(page), page[-1].number if more else len(self.events), more)


class Accounts:
    """Members of staff, whose password is one and the same."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.known = {
            "ana": User("ana", "agent", frozenset({"miramar"})),
            "bo": User("bo", "agent", frozenset({"solmar"})),
            "lea": User("lea", "lead", frozenset({"miramar"})),
            "root": User("root", "admin", None),
        }
        self.sessions: dict[str, str] = {}
        self.life: timedelta | None = None
        self.asked = 0
        self.changes: list[tuple[Any, ...]] = []

    async def sign_in(self, name: str, password: str, address: str, life: timedelta | None = None) -> tuple[str, User]:
        self._store._answer()
        if name == "guessed":
            raise Throttled("Too many wrong passwords. Try again later.", 600)
        if len(password) > 1024:
            raise Refused("A password has at most 1024 characters.", "too_long")
        if password != PASSWORD or name not in self.known:
            raise Refused("Name or password is wrong.", "wrong_password")
        self.life = life
        token = new_id()
        self.sessions[token] = name
        return token, self.known[name]

    async def user_of(self, token: str | None) -> User | None:
        self._store._answer()
        self.asked += 1
        name = self.sessions.get(token or "")
        return self.known.get(name) if name else None

    async def users(self) -> Sequence[User]:
        return list(self.known.values())

    async def add_user(self, name: str, password: str, role: str, hotels: Sequence[str] | None, by: User) -> User:
        if name in self.known:
            raise Conflict(f"There is a user {name} already.")
        self._check(password)
        user = self.known[name] = User(name, role, frozenset(hotels) if hotels else None)
        self.changes.append(("add", name, role, hotels, by.name))
        return user

    async def change(self, name: str, role: str, hotels: Sequence[str] | None, by: User) -> None:
        self._found(name)
        self.known[name] = User(name, role, frozenset(hotels) if hotels else None)
        self.changes.append(("change", name, role, hotels, by.name))

    async def set_password(self, name: str, password: str, by: User) -> None:
        self._found(name)
        self._check(password)
        self.changes.append(("password", name, by.name))

    async def disable(self, name: str, by: User) -> None:
        if name == by.name:
            raise Refused("This is the only admin of all hotels; make another one first.", "last_admin")
        self.known[name] = replace(self._found(name), disabled=True)
        self.changes.append(("disable", name, by.name))

    async def enable(self, name: str, by: User) -> None:
        self.known[name] = replace(self._found(name), disabled=False)
        self.changes.append(("enable", name, by.name))

    def _found(self, name: str) -> User:
        if name not in self.known:
            raise NotFound(f"There is no user {name}.")
        return self.known[name]

    def _check(self, password: str) -> None:
        if len(password) < 8:
            raise Refused("A password has 8 to 1024 characters.", "password_length")

    async def sign_out(self, token: str | None) -> None:
        self.sessions.pop(token or "", None)


class Staff:
    """The actions of staff; each is noted under `done`, with its name and what it was given."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self.done: list[tuple[Any, ...]] = []
        self.seen: dict[str, Message] = {}
        self.problem: Exception | None = None
        self.slow: asyncio.Event | None = None  # what a translator waits for

    async def reply(self, user: User, conversation_id: str, text: str, client_id: str, **more: Any) -> Replied:
        if client_id in self.seen:
            conversation = self._house.store.conversations[conversation_id]
            return Replied(conversation, (self.seen[client_id],), duplicate=True)
        given = {name: value for name, value in more.items() if value}
        self._do("reply", user, conversation_id, text, *([given] if given else []))
        message = self._house.say(conversation_id, text, Direction.OUT, user.name)
        self.seen[client_id] = message
        conversation = replace(self._house.store.conversations[conversation_id], handled_by=HandledBy.STAFF)
        return Replied(conversation, (message,), translated=True if more.get("translate_to") else None)

    async def note(
        self, user: User, conversation_id: str, text: str, client_id: str, *, mentions: Sequence[str] = ()
    ) -> Changed:
        conversation = self._do("note", user, conversation_id, text, *mentions)
        return Changed(conversation, (self._house.say(conversation_id, text, Direction.NOTE, user.name),))

    async def take_over(self, user: User, conversation_id: str, minutes: int | None = None) -> Changed:
        return Changed(self._do("take_over", user, conversation_id, *([minutes] if minutes else [])))

    async def schedule(
        self, user: User, conversation_id: str, text: str, at: datetime, client_id: str
    ) -> tuple[Scheduled, Changed]:
        conversation = self._do("schedule", user, conversation_id, text, at)
        kept = Scheduled(new_id(), conversation_id, user.name, text, at, now())
        self._house.desk_store.waiting.append(kept)
        return kept, Changed(conversation)

    async def translate(self, user: User, conversation_id: str, message_id: str, language: str) -> Changed:
        if self.slow is not None:
            await self.slow.wait()
        return self._message_changed("translate", user, conversation_id, message_id, language)

    async def templates(self, user: User, conversation_id: str) -> Sequence[TemplateOffer]:
        self._do("templates", user, conversation_id)
        return [TemplateOffer("HX1", "arrival", "en", "Dear {{1}}, your room is ready.", ("1",))]

    async def act(self, user: User, conversation_id: str, message_id: str, name: str) -> str:
        if name not in self._house.app.actions:
            raise NotFound("There is no such action.")
        self._do("act", user, conversation_id, message_id, name)
        return "The porter comes."

    def __getattr__(self, name: str) -> Any:
        """The further changes are all alike: of a conversation, or of one of its messages."""
        if name in ("retry", "decide", "retry_media", "send_template"):
            return self._doing(name, self._message_changed)
        if name in CHANGES:
            return self._doing(name, lambda *what: Changed(self._do(*what)))
        raise AttributeError(name)

    def _doing(self, name: str, do: Callable[..., Changed]) -> Callable[..., Awaitable[Changed]]:
        async def doing(*given: Any) -> Changed:
            return do(name, *given)

        return doing

    def _message_changed(self, name: str, user: User, conversation_id: str, *given: Any) -> Changed:
        conversation = self._do(name, user, conversation_id, *given)
        return Changed(conversation, (self._house.store.messages[conversation_id][0],))

    def _do(self, name: str, user: User, conversation_id: str, *given: Any) -> Conversation:
        if self.problem is not None:
            raise self.problem
        conversation = self._house.store.conversations.get(conversation_id)
        if conversation is None or not self._house.app.accounts.known[user.name].may_see(conversation.hotel):
            raise NotFound("There is no such conversation.")
        self.done.append((name, user.name, conversation_id, *given))
        return conversation


class DeskStore:
    """The verbs of a store that keeps a desk which the dashboard asks for itself."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.views: list[ViewQuery] = []
        self.canned: dict[str, CannedReply] = {}
        self.waiting: list[Scheduled] = []
        self.turns: dict[str, TurnFacts] = {}
        self.quarters: list[Figures] = []
        self.entries: list[AuditEntry] = []

    async def view(self, query: ViewQuery) -> InboxPage:
        self._store._answer()
        self.views.append(query)
        found = [c for c in self._store.conversations.values() if query.hotels is None or c.hotel in query.hotels]
        return InboxPage(tuple(found), None, len(self._store.events))

    async def view_counts(self, user: str, hotels: frozenset[str] | None) -> Mapping[str, int]:
        return {"mine": 1 if user == "ana" else 0, "unassigned": len(hotels or ()), "bot": MOST_COUNTED}

    async def labels(self, hotels: frozenset[str] | None) -> Sequence[str]:
        return sorted(hotels or ("miramar", "solmar"))

    async def canned_replies(self, hotels: frozenset[str] | None) -> Sequence[CannedReply]:
        found = [reply for reply in self.canned.values() if hotels is None or reply.hotel in hotels]
        return sorted(found, key=lambda reply: (reply.hotel, reply.shortcut))

    async def save_canned(self, reply: CannedReply) -> None:
        taken = {(other.hotel, other.shortcut) for other in self.canned.values() if other.id != reply.id}
        if (reply.hotel, reply.shortcut) in taken:
            raise Conflict("Another canned reply of the hotel has this shortcut.")
        self.canned[reply.id] = reply

    async def remove_canned(self, canned_id: str) -> None:
        del self.canned[canned_id]

    async def figures(self, hotels: frozenset[str] | None, since: datetime, until: datetime) -> Sequence[Figures]:
        self._store._answer()
        return [
            quarter
            for quarter in self.quarters
            if since <= quarter.at < until and (hotels is None or quarter.hotel in hotels)
        ]

    async def audit_log(
        self, hotels: frozenset[str] | None, before: str | None, limit: int, user: str | None = None
    ) -> Sequence[AuditEntry]:
        found = [
            entry
            for entry in sorted(self.entries, key=lambda entry: entry.id, reverse=True)
            if (hotels is None or entry.hotel in hotels)
            and (before is None or entry.id < before)
            and user in (None, entry.user)
        ]
        return found[:limit]

    async def scheduled(self, conversation_id: str) -> Sequence[Scheduled]:
        return [kept for kept in self.waiting if kept.conversation_id == conversation_id]

    async def turn(self, turn_id: str) -> TurnFacts | None:
        return self.turns.get(turn_id)

    async def guest_record(self, conversation_id: str) -> GuestRecord | None:
        conversation = self._store.conversations[conversation_id]
        return GuestRecord(conversation.guest, now(), (("webchat", conversation.guest.handle),), None, ())


class Plugins:
    """What other plugins tell of a guest."""

    async def guest_facts(self, conversation: Conversation) -> Sequence[GuestFact]:
        return [GuestFact("Room", "12", "stays")]

    async def desk_panels(self, conversation: Conversation) -> Sequence[Panel]:
        return [Panel("Stay", [("Arrival", "Friday")], "stays")]


@dataclass(frozen=True)
class RuntimeSettings:
    bot: bool = True
    instructions: str = ""
    handover_text: str = ""
    bot_mode: BotMode = BotMode.AUTO
    staff_language: str = "en"
    on_call: Sequence[str] = ()
    ring_seconds: float = 120.0


class Runtime:
    """Run-time settings in memory."""

    def __init__(self) -> None:
        self.settings = {"miramar": RuntimeSettings(), "solmar": RuntimeSettings()}
        self.changed_by: list[str] = []

    async def of(self, hotel: str) -> RuntimeSettings:
        return self.settings[hotel]

    async def change(self, hotel: str, values: Mapping[str, Any], user: User) -> None:
        if hotel not in self.settings or not user.may_see(hotel):
            raise NotFound("There is no such hotel.")
        if len(str(values.get("instructions", ""))) > 4000 or not isinstance(values.get("bot", True), bool):
            raise Refused("instructions is a text of at most 4000 characters.")
        self.settings[hotel] = replace(self.settings[hotel], **values)
        self.changed_by.append(user.name)


class House:
    """Two hotels with one conversation each, and the parts of the core that the dashboard uses."""

    def __init__(
        self, static: Path, public_url: str = "http://desk.test", keeps_desk: bool = True, **settings: Any
    ) -> None:
        self.keeps_desk = keeps_desk
        self.store = Store()
        self.desk_store = DeskStore(self.store)
        self.recorded: list[tuple[Any, ...]] = []
        self.cache = MemoryCache()
        self.server: socketio.AsyncServer | None = None
        self.app = self._core(public_url)
        self.dashboard = Dashboard("dashboard", DashboardSettings(static_dir=static, **settings))
        self.starlette = Starlette(
            routes=list(self.dashboard.register_routes(self.app)),
            exception_handlers={
                StoreUnavailable: _told(503),
                NotFound: _told(404),
                Refused: _told(400),
                Conflict: _told(409),
            },
        )
        self.miramar = self.open("miramar", "Guest One")
        self.solmar = self.open("solmar", "Guest Two")

    def open(self, hotel: str, guest: str) -> str:
        """Open a conversation with a first message; return its id."""
        conversation_id = new_id()
        self.store.conversations[conversation_id] = Conversation(
            id=conversation_id,
            hotel=hotel,
            channel="webchat",
            guest=Guest(new_id(), guest, new_id()),
            status=ConversationStatus.OPEN,
            handled_by=HandledBy.BOT,
            epoch=0,
        )
        self.store.messages[conversation_id] = []
        self.say(conversation_id, "Hello", Direction.IN, guest)
        return conversation_id

    def say(self, conversation_id: str, text: str, direction: Direction, name: str) -> Message:
        """Add a message and its event."""
        messages = self.store.messages[conversation_id]
        kind = AuthorKind.GUEST if direction is Direction.IN else AuthorKind.STAFF
        status = DeliveryStatus.PENDING if direction is Direction.OUT else None
        message = Message(
            new_id(), conversation_id, len(messages) + 1, direction, Author(kind, name), text, now(), status=status
        )
        messages.append(message)
        conversation = self.store.conversations[conversation_id]
        number = len(self.store.events) + 1
        self.store.events.append(
            Event(
                number,
                EventName.NEW_MESSAGE,
                conversation.hotel,
                conversation.channel,
                conversation_id,
                message.as_json(),
            )
        )
        return message

    async def tell(self) -> Event:
        """Tell the dashboard of the newest event, as the core does after a commit."""
        event = self.store.events[-1]
        await self.dashboard.on_event(self.app, event)
        return event

    def client(self, name: str | None = None) -> httpx.AsyncClient:
        """Return a browser of sorts, with a member of staff signed in."""
        client = httpx.AsyncClient(transport=httpx.ASGITransport(self.starlette), base_url=self.app.config.public_url)
        if name is not None:
            client.cookies.set("innbox_session", self.session(name))
        return client

    def session(self, name: str) -> str:
        """Open a session; return its token."""
        token = new_id()
        self.app.accounts.sessions[token] = name
        return token

    def _core(self, public_url: str) -> Any:
        """Return what the dashboard uses of the app, and no more."""
        return SimpleNamespace(
            config=SimpleNamespace(public_url=public_url),
            hotels={
                "miramar": SimpleNamespace(
                    slug="miramar", name="Hotel Miramar", timezone="Europe/Lisbon", languages=("pt", "en")
                ),
                "solmar": SimpleNamespace(
                    slug="solmar", name='Sol & "Mar"', timezone="Europe/Madrid", languages=("es",)
                ),
            },
            store=self.store,
            desk_store=self.desk_store if self.keeps_desk else None,
            channels={},
            translators=(),
            actions={"porter": SimpleNamespace(name="porter", label="Call the porter")},
            dispatch=Plugins(),
            record=self._record,
            cache=self.cache,
            accounts=Accounts(self.store),
            staff=Staff(self),
            runtime=Runtime(),
            emit=self._emit,
        )

    async def _record(self, user: User, action: str, *of: str | None, **detail: Any) -> None:
        self.recorded.append((user.name, action, *of, detail))

    async def _emit(
        self, name: str, data: Any, *, room: str | None = None, namespace: str = "/", to_sid: str | None = None
    ) -> None:
        if self.server is not None:
            await self.server.emit(name, data, room=to_sid or room, namespace=namespace)


def _told(status: int) -> Callable[[Request, Exception], Response]:
    def handler(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, status)

    return handler


class Desk:
    """An open desk: a Socket.IO client that notes what it is told."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.heard: list[tuple[str, Any]] = []
        client.on("*", self._hear)

    def _hear(self, event: str, data: Any) -> None:
        self.heard.append((event, data))

    async def ask(self, event: str, *payload: Any) -> Any:
        """Send an event and return its acknowledgement."""
        data = payload if len(payload) != 1 else payload[0]
        return await self.client.call(event, data, timeout=5)

    async def until(self, condition: Callable[[], Any], seconds: float = 6) -> Any:
        """Wait until a condition holds; return what it gave."""
        for _ in range(int(seconds / 0.01)):
            if found := condition():
                return found
            await asyncio.sleep(0.01)
        raise TimeoutError

    def told(self, event: str) -> list[Any]:
        """Return what was heard under a name."""
        return [data for name, data in self.heard if name == event]

    def last_status(self, user: str) -> Any:
        """Return the last word on a member of staff."""
        return next((d for d in reversed(self.told("agent_status_update")) if d["user"] == user), None)


class Running:
    """The house behind a real server on a free port."""

    def __init__(self, house: House, url: str) -> None:
        self.house = house
        self.url = url
        self._desks: list[Desk] = []

    async def desk(self, name: str | None = None, *, token: str | None = None, origin: str | None = None) -> Desk:
        """Open a desk, signed in by name or by token."""
        desk = Desk(socketio.AsyncClient(reconnection=False))
        token = token or (self.house.session(name) if name else None)
        headers = {"Cookie": f"innbox_session={token}"} if token else {}
        headers |= {"Origin": origin} if origin else {}
        self._desks.append(desk)
        await desk.client.connect(self.url, headers=headers, transports=["websocket"], wait_timeout=5)
        return desk

    async def close(self) -> None:
        for desk in self._desks:
            await desk.client.disconnect()
            if desk.client.eio.http is not None:
                await desk.client.eio.http.close()


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder with a desk's page, as `make pages` leaves it."""
    build = tmp_path / "static" / "build"
    build.mkdir(parents=True)
    (build / "desk.js").write_text("console.log('desk')")
    (build / "desk.css").write_text("body { margin: 0 }")
    (build.parent / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return build.parent


@pytest.fixture
def make_house(built: Path) -> Callable[..., House]:
    """Make a house with other settings."""
    return lambda **settings: House(built, **settings)


@pytest.fixture
def house(built: Path) -> House:
    """A house whose desk is served over http."""
    return House(built)


@pytest.fixture
async def running(house: House) -> AsyncIterator[Running]:
    """The house on a real port, with its Socket.IO server and the dashboard's lifespan."""
    house.server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*", max_http_buffer_size=100_000)
    for namespace in house.dashboard.register_namespaces(house.app):
        house.server.register_namespace(namespace)
    asgi = socketio.ASGIApp(house.server, house.starlette)
    server = uvicorn.Server(
        uvicorn.Config(
            asgi, port=0, log_config=None, lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
    )
    async with house.dashboard.lifespan():
        serving = asyncio.create_task(server.serve())
        for _ in range(500):
            if server.started:
                break
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        running = Running(house, f"http://127.0.0.1:{port}")
        yield running
        await running.close()
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving


@pytest.fixture
def quick_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch over desks looks ten times as often as in life."""
    monkeypatch.setattr("innbox_dashboard.plugin.CHECK_SECONDS", 0.3)
