"""Whatever the server does, a verb answers within two seconds, and goes on when the server does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from innbox import Inbound, IngestRules, StoreUnavailable
from innbox_postgres_store.pool import Database, conninfo
from innbox_postgres_store.store import DatabaseStore

RULES = IngestRules(0, 0)
Opens = Callable[[str], Awaitable[DatabaseStore]]
Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]


async def unavailable_within(seconds: float, verb: Awaitable[object]) -> None:
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await verb
    assert time.monotonic() - started < seconds


async def back_within(seconds: float, store: DatabaseStore) -> None:
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await store.ping()
            except StoreUnavailable:
                await asyncio.sleep(0.05)


async def test_a_restart_of_the_server_is_not_noticed(open_store: Opens, line: Any) -> None:
    store = await open_store(line.url)
    await asyncio.gather(*(store.ping() for _ in range(12)))

    line.cut()
    await asyncio.sleep(0.05)

    await asyncio.gather(*(store.ping() for _ in range(12)))


async def test_a_stopped_server_is_unavailable_until_it_is_back(open_store: Opens, line: Any) -> None:
    store = await open_store(line.url)
    await store.ping()

    await line.close()

    await unavailable_within(2, store.ping())
    await unavailable_within(2, store.last_event())
    await line.open()
    await back_within(6, store)


async def test_a_server_that_is_away_at_first_is_found_later(open_store: Opens, line: Any) -> None:
    await line.close()
    store = await open_store(line.url)
    await unavailable_within(2, store.ping())

    await line.open()

    await back_within(6, store)


async def test_a_frozen_server_is_unavailable_until_it_thaws(open_store: Opens, line: Any) -> None:
    store = await open_store(line.url)
    await store.ping()

    line.freeze()

    await asyncio.gather(*(unavailable_within(2, store.ping()) for _ in range(9)))
    line.thaw()
    await back_within(8, store)


async def test_a_connection_cut_in_mid_verb_is_unavailable(open_store: Opens, line: Any, sql: Sql, says: Says) -> None:
    store = await open_store(line.url)
    taken = await store.ingest(says(), RULES)
    with sql.transaction():
        sql.execute("SELECT FROM conversations FOR UPDATE")
        reading = asyncio.create_task(store.mark_read(taken.conversation.id))
        await asyncio.sleep(0.1)
        line.cut()

        await unavailable_within(1, reading)
    await store.ping()


async def test_what_is_locked_too_long_is_unavailable_and_unwritten(store: DatabaseStore, sql: Sql, says: Says) -> None:
    taken = await store.ingest(says("one"), RULES)
    with sql.transaction():
        sql.execute("SELECT FROM conversations FOR UPDATE")
        await unavailable_within(2, store.ingest(says("two"), RULES))

    history = await store.history(taken.conversation.id, None, 10)
    assert [message.text for message in history.messages] == ["one"]


async def test_a_verb_that_is_given_up_leaves_the_pool_whole(store: DatabaseStore, sql: Sql, says: Says) -> None:
    taken = await store.ingest(says(), RULES)
    with sql.transaction():
        sql.execute("SELECT FROM conversations FOR UPDATE")
        waiting = [asyncio.create_task(store.mark_read(taken.conversation.id)) for _ in range(10)]
        await asyncio.sleep(0.1)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    await asyncio.gather(*(store.ping() for _ in range(20)))


async def test_a_transaction_that_met_another_is_tried_again(store_url: str, sql: Sql) -> None:
    database = Database(store_url, pool_min=1, pool_max=1, statement_timeout_seconds=1)
    sql.execute("DROP SEQUENCE IF EXISTS meetings; CREATE SEQUENCE meetings")
    unlucky = """DO $$ BEGIN IF nextval('meetings') < {} THEN RAISE deadlock_detected; END IF; END $$"""
    database.queries = {"twice": unlucky.format(3).encode(), "always": unlucky.format(1000).encode()}
    await database.open()
    try:
        await database.rows("twice")
        with pytest.raises(StoreUnavailable):
            await database.rows("always")
        assert sql.execute("SELECT last_value FROM meetings").fetchall() == [(6,)]
    finally:
        await database.close()
        sql.execute("DROP SEQUENCE meetings")


async def test_a_closed_store_is_unavailable(store: DatabaseStore) -> None:
    await store.close()

    await unavailable_within(1, store.ping())


async def test_no_word_of_the_connection_is_in_the_error(open_store: Opens) -> None:
    store = await open_store("postgresql://innbox:hunter2@127.0.0.1:1/secret")

    with pytest.raises(StoreUnavailable) as caught:
        await store.ping()

    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_the_urls_own_words_win() -> None:
    url = "postgresql://a@b/c?connect_timeout=9&options=-c%20search_path%3Dx"

    given = conninfo_to_dict(conninfo(url, {"timezone": "UTC"}))

    assert given["connect_timeout"] in (9, "9")
    assert given["options"] == "-c timezone=UTC -c search_path=x"
    assert given["application_name"] == "innbox"
