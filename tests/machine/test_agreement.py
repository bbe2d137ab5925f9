"""One seeded sequence of steps, on both stores and on the model: in the end all three must tell the same.

`make machine STEPS=10000 SEED=1` walks further; without, it is a short walk. Where a store goes another way, the steps
are left out one after the other until only those remain that matter.
"""

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from innbox.testing.services import PostgresServer
from innbox.testing.store_machine import Disagreement, House, NewStore, StoreAtHand, shrink, walk
from innbox_postgres_store.pool import Database
from innbox_postgres_store.store import DatabaseStore
from innbox_sqlite_store import SqliteDatabase

STEPS = int(os.environ.get("INNBOX_MACHINE_STEPS", "150"))
SEED = int(os.environ.get("INNBOX_MACHINE_SEED", "3"))


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


async def walked(new_store: NewStore) -> House:
    try:
        async with new_store() as at_hand:
            return await walk(at_hand, SEED, STEPS)
    except Disagreement as long:
        raise (await shrink(new_store, SEED, long.steps) or long) from long


def told(house: House) -> list[tuple[Any, ...]]:
    """Return what a house tells that no store may choose: no ids, no times."""
    talks: list[tuple[Any, ...]] = []
    for talk in house.talks:
        shown = talk.shown
        said = tuple((one.seq, one.direction, one.text, one.status, one.error) for one in talk.messages)
        hands = (shown.status, shown.handled_by, shown.assignee, shown.epoch, shown.unread)
        talks.append((shown.hotel, shown.channel, shown.guest.handle, shown.guest.name, hands, said))
    return [*talks, tuple(name for name, _, _ in house.log)]


async def test_both_stores_go_the_models_way(on_sqlite: NewStore, on_postgres: NewStore) -> None:
    small, large = await walked(on_sqlite), await walked(on_postgres)

    assert told(small) == told(large)
