"""Stores, the databases below them, and a line to the database that can be cut."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier

from innbox import Address, Inbound, new_id
from innbox.testing.services import PostgresServer
from innbox_postgres_store.pool import Database
from innbox_postgres_store.store import DatabaseStore

EMPTY = Path(__file__).with_name("empty.sql").read_bytes()


def store_on(url: str) -> DatabaseStore:
    return DatabaseStore("postgres_store", Database(url, pool_min=1, pool_max=6, statement_timeout_seconds=1.5))


@pytest.fixture(scope="session")
def migrated_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a migrated database that tests share, one after the other."""
    url = postgres.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        # tests need not survive a crash of the machine, and run in half the time
        connection.execute(
            SQL("ALTER DATABASE {} SET synchronous_commit = off").format(Identifier(connection.info.dbname))
        )
    asyncio.run(_migrate(url))
    yield url
    postgres.drop_database(url)


async def _migrate(url: str) -> None:
    await store_on(url).migrate()


@pytest.fixture
def store_url(migrated_url: str) -> str:
    """The URL of a migrated, empty database."""
    with psycopg.connect(migrated_url, autocommit=True) as connection:
        connection.execute(EMPTY)
    return migrated_url


@pytest.fixture
async def open_store() -> AsyncIterator[Callable[[str], Any]]:
    """A function that opens a store on a URL until the test ends."""
    opened: list[DatabaseStore] = []

    async def open_on(url: str) -> DatabaseStore:
        store = store_on(url)
        await store.open()
        opened.append(store)
        return store

    yield open_on
    for store in opened:
        await store.close()


@pytest.fixture
async def store(store_url: str, open_store: Callable[[str], Any]) -> DatabaseStore:
    """An open, migrated, empty store."""
    found: DatabaseStore = await open_store(store_url)
    return found


@pytest.fixture
async def second_store(store: DatabaseStore, store_url: str, open_store: Callable[[str], Any]) -> DatabaseStore:
    """Another store on the same database, as a second process would have it."""
    found: DatabaseStore = await open_store(store_url)
    return found


class Line:
    """A line to the database, over TCP on the loopback interface, that can be cut, closed and frozen."""

    def __init__(self, url: str) -> None:
        self._target = {name: str(value) for name, value in conninfo_to_dict(url).items()}
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0

    @property
    def url(self) -> str:
        return make_conninfo(**{**self._target, "host": "127.0.0.1", "port": str(self.port), "sslmode": "disable"})

    async def open(self) -> None:
        """Take connections, on the same port as before."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """End all connections; new ones are taken."""
        for end in list(self._ends):
            end.transport.abort()

    async def close(self) -> None:
        """End all connections and refuse new ones, as a stopped server does."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.sleep(0)

    def freeze(self) -> None:
        """Take bytes and connections, and let nothing through."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._target["host"], int(self._target.get("port", 5432))
        with suppress(OSError):
            if host.startswith("/"):
                far_reader, far_writer = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
            else:
                far_reader, far_writer = await asyncio.open_connection(host, port)
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            self._ends.discard(writer)
            writer.close()


@pytest.fixture
async def line(store_url: str) -> AsyncIterator[Line]:
    """A line to a migrated, empty database."""
    line = Line(store_url)
    await line.open()
    yield line
    line.thaw()
    await line.close()


@pytest.fixture
def sql(store_url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A plain connection to the store's database, for what no verb does."""
    with psycopg.connect(store_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def says() -> Callable[..., Inbound]:
    """A function that makes a guest's message."""

    def say(text: str = "Hello", handle: str = "+351911222333", **more: Any) -> Inbound:
        return Inbound("miramar", Address("whatsapp", handle), f"SM-{new_id()}", text, **more)

    return say
