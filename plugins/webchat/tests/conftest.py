"""A small house for the web chat's tests: two hotels, a core that keeps all in memory, a real server for sockets."""

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
import socketio
import uvicorn
from itsdangerous import TimestampSigner
from playwright.async_api import Page, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from innbox import (
    Address,
    App,
    Attachment,
    Author,
    AuthorKind,
    Conversation,
    ConversationStatus,
    DeliveryStatus,
    Direction,
    Guest,
    HandledBy,
    HistoryPage,
    Hotel,
    Inbound,
    Ingested,
    MemoryCache,
    Message,
    NotFound,
    Outgoing,
    StatusReport,
    StoreUnavailable,
    new_id,
    now,
)
from innbox.testing.browser import ARGUMENTS, MISSING, find_browser
from innbox_webchat import WebChat, WebChatSettings
from innbox_webchat.plugin import STATIC

GREEN_DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgaGAAAAEEAIFw9selAAAAAElFTkSuQmCC"


class Store:
    """The verbs of the store that the web chat reads with, over messages in memory."""

    def __init__(self) -> None:
        self.conversations: dict[tuple[str, str], Conversation] = {}
        self.messages: dict[str, list[Message]] = {}
        self.away = False

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailable("The store is away.")

    async def conversation_for(self, hotel: str, channel: str, handle: str) -> Conversation | None:
        self._answer()
        assert channel == "webchat"
        return self.conversations.get((hotel, handle))

    async def history(self, conversation_id: str, before: int | None, limit: int) -> HistoryPage:
        self._answer()
        return HistoryPage(tuple(self.messages[conversation_id][-limit:]), None)

    async def message(self, message_id: str) -> Message | None:
        self._answer()
        return next((m for messages in self.messages.values() for m in messages if m.id == message_id), None)

    def ingest(self, inbound: Inbound, handled_by: HandledBy) -> Ingested:
        self._answer()
        conversation = self._conversation(inbound, handled_by)
        there = self.messages[conversation.id]
        for message in there:
            if message.provider_id == inbound.provider_id:
                return Ingested(message, conversation, duplicate=True)
        message = self.add(conversation, Direction.IN, AuthorKind.GUEST, inbound.text, provider_id=inbound.provider_id)
        return Ingested(message, conversation, False, (), now() if handled_by is HandledBy.BOT else None)

    def add(
        self, conversation: Conversation, direction: Direction, kind: AuthorKind, text: str, **fields: Any
    ) -> Message:
        there = self.messages[conversation.id]
        author = Author(kind, "ana" if kind is AuthorKind.STAFF else None)
        message = Message(new_id(), conversation.id, len(there) + 1, direction, author, text, now(), **fields)
        there.append(message)
        return message

    def report(self, report: StatusReport) -> None:
        for messages in self.messages.values():
            messages[:] = [replace(m, status=report.status) if m.id == report.message_id else m for m in messages]

    def _conversation(self, inbound: Inbound, handled_by: HandledBy) -> Conversation:
        key = (inbound.hotel, inbound.address.handle)
        if key not in self.conversations:
            guest = Guest(new_id(), None, inbound.address.handle, inbound.language)
            conversation = Conversation(
                new_id(), inbound.hotel, "webchat", guest, ConversationStatus.OPEN, handled_by, epoch=1
            )
            self.conversations[key] = conversation
            self.messages[conversation.id] = []
        return self.conversations[key]


@dataclass
class House:
    """Stands for the core: what the plugin may call on an `App`, and levers for tests."""

    settings: WebChatSettings
    static: Path
    store: Store = field(default_factory=Store)
    cache: MemoryCache = field(default_factory=MemoryCache)
    handled_by: HandledBy = HandledBy.BOT
    server: socketio.AsyncServer | None = None
    emitted: list[tuple[str, Any, str | None, str]] = field(default_factory=list)
    inbound: list[Inbound] = field(default_factory=list)
    reports: list[StatusReport] = field(default_factory=list)
    emits: bool = True
    url: str = ""

    @property
    def hotels(self) -> dict[str, Hotel]:
        return {
            "miramar": Hotel(slug="miramar", name="Hotel Miramar", timezone="Europe/Lisbon", languages=("pt", "en")),
            "odd": Hotel(slug="odd", name="Odd \"&' <b>`${Inn}`", timezone="Europe/Lisbon", languages=("en",)),
        }

    @property
    def app(self) -> App:
        return cast(App, self)

    @property
    def plugin(self) -> WebChat:
        return WebChat("webchat", self.settings, self.static)

    def signer(self, purpose: str) -> TimestampSigner:
        return TimestampSigner("a key for tests", salt=purpose)

    def file_link(self, message_id: str, position: int) -> str:
        return f"/media/out/{message_id}.{position}~signed"

    async def ingest(self, inbound: Inbound) -> Ingested:
        ingested = self.store.ingest(inbound, self.handled_by)
        self.inbound.append(inbound)
        return ingested

    async def report_status(self, report: StatusReport) -> None:
        self.reports.append(report)
        self.store.report(report)

    async def emit(
        self, name: str, data: Any, *, room: str | None = None, namespace: str = "/", to_sid: str | None = None
    ) -> None:
        self.emitted.append((name, data, room, namespace))
        if self.server and self.emits:
            await self.server.emit(name, data, room=to_sid or room, namespace=namespace)

    def conversation(self, handle: str) -> Conversation:
        return self.store.conversations["miramar", handle]

    @property
    def only_conversation(self) -> Conversation:
        (conversation,) = self.store.conversations.values()
        return conversation

    async def says(
        self,
        conversation: Conversation,
        text: str,
        kind: AuthorKind = AuthorKind.BOT,
        attachments: tuple[Attachment, ...] = (),
    ) -> tuple[Message, Outgoing]:
        """Send a message of the house to a guest, all the way through the channel."""
        message = self.store.add(
            conversation, Direction.OUT, kind, text, status=DeliveryStatus.SENT, attachments=attachments
        )
        outgoing = Outgoing(
            message.id,
            conversation.id,
            conversation.hotel,
            conversation.address,
            text,
            attempt=1,
            sending_since=now(),
            attachments=attachments,
            author=kind,
            seq=message.seq,
            created_at=message.created_at,
        )
        (channel,) = self.plugin.register_channels(self.app)
        await channel.send(outgoing)
        return message, outgoing

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[None]:
        """Serve the pages and the socket on a free port (or on `port`) until the block ends."""
        server = socketio.AsyncServer(async_mode="asgi", max_http_buffer_size=100_000)
        for namespace in self.plugin.register_namespaces(self.app):
            server.register_namespace(namespace)
        routes = [*self.plugin.register_routes(self.app), Route("/media/out/{link}", _picture)]
        asgi = socketio.ASGIApp(server, Starlette(routes=routes, exception_handlers={NotFound: _not_found}))
        async with serving(asgi, port) as self.url:
            self.server = server
            try:
                yield
            finally:
                self.server = None


@asynccontextmanager
async def serving(asgi: Any, port: int = 0) -> AsyncIterator[str]:
    """Serve an ASGI app on loopback until the block ends; give its address."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        options: dict[str, Any] = {"ws": "websockets-sansio", "log_config": None, "lifespan": "off"}
        web = _Web(uvicorn.Config(asgi, timeout_graceful_shutdown=1, **options))
        task = asyncio.create_task(web.serve([listener]))
        while not web.started:
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            web.should_exit = True
            await task


class _Web(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _picture(request: Request) -> Response:
    """Stand in for the core's route of files: each is the same green dot."""
    return Response(base64.b64decode(GREEN_DOT), media_type="image/png")


async def _not_found(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 404)


class Tab:
    """A guest's browser tab: a socket which notes all that it hears."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.heard: list[tuple[str, Any]] = []
        self.refusal: Any = None
        self.client.on("*", self._hear, namespace="/webchat")
        self.client.on("connect_error", self._refused, namespace="/webchat")

    async def _hear(self, name: str, data: Any) -> None:
        self.heard.append((name, data))

    async def _refused(self, data: Any) -> None:
        self.refusal = data

    async def hears(self, name: str, count: int = 1) -> list[Any]:
        """Wait until an event has come `count` times; return what came with it."""
        async with asyncio.timeout(5):
            while len(self.all(name)) < count:
                await asyncio.sleep(0.01)
        return self.all(name)

    def all(self, name: str) -> list[Any]:
        return [data for heard, data in self.heard if heard == name]

    async def quiet(self) -> None:
        """Wait until everything that is on its way has come: the server answers in order."""
        await self.ask("nothing", {})

    async def ask(self, name: str, data: Any) -> Any:
        return await self.client.call(name, data, namespace="/webchat", timeout=5)

    async def writes(self, text: object, client_id: object = "c1", **more: Any) -> Any:
        return await self.ask("user_message", {"text": text, "client_id": client_id, **more})

    @property
    def token(self) -> str:
        return cast(str, self.all("welcome")[0]["token"])

    @property
    def handle(self) -> str:
        return self.token.partition(":")[2].partition(".")[0]


MakeHouse = Callable[..., House]
OpenTab = Callable[..., Awaitable[Tab]]
OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder with stand-ins for the page's built files."""
    build = tmp_path / "static" / "build"
    build.mkdir(parents=True)
    (build / "chat.js").write_text("console.log('chat')")
    (build / "chat.css").write_text("body {}")
    (build / "embed.js").write_text('start(decodeURIComponent("__HOTEL_NAME__"))')
    return build.parent


@pytest.fixture
def make_house(built: Path) -> MakeHouse:
    def make(static: Path = built, **settings: Any) -> House:
        return House(WebChatSettings(**settings), static)

    return make


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    return make_house()


@pytest.fixture
async def served(house: House) -> AsyncIterator[House]:
    async with house.serving():
        yield house


@pytest.fixture
async def open_tab() -> AsyncIterator[OpenTab]:
    """Open tabs that are closed when the test ends: `await open_tab(house, token=…)`."""
    tabs: list[Tab] = []

    async def open_(house: House, wait: bool = True, **auth: Any) -> Tab:
        tab = Tab()
        tabs.append(tab)
        await tab.client.connect(
            house.url,
            namespaces=["/webchat"],
            transports=["websocket"],
            auth=auth.pop("auth", {"hotel": "miramar", **auth}),
            wait=wait,
        )
        if wait:
            await tab.hears("welcome")
        return tab

    yield open_
    for tab in tabs:
        await tab.client.disconnect()


@pytest.fixture
async def open_page() -> AsyncIterator[OpenPage]:
    """Open pages in a real browser: `await open_page(address, **options of the context)`."""
    async with async_playwright() as playwright, _browser(playwright) as browser:
        yield lambda address, **options: _open_page(browser, address, options)


def _browser(playwright: Any) -> AbstractAsyncContextManager[Any]:
    path = find_browser()
    assert path, MISSING
    return cast(
        AbstractAsyncContextManager[Any],
        _Launched(playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))),
    )


class _Launched:
    def __init__(self, launch: Awaitable[Any]) -> None:
        self._launch = launch

    async def __aenter__(self) -> Any:
        self._browser = await self._launch
        return self._browser

    async def __aexit__(self, *error: object) -> None:
        await self._browser.close()


async def _open_page(browser: Any, address: str, options: dict[str, Any]) -> Page:
    context = await browser.new_context(**{"locale": "en-GB", **options})
    page: Page = await context.new_page()
    await page.goto(address)
    return page


class Site:
    """A hotel's own site, on an origin of its own, whose one page has this HTML and this policy."""

    def __init__(self) -> None:
        self.url = ""
        self.html = ""
        self.policy = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {"content-security-policy": self.policy} if self.policy else {}
        await HTMLResponse(self.html, headers=headers)(scope, receive, send)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    async with serving(site) as site.url:
        yield site


@pytest.fixture
def real_static() -> Path:
    """The page's real files, built by `make pages`."""
    return STATIC


@pytest.fixture
def guest_address() -> Address:
    return Address("webchat", new_id())
