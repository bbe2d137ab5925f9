"""Browser tests of the desk, row by row, each in two houses: the embedded default, and PostgreSQL with two web
processes.

A house is started once for all tests. So that no test sees another's guests, each has a hotel and members of staff of
its own; `house` starts nothing but what is asked for.
"""

import asyncio
import contextlib
import os
import sqlite3
import sys
import time
import uuid
import zlib
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import pytest_asyncio
import socketio
from playwright.async_api import Page, expect
from psycopg import sql

from innbox import Address, App, Conversation, Inbound, InboxQuery, Message, User, new_id, now
from innbox.config import load_config
from innbox.testing.processes import InnboxProcess
from innbox.testing.running import FACTS, PASSWORD, SECRET_KEY, running_innbox, write_config
from innbox.testing.services import PostgresServer, free_port
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, TwilioWire

HOTELS = 60  # as many tests can ask for one of their own
HOUSES = ("embedded", "two-webs")
EXTRAS = Path(__file__).parent / "extras"  # an installed plugin, as far as Python can tell


def number_of(hotel: str) -> str:
    """Return the WhatsApp number of a hotel."""
    return f"+1415523{int(hotel[1:]):04}"


@dataclass
class House:
    """A running deployment: the addresses of its web processes, an app on its store, and its WhatsApp."""

    name: str
    urls: tuple[str, ...]
    app: App
    twilio: TwilioWire
    copy: Callable[[Conversation, int, int], None]
    database: "Reach"
    free_hotels: Iterator[str] = field(default_factory=lambda: iter(hotels()))

    @property
    def url(self) -> str:
        return self.urls[0]

    @property
    def other_url(self) -> str:
        """The second web process, where there are two."""
        return self.urls[-1]


@dataclass
class Hotel:
    """A hotel of one test's own, and what can happen in it."""

    house: House
    slug: str

    @property
    def app(self) -> App:
        return self.house.app

    async def add_user(self, name: str, role: str = "agent") -> str:
        """Add a member of staff who sees this hotel alone; return the name to sign in with."""
        await self.app.accounts.add_user(self.user(name), PASSWORD, role, None if role == "admin" else [self.slug])
        return self.user(name)

    def user(self, name: str) -> str:
        """Return a name that no other test has."""
        return f"{name}-{self.slug}"

    async def member(self, name: str) -> User:
        """Return a member of staff, for what they do elsewhere than at a desk."""
        found = await self.app.store.user(self.user(name))
        assert found is not None
        return found[0]

    async def says(self, guest: str, text: str, **fields: Any) -> None:
        """Have a guest write on WhatsApp; when this returns, it is stored."""
        twilio, to = self.house.twilio, number_of(self.slug)
        form = twilio.inbound_form(text, sender=phone_of(guest), to=to, name=guest, **fields)
        signed_for = f"{self.app.config.public_url}/whatsapp"
        assert await twilio.post_inbound(f"{self.house.url}/whatsapp", form, signed_for=signed_for) == 200

    def phone_of(self, guest: str) -> str:
        return phone_of(guest)

    async def says_on_the_web(self, guest: str, text: str, **fields: Any) -> None:
        """Have a guest write in the web chat; when this returns, it is stored."""
        address = Address("webchat", f"{guest.lower()}-{self.slug}")
        await self.app.ingest(Inbound(self.slug, address, new_id(), text, guest_name=guest, **fields))

    async def messages(self, guest: str) -> Sequence[Message]:
        """Return what is stored of a guest's conversation, oldest first."""
        conversation = await self.conversation(guest)
        return (await self.app.store.history(conversation.id, None, 50)).messages

    async def conversation(self, guest: str) -> Conversation:
        """Return a guest's conversation as it is stored."""
        query = InboxQuery(hotels=frozenset({self.slug}), q=phone_of(guest))
        return (await self.app.store.inbox(query)).conversations[0]

    def copy(self, conversation: Conversation, times: int) -> None:
        """Put copies of a conversation below it in the inbox, a second older each, straight into the store."""
        self.house.copy(conversation, times, 1)


def phone_of(guest: str) -> str:
    """Return a guest's number, always the same one."""
    return f"+3519{zlib.crc32(guest.encode()) % 100_000_000:08}"


def hotels() -> list[str]:
    return [f"h{number:02}" for number in range(HOTELS)]


def configuration(folder: Path, twilio: TwilioWire) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the plugins that both houses have, and the rest of the configuration."""
    (folder / "hotel.md").write_text(FACTS)
    plugins: dict[str, Any] = {
        "faq_llm": {},
        "whatsapp_twilio": {
            "account_sid": ACCOUNT_SID,
            "auth_token": AUTH_TOKEN,
            "api_base_url": twilio.url,
            "numbers": {number_of(slug): slug for slug in hotels()},
        },
        "webchat": {},
        "dashboard": {},
        "house_extras": {},
    }
    core = {
        "secret_key": SECRET_KEY,
        "hotels": {
            slug: {
                "name": f"Hotel {slug.upper()}",
                "timezone": "Europe/Lisbon",
                "languages": ["en", "pt"],
                "facts": str(folder / "hotel.md"),
            }
            for slug in hotels()
        },
    }
    return plugins, core


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[House]:
    """The embedded default: SQLite, no Redis, the work in the web process."""
    async with TwilioWire() as twilio:
        plugins, core = configuration(folder, twilio)
        database = folder / "innbox.db"
        async with running_innbox(folder, {"sqlite_store": {"path": str(database)}, **plugins}, **core) as running:
            copy = CopyInSqlite(database)
            yield House("embedded", (running.url,), running.app, twilio, copy, ReachIntoSqlite(database))


@asynccontextmanager
async def two_webs(folder: Path, postgres: PostgresServer, redis_url: str) -> AsyncIterator[House]:
    """PostgreSQL and Redis, two web processes and a worker."""
    database = postgres.new_database()
    async with TwilioWire() as twilio, AsyncExitStack() as stack:
        stack.callback(postgres.drop_database, database)
        plugins, core = configuration(folder, twilio)
        plugins = {"postgres_store": {"url": database}, "redis_cache": {"url": redis_url}, **plugins}
        ports = [free_port(), free_port()]
        urls = tuple(f"http://127.0.0.1:{port}" for port in ports)
        config = write_config(folder, plugins, **core, public_url=urls[0], queue={"url": redis_url})
        await run("migrate", "-c", str(config))
        commands = [["serve", "--port", str(port)] for port in ports] + [["worker"]]
        processes = [
            InnboxProcess(*command, "-c", str(config), log=folder / f"{number}.log")
            for number, command in enumerate(commands)
        ]
        for process in processes:
            process.start()
            stack.callback(process.kill)
        app = App.from_config(load_config(config))
        await stack.enter_async_context(app.lifespan())
        for process, url in zip(processes, urls, strict=False):
            await process.wait_for_http(f"{url}/readyz")
        yield House("two-webs", urls, app, twilio, CopyInPostgres(database), ReachIntoPostgres(database))


async def run(*arguments: str) -> None:
    """Run a command of `innbox` to its end."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "innbox", *arguments, stdout=DEVNULL)
    assert await process.wait() == 0


AT_REST = ("answer_at", "deliver_at")  # with neither, nothing is due


class Reach(Protocol):
    """A hand in the house's database, for what would take too long to come about. Nobody is told of it."""

    def run(self, statement: str, *values: Any) -> None:
        """Run a statement with `{}` for each value."""
        ...

    def moment(self, seconds: float) -> Any:
        """Return a time so many seconds from now as it is stored."""
        ...


class ReachIntoSqlite:
    def __init__(self, path: Path) -> None:
        self._path = path

    def run(self, statement: str, *values: Any) -> None:
        with contextlib.closing(sqlite3.connect(self._path, timeout=20)) as database, database:
            database.execute(statement.replace("{}", "?"), values)

    def moment(self, seconds: float) -> int:
        return int((time.time() + seconds) * 1_000_000)


class ReachIntoPostgres:
    def __init__(self, url: str) -> None:
        self._url = url

    def run(self, statement: str, *values: Any) -> None:
        with psycopg.connect(self._url) as database:
            database.execute(statement.replace("{}", "%s"), values)

    def moment(self, seconds: float) -> datetime:
        return now() + timedelta(seconds=seconds)


class Copy:
    """Copies rows with all their columns but those that are named, so that it need not know what a table has."""

    def __init__(self) -> None:
        self._stamp = new_id()

    def id_of(self, what: str, number: int) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._stamp}/{what}/{number}"))


class CopyInSqlite(Copy):
    """A second connection to the house's database."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def __call__(self, conversation: Conversation, times: int, seconds: int) -> None:
        database = sqlite3.connect(self._path, timeout=20)
        database.row_factory = sqlite3.Row
        with database:
            one = database.execute("SELECT * FROM conversations WHERE id = ?", (conversation.id,)).fetchone()
            guest = database.execute("SELECT * FROM guests WHERE id = ?", (one["guest_id"],)).fetchone()
            message = database.execute("SELECT * FROM messages WHERE id = ?", (one["last_message_id"],)).fetchone()
            many = [self._changed(number, seconds, one, guest, message) for number in range(1, times + 1)]
            for table, at in (("guests", 0), ("conversations", 1), ("messages", 2)):
                # without the columns that the database makes itself
                names = [row["name"] for row in database.execute(f"PRAGMA table_info({table})")]
                marks = ", ".join("?" for _ in names)
                database.executemany(
                    f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})",
                    [tuple(copies[at][name] for name in names) for copies in many],
                )
        database.close()

    def _changed(self, number: int, seconds: int, one: Any, guest: Any, message: Any) -> tuple[dict[str, Any], ...]:
        ids = {what: self.id_of(f"{one['id']}/{what}", number) for what in ("guest", "conversation", "message")}
        name = f"Guest {number:05}"
        of_conversation: dict[str, Any] = {
            "id": ids["conversation"],
            "guest_id": ids["guest"],
            "last_message_id": ids["message"],
        }
        of_conversation |= dict.fromkeys(AT_REST)
        said = {"id": ids["message"], "conversation_id": ids["conversation"], "n": None, "provider_id": None}
        return (
            {**dict(guest), "id": ids["guest"], "name": name, "name_key": name.lower()},
            {**dict(one), **of_conversation, "last_at": one["last_at"] - number * seconds * 1_000_000},
            {**dict(message), **said, "client_id": None},
        )


class CopyInPostgres(Copy):
    """A connection of its own to the house's database."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def __call__(self, conversation: Conversation, times: int, seconds: int) -> None:
        with psycopg.connect(self._url) as database:
            found = database.execute("SELECT guest_id FROM conversations WHERE id = %s", (conversation.id,)).fetchone()
            assert found is not None
            ids = {
                what: sql.SQL("md5({stamp} || i)::uuid").format(stamp=sql.Literal(f"{conversation.id}/{what}/"))
                for what in ("guest", "conversation", "message")
            }
            self._copy(
                database,
                "guests",
                sql.SQL("id = {}").format(sql.Literal(found[0])),
                times,
                {"id": ids["guest"], "name": sql.SQL("'Guest ' || lpad(i::text, 5, '0')")},
            )
            self._copy(
                database,
                "conversations",
                sql.SQL("id = {}").format(sql.Literal(uuid.UUID(conversation.id))),
                times,
                {
                    "id": ids["conversation"],
                    "guest_id": ids["guest"],
                    **dict.fromkeys(AT_REST, sql.SQL("NULL")),
                    "last_at": sql.SQL("last_at - i * {} * interval '1 second'").format(sql.Literal(seconds)),
                },
            )
            self._copy(
                database,
                "messages",
                sql.SQL("conversation_id = {}").format(sql.Literal(uuid.UUID(conversation.id))),
                times,
                {
                    "id": sql.SQL("md5(id || '/' || i)::uuid"),
                    "conversation_id": ids["conversation"],
                    "provider_id": sql.SQL("NULL"),
                    "client_id": sql.SQL("NULL"),
                },
            )
        with psycopg.connect(self._url, autocommit=True) as database:
            database.execute("ANALYZE conversations, guests, messages")

    def _copy(self, database: Any, table: str, which: sql.Composable, times: int, changed: dict[str, Any]) -> None:
        found = database.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'"
            " AND table_schema = current_schema()",
            (table,),
        )
        names = [row[0] for row in found]
        values = [changed.get(name, sql.Identifier(name)) for name in names]
        database.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}, generate_series(1, {}) AS i WHERE {}").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, names)),
                sql.SQL(", ").join(values),
                sql.Identifier(table),
                sql.Literal(times),
                which,
            )
        )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def houses(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, redis_server_url: str
) -> AsyncIterator[Callable[[str], Awaitable[House]]]:
    """A function that gives the house of a name, and starts it where it does not run yet."""
    running: dict[str, House] = {}
    async with AsyncExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.syspath_prepend(str(EXTRAS))
        patch.setenv("PYTHONPATH", str(EXTRAS), prepend=os.pathsep)

        async def give(name: str) -> House:
            if name not in running:
                folder = tmp_path_factory.mktemp(name)
                made = (
                    embedded(folder)
                    if name == "embedded"
                    else two_webs(folder, postgres, redis_server_url.removesuffix("/0") + "/7")
                )  # a database of its own: its worker takes every wake
                running[name] = await stack.enter_async_context(made)
            return running[name]

        yield give


@pytest_asyncio.fixture(params=HOUSES, loop_scope="session")
async def house(request: pytest.FixtureRequest, houses: Callable[[str], Awaitable[House]]) -> House:
    """Each of the two houses, one after the other."""
    return await houses(request.param)


@pytest_asyncio.fixture(loop_scope="session")
async def hotel(house: House) -> Hotel:
    """A hotel of this test's own, with one member of staff, `ana`."""
    hotel = Hotel(house, next(house.free_hotels))
    await hotel.add_user("ana")
    return hotel


@pytest_asyncio.fixture(loop_scope="session")
async def open_desk(new_context: Any, hotel: Hotel, desk_on: Any) -> Callable[..., Awaitable[Any]]:
    """A function that opens the desk of a member of staff of the hotel, live, at an address of the house."""

    async def open_desk(
        user: str = "ana",
        url: str = hotel.house.url,
        prepare: Callable[[Page], Awaitable[None]] | None = None,
        live: str = "Live",
        **options: Any,
    ) -> Any:
        context = await new_context(**options)
        form: dict[str, str | float | bool] = {"username": hotel.user(user), "password": PASSWORD}
        await context.request.post(f"{url}/login", form=form, max_redirects=0)
        desk = desk_on(await context.new_page())
        if prepare:
            await prepare(desk.page)
        await desk.page.goto(f"{url}/dashboard")
        await expect(desk.page.locator(".connection")).to_contain_text(live)
        return desk

    return open_desk


class Line:
    """A line to a web process that can be cut: a forwarder on a port of its own."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url).port
        self._port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def mend(self) -> None:
        """Let connections through again, on the same port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End all connections, and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, to_there}
        await asyncio.gather(self._forward(reader, to_there), self._forward(there, writer))

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def line(house: House) -> AsyncIterator[Line]:
    """A line to the house's last web process, not yet cut."""
    line = Line(house.other_url)
    await line.mend()
    yield line
    await line.cut()


class Colleague:
    """A member of staff who works without a page: what they do goes the way that a desk's goes."""

    def __init__(self, hotel: Hotel, socket: Any) -> None:
        self._hotel = hotel
        self._socket = socket

    async def does(self, event: str, guest: str, **data: Any) -> dict[str, Any]:
        """Do something with a guest's conversation, such as `take_over`; return the answer."""
        asked = {"conversation_id": (await self._hotel.conversation(guest)).id, "client_id": new_id(), **data}
        answer: dict[str, Any] = await self._socket.call(event, asked, timeout=10)
        assert answer["ok"], answer
        return answer


@pytest_asyncio.fixture(loop_scope="session")
async def colleague(hotel: Hotel) -> AsyncIterator[Callable[[str], Awaitable[Colleague]]]:
    """A function that has a new member of staff, of that name, at the hotel's first web process."""
    async with AsyncExitStack() as stack:

        async def sit_down(name: str) -> Colleague:
            await hotel.add_user(name)
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=hotel.house.url, timeout=10))
            answer = await http.post("/login", data={"username": hotel.user(name), "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            socket = socketio.AsyncClient(reconnection=False)
            cookies = "; ".join(f"{key}={value}" for key, value in http.cookies.items())
            await socket.connect(hotel.house.url, headers={"Cookie": cookies}, transports=["websocket"])
            stack.push_async_callback(socket.disconnect)
            return Colleague(hotel, socket)

        yield sit_down
