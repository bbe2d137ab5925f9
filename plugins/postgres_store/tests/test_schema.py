"""Migrations: once each, in order, all or nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from innbox import DELIVERY_RANK, HEARTBEAT_LIFE, NotReady, StoreUnavailable, View, ViewQuery
from innbox_postgres_store import schema
from innbox_postgres_store.queries import load_migrations
from innbox_postgres_store.store import DatabaseStore

Opens = Callable[[str], Awaitable[DatabaseStore]]
Sql = psycopg.Connection[tuple[Any, ...]]

MOODS = b"""-- concurrently
DROP INDEX CONCURRENTLY IF EXISTS watermarks_by_time;
CREATE INDEX CONCURRENTLY watermarks_by_time ON watermarks (at);
"""


@pytest.fixture
async def bare_store(database_url: str, open_store: Opens) -> DatabaseStore:
    """A store on a database without any table."""
    return await open_store(database_url)


async def test_two_at_once_apply_everything_once(bare_store: DatabaseStore) -> None:
    assert await bare_store.pending_migrations() == list(load_migrations())

    applied = await asyncio.gather(bare_store.migrate(), bare_store.migrate(), bare_store.migrate())

    assert sorted(applied, key=len) == [[], [], list(load_migrations())]
    assert await bare_store.pending_migrations() == []


BEFORE_THE_DESK = """
SELECT ingest_message(
    'miramar', ARRAY['whatsapp'], ARRAY[$1], $1, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
    'Hello', NULL, 'Rui', NULL, NULL, '{}', NULL, interval '0', interval '0', true, NULL
)
"""


async def test_what_was_there_before_the_desk_is_there_at_the_desk(
    bare_store: DatabaseStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = load_migrations()
    monkeypatch.setattr(
        schema, "load_migrations", lambda: {name: text for name, text in everything.items() if name < "0011"}
    )
    await bare_store.migrate()
    async with await psycopg.AsyncConnection.connect(
        database_url, autocommit=True, cursor_factory=psycopg.AsyncRawCursor
    ) as older:
        for handle in ("+351911000001", "+351911000002"):
            await older.execute(BEFORE_THE_DESK, [handle])
        await older.execute("SELECT resolve(id) FROM conversations WHERE handle = '+351911000002'")

        monkeypatch.setattr(schema, "load_migrations", lambda: everything)
        await bare_store.migrate()

        (waiting,) = (await bare_store.view(ViewQuery(View.WAITING, "Ana"))).conversations
        (resolved,) = (await bare_store.view(ViewQuery(View.RESOLVED, "Ana"))).conversations
        assert (waiting.guest.handle, resolved.guest.handle) == ("+351911000001", "+351911000002")
        assert waiting.waiting_since == waiting.last_at

        # And a process of the version before goes on until it is restarted
        await older.execute(BEFORE_THE_DESK, ["+351911000003"])
        assert len((await bare_store.view(ViewQuery(View.BOT, "Ana"))).conversations) == 2


async def test_a_schema_that_is_behind_says_what_to_run(bare_store: DatabaseStore) -> None:
    with pytest.raises(NotReady, match="innbox migrate"):
        await bare_store.last_event()


async def test_a_migration_that_fails_leaves_nothing(
    bare_store: DatabaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {**load_migrations(), "9999_broken": b"CREATE TABLE half (id integer); SELECT 1 / 0"}
    monkeypatch.setattr(schema, "load_migrations", lambda: broken)

    with pytest.raises(psycopg.errors.DivisionByZero):
        await bare_store.migrate()

    assert await bare_store.pending_migrations() == list(broken)


async def test_a_migration_gives_way_to_who_is_at_work(
    bare_store: DatabaseStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bare_store.migrate()

    # Given somebody who reads messages for a while, and a migration that wants the table for itself
    newer = {**load_migrations(), "9999_newer": b"ALTER TABLE messages ADD COLUMN mood text"}
    monkeypatch.setattr(schema, "load_migrations", lambda: newer)
    reader = await psycopg.AsyncConnection.connect(database_url)
    await reader.execute("LOCK TABLE messages IN ACCESS SHARE MODE")

    migrating = asyncio.create_task(bare_store.migrate())
    await asyncio.sleep(0.3)

    # Then who comes later waits for a moment and no longer, as often as the migration asks again
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as later:
        for _ in range(4):
            await later.execute("SET statement_timeout = '1500ms'")
            await later.execute("SELECT count(*) FROM messages")
            await asyncio.sleep(0.2)
    assert not migrating.done()

    # And when the reader is done, the migration is applied
    await reader.close()
    assert await migrating == ["9999_newer"]


async def test_tables_that_are_never_free_are_an_error_that_says_so(
    bare_store: DatabaseStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bare_store.migrate()
    newer = {**load_migrations(), "9999_newer": b"ALTER TABLE messages ADD COLUMN mood text"}
    monkeypatch.setattr(schema, "load_migrations", lambda: newer)
    monkeypatch.setattr(schema, "PATIENCE_SECONDS", 0.0)

    async with await psycopg.AsyncConnection.connect(database_url) as reader:
        await reader.execute("LOCK TABLE messages IN ACCESS SHARE MODE")
        with pytest.raises(NotReady, match="too busy"):
            await bare_store.migrate()

    assert await bare_store.pending_migrations() == ["9999_newer"]


async def test_an_index_is_built_while_everybody_works(
    bare_store: DatabaseStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bare_store.migrate()

    # Given somebody in the middle of a change, for whom the building of an index waits
    newer = {**load_migrations(), "9999_index": MOODS}
    monkeypatch.setattr(schema, "load_migrations", lambda: newer)
    changing = await psycopg.AsyncConnection.connect(database_url)
    await changing.execute("INSERT INTO watermarks VALUES ('one', now())")

    migrating = asyncio.create_task(bare_store.migrate())
    second = asyncio.create_task(bare_store.migrate())
    await asyncio.sleep(0.3)

    # Then others change the table meanwhile
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
        await other.execute("SET lock_timeout = '500ms'")
        await other.execute("INSERT INTO watermarks VALUES ('two', now())")
    assert not migrating.done()

    # And when the change is made, the index is there, once
    await changing.commit()
    await changing.close()
    assert sorted([list(await migrating), list(await second)]) == [[], ["9999_index"]]
    assert await bare_store.pending_migrations() == []


async def test_an_index_that_was_left_half_built_is_built_anew(
    bare_store: DatabaseStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bare_store.migrate()
    broken = {**load_migrations(), "9998_before": b"CREATE TABLE mood ()", "9999_index": MOODS + b"SELECT 1 / 0;\n"}
    monkeypatch.setattr(schema, "load_migrations", lambda: broken)
    with pytest.raises(psycopg.errors.DivisionByZero):
        await bare_store.migrate()
    assert await bare_store.pending_migrations() == ["9999_index"]

    monkeypatch.setattr(schema, "load_migrations", lambda: {**broken, "9999_index": MOODS})

    assert await bare_store.migrate() == ["9999_index"]


async def test_without_a_server_it_is_unavailable(open_store: Opens) -> None:
    store = await open_store("postgresql://nobody@127.0.0.1:1/nothing")

    with pytest.raises(StoreUnavailable):
        await store.migrate()


def test_the_database_ranks_deliveries_as_innbox_does(sql: Sql) -> None:
    for status, rank in DELIVERY_RANK.items():
        assert sql.execute("SELECT delivery_rank(%s)", [status.value]).fetchall() == [(rank,)]


def test_the_database_waits_for_heartbeats_as_innbox_does(sql: Sql) -> None:
    assert sql.execute("SELECT heartbeat_life()").fetchall() == [(HEARTBEAT_LIFE,)]


def test_migrations_have_numbers_of_their_own() -> None:
    numbers = [name.partition("_")[0] for name in load_migrations()]

    assert all(len(number) == 4 and number.isdigit() for number in numbers)
    assert len(set(numbers)) == len(numbers)
