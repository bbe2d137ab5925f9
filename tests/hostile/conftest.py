"""A whole house for hostile visitors: the real app on a real socket, with stand-ins on the wire for Twilio and OpenAI.

One house serves all tests of a module, in the module's event loop. A module may say how its house is to be:
`CORE` (top-level keys of the YAML) and `PLUGINS` (plugins on top of the usual ones).
"""

import asyncio
import itertools
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio
import socketio
from argon2 import PasswordHasher

from innbox.testing.openai_wire import OpenAIWire
from innbox.testing.running import PASSWORD, Running, running_innbox
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, HOTEL_NUMBER, TwilioWire, inbound_form, sign

FORM = "application/x-www-form-urlencoded"
FAROL_NUMBER = "+351210000000"
STAFF: Mapping[str, tuple[str, list[str] | None]] = {
    "ana": ("admin", None),
    "bo": ("agent", ["miramar"]),
    "eve": ("agent", ["farol"]),
}
_GUESTS = itertools.count(1)
_ON_THE_WAY = ("pending", "sending")


def plugins_with(twilio: TwilioWire, openai: OpenAIWire) -> dict[str, Any]:
    """Return the plugins of the house."""
    return {
        "openai_llm": {
            "api_key": "test-key",
            "base_url": openai.url,
            "timeout_seconds": 5,
            "max_retries": 0,
            "cache_answers": False,  # equal questions of different tests have different answers
        },
        "whatsapp_twilio": {
            "account_sid": ACCOUNT_SID,
            "auth_token": AUTH_TOKEN,
            "api_base_url": twilio.url,
            "numbers": {HOTEL_NUMBER: "miramar", FAROL_NUMBER: "farol"},
        },
        "webchat": {},
        "dashboard": {},
    }


def hotels() -> dict[str, Any]:
    common = {"timezone": "Europe/Lisbon", "languages": ["en"], "facts": "facts.md"}
    return {
        "miramar": {**common, "name": "Hotel Miramar", "domains": ["miramar.example"]},
        "farol": {**common, "name": "Casa do Farol"},
    }


async def eventually(what: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Wait until `what`, which may be asynchronous, returns something true, and return it."""
    deadline = time.monotonic() + seconds
    while True:
        found = what()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        await asyncio.sleep(0.02)


@dataclass
class House:
    """The running app, its stand-ins, and what a visitor can do to it."""

    running: Running
    twilio: TwilioWire
    openai: OpenAIWire
    visitors: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def app(self) -> Any:
        return self.running.app

    def new_guest(self) -> str:
        """Return a phone number that nobody has written from."""
        return f"+35191{next(_GUESTS):07}"

    def form(self, body: str = "Hello", **fields: Any) -> dict[str, str]:
        """Return a webhook's form, from a new guest where none is named."""
        return inbound_form(body, **{"sender": self.new_guest(), **fields})

    def signed(self, form: Any, path: str = "/whatsapp") -> dict[str, str]:
        """Return the headers that Twilio sends with a form."""
        return {"X-Twilio-Signature": sign(self.url + path, form), "Content-Type": FORM}

    async def post(self, form: Any, path: str = "/whatsapp", **headers: str | bytes) -> httpx.Response:
        """Post a form as Twilio does, rightly signed; `headers` (with _ for -) come on top."""
        given: dict[str, Any] = self.signed(form, path)
        given.update((name.replace("_", "-"), value) for name, value in headers.items())
        return await self.running.http.post(path, content=urlencode(form), headers=given)

    async def raw(self, sent: bytes, seconds: float = 5.0) -> bytes:
        """Send bytes over a connection of its own, and return the beginning of what comes back until it is closed."""
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(sent)
            async with asyncio.timeout(seconds):
                return await reader.read(4000)
        finally:
            writer.close()

    async def conversation(self, handle: str, channel: str = "whatsapp", hotel: str = "miramar") -> Any:
        return await self.app.store.conversation_for(hotel, channel, handle)

    async def history(self, handle: str, channel: str = "whatsapp", hotel: str = "miramar") -> list[Any]:
        """Return all that was said with a guest; nothing where they never wrote."""
        conversation = await self.conversation(handle, channel, hotel)
        if conversation is None:
            return []
        return list((await self.app.store.history(conversation.id, None, 200)).messages)

    async def answered(self, handle: str, **where: str) -> list[Any]:
        """Wait until a guest has been answered (by the bot, or by the note of a hand-over) and all has been sent."""

        async def ended() -> list[Any] | None:
            found = await self.history(handle, **where)
            said = [message for message in found if message.direction.value != "in"]
            left = all(message.status is None or message.status.value not in _ON_THE_WAY for message in said)
            return found if said and left else None

        found: list[Any] = await eventually(ended)
        return found

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Look into the store's file."""
        with sqlite3.connect(self.running.config_path.with_name("innbox.db")) as connection:
            rows = connection.execute(query, values).fetchall()
        connection.close()
        return rows

    async def metric(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples that carry these labels."""
        text = (await self.running.http.get("/metrics")).text
        found = re.findall(rf"^{name}(\{{.*\}})? (\S+)$", text, re.MULTILINE)
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(float(value) for shown, value in found if all(label in shown for label in wanted))

    async def visitor(self, name: str | None) -> httpx.AsyncClient:
        """Return an HTTP client that is signed in as a member of staff, or as nobody."""
        key = name or ""
        if key not in self.visitors:
            client = self.visitors[key] = httpx.AsyncClient(base_url=self.url, timeout=10)
            if name:
                answer = await client.post("/login", data={"username": name, "password": PASSWORD})
                assert answer.status_code == 303, answer.text
        return self.visitors[key]

    async def cookies(self, name: str) -> str:
        """Return the cookies of a member of staff as a header's value, for a socket."""
        client = await self.visitor(name)
        return "; ".join(f"{key}={value}" for key, value in client.cookies.items())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twilio() -> AsyncIterator[TwilioWire]:
    async with TwilioWire(callbacks=False) as wire:
        yield wire


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def openai() -> AsyncIterator[OpenAIWire]:
    async with OpenAIWire() as wire:
        yield wire


@pytest.fixture(scope="module")
def brisk() -> Iterator[None]:
    """A house that hashes passwords in a millisecond (argon2 is not tested here) and fetches files at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("innbox.accounts.PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=64))
        patch.setattr("innbox.pipeline.chores.ROUND_SECONDS", 0.1)
        patch.setattr("innbox.pipeline.chores.MEDIA_EVERY", timedelta(seconds=0.1))
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    twilio: TwilioWire,
    openai: OpenAIWire,
    brisk: None,
) -> AsyncIterator[House]:
    """The house of a module: two hotels, and staff called ana (admin), bo (miramar) and eve (farol)."""
    plugins = {**plugins_with(twilio, openai), **getattr(request.module, "PLUGINS", {})}
    core = {"hotels": hotels(), **getattr(request.module, "CORE", {})}
    async with running_innbox(tmp_path_factory.mktemp("house"), plugins, **core) as running:
        for name, (role, seen) in STAFF.items():
            await running.add_user(name, role, seen)
        made = House(running, twilio, openai)
        yield made
        for client in made.visitors.values():
            await client.aclose()


Connect = Callable[..., Awaitable[socketio.AsyncClient]]


@pytest_asyncio.fixture(loop_scope="module")
async def connect(house: House) -> AsyncIterator[Connect]:
    """A function that opens a socket: `await connect(as_user="bo")`, `await connect("/webchat", auth={…})`.

    What the server says is kept in the client's `heard`.
    """
    clients: list[socketio.AsyncClient] = []

    async def connect(
        namespace: str = "/", as_user: str | None = None, auth: Any = None, headers: Mapping[str, str] | None = None
    ) -> socketio.AsyncClient:
        client = socketio.AsyncClient(reconnection=False)
        clients.append(client)
        client.heard = []
        client.on("*", lambda event, data: client.heard.append((event, data)), namespace=namespace)
        cookie = {"Cookie": await house.cookies(as_user)} if as_user else {}
        await client.connect(
            house.url,
            headers={**cookie, **(headers or {})},
            transports=["websocket"],
            namespaces=[namespace],
            auth=auth,
            wait_timeout=5,
        )
        return client

    yield connect
    for client in clients:
        await client.disconnect()
        if client.eio.http is not None:
            await client.eio.http.close()


class Lines:
    """A log that remembers its lines; it stands in for a module's own."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda event, **values: self.lines.append((level, event, values))

    @property
    def text(self) -> str:
        return repr(self.lines)


@pytest.fixture
def log_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Lines]:
    """A function that listens to the logs of some modules: `log_of("innbox.pipeline.door", …)`."""

    def listen(*modules: str) -> Lines:
        lines = Lines()
        for module in modules:
            monkeypatch.setattr(f"{module}.log", lines)
        return lines

    return listen


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., Awaitable[Any]]:
    """The function `eventually`, for tests, which cannot import from here."""
    return eventually


@pytest.fixture
def farol_number() -> str:
    return FAROL_NUMBER


@pytest.fixture
def root() -> Path:
    return Path(__file__).parents[2]
