"""Event numbers are safe to resume from: none appears below one that has been told."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from innbox import Inbound, IngestRules
from innbox_postgres_store.store import DatabaseStore

RULES = IngestRules(0, 0)
Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]


async def test_who_commits_later_has_the_later_number(store: DatabaseStore, says: Says, sql: Sql) -> None:
    """Two open transactions: the first has its numbers and has not committed, so the second waits for its own."""
    here = (await store.ingest(says(handle="+1"), RULES)).conversation
    before = await store.last_event()
    with sql.transaction():
        sql.execute("SELECT mark_read(%s)", [here.id])
        writing = asyncio.create_task(store.ingest(says(handle="+2"), RULES))
        await asyncio.sleep(0.3)
        assert not writing.done()
        assert (await store.events_since(before, None, 10)).events == ()
        assert await store.last_event() == before

    numbers = [event.number for event in (await writing).events]

    told = [event.number for event in (await store.events_since(before, None, 10)).events]
    assert told == [before + 1, *numbers]


async def test_a_long_transaction_holds_nobody_up_before_it_is_numbered(
    store: DatabaseStore, says: Says, sql: Sql
) -> None:
    here = (await store.ingest(says(handle="+1"), RULES)).conversation
    with sql.transaction():
        sql.execute("UPDATE conversations SET unread = 7 WHERE id = %s", [here.id])
        told = await store.ingest(says(handle="+2"), RULES)
        sql.execute("SELECT tell(%s, '{}', '{}', true)", [here.id])

    numbers = [event.number for event in (await store.events_since(told.events[-1].number, None, 10)).events]

    assert numbers == [told.events[-1].number + 1]


async def test_eight_writers_and_a_reader_who_never_looks_back(store: DatabaseStore, says: Says) -> None:
    seen: list[int] = []

    async def write(line: int) -> None:
        for _ in range(25):
            await store.ingest(says(handle=f"+{line}"), RULES)

    writing = asyncio.gather(*(write(line) for line in range(8)))
    last = 0
    while not writing.done():
        page = await store.events_since(last, None, 500)
        assert all(event.number > last for event in page.events)
        seen += [event.number for event in page.events]
        last = page.last_event
    await writing
    seen += [event.number for event in (await store.events_since(last, None, 500)).events]

    assert seen == list(range(1, 8 * 25 * 2 + 1))


async def test_a_transaction_that_fails_leaves_no_gap_to_wait_for(store: DatabaseStore, says: Says, sql: Sql) -> None:
    here = (await store.ingest(says(), RULES)).conversation
    with pytest.raises(psycopg.errors.DivisionByZero):
        sql.execute("SELECT mark_read(%s), 1 / (random() * 0)::integer", [here.id])

    told = await store.mark_read(here.id)

    assert [event.number for event in told.events] == [3]


async def test_what_is_erased_leaves_no_copy_in_the_log(store: DatabaseStore, says: Says, sql: Sql) -> None:
    await store.ingest(says("My name is Rui"), RULES)
    kept = await store.ingest(says(handle="+2"), RULES)

    sql.execute("DELETE FROM guests WHERE id <> %s", [kept.conversation.guest.id])

    page = await store.events_since(0, None, 10)
    assert [event.number for event in page.events] == [3, 4]
    (row,) = sql.execute("SELECT json_agg(events)::text FROM events").fetchall()
    assert "Rui" not in row[0]
