"""Stores that are new and empty, as often as a test wants one."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from innbox.testing.services import PostgresServer
from innbox.testing.store_machine import NewStore, StoreAtHand
from innbox_postgres_store.pool import Database
from innbox_postgres_store.store import DatabaseStore
from innbox_sqlite_store import SqliteDatabase


@pytest.fixture
def on_sqlite(tmp_path: Path) -> NewStore:
    numbers = iter(range(10_000))

    @asynccontextmanager
    async def new() -> AsyncIterator[StoreAtHand]:
        path = tmp_path / f"{next(numbers)}.db"

        async def set_seen(worker: str, at: datetime) -> None:
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                seen = int(at.timestamp() * 1_000_000)
                connection.execute("UPDATE workers SET seen_at = ? WHERE name = ?", (seen, worker))

        store = SqliteDatabase(path)
        store.open()
        await store.migrate()
        yield StoreAtHand(store, set_seen)
        await store.close()

    return new


@pytest.fixture
def on_postgres(postgres: PostgresServer) -> Iterator[NewStore]:
    urls: list[str] = []

    def new() -> AbstractAsyncContextManager[StoreAtHand]:
        urls.append(postgres.new_database())
        return _postgres_store(urls[-1])

    yield new
    for url in urls:
        postgres.drop_database(url)


@asynccontextmanager
async def _postgres_store(url: str) -> AsyncIterator[StoreAtHand]:
    with psycopg.connect(url, autocommit=True) as connection:
        database = Identifier(connection.info.dbname)
        connection.execute(SQL("ALTER DATABASE {} SET synchronous_commit = off").format(database))  # no crash here

        async def set_seen(worker: str, at: datetime) -> None:
            connection.execute("UPDATE workers SET seen_at = %s WHERE name = %s", (at, worker))

        store = DatabaseStore("postgres_store", Database(url, pool_min=1, pool_max=4, statement_timeout_seconds=1.5))
        await store.migrate()
        await store.open()
        yield StoreAtHand(store, set_seen)
        await store.close()
