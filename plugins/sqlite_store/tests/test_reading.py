"""Pages: what the contract leaves to the store."""

from collections.abc import Callable
from typing import Any

import pytest

from innbox import MOST_COUNTED, InboxQuery, Refused
from innbox.testing.store_contract.scenes import guest_writes
from innbox_sqlite_store import SqliteDatabase

Look = Callable[..., list[tuple[Any, ...]]]

CROWD = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1200)
INSERT INTO conversations (id, hotel, channel, guest_id, handle, handled_by, last_at)
SELECT 'crowd-' || n, hotel, 'crowd-' || n, guest_id, n, 'bot', last_at FROM numbers, conversations
"""


async def found(store: SqliteDatabase, q: str) -> int:
    return len((await store.inbox(InboxQuery(q=q))).conversations)


@pytest.mark.parametrize("cursor", ["nonsense", "1.2", "9" * 40, "١٢٣." + "0" * 36])
async def test_a_cursor_of_nobodys_is_refused(store: SqliteDatabase, cursor: str) -> None:
    with pytest.raises(Refused, match="cursor"):
        await store.inbox(InboxQuery(cursor=cursor))


@pytest.mark.parametrize("q", ["break", "EARLY breakfast", "café", "cafe", "joão", "JOÃO P", "222", "breakfast early"])
async def test_search_forgives_case_accents_and_the_rest_of_a_word(store: SqliteDatabase, q: str) -> None:
    await guest_writes(store, "An early breakfast, or only a café?", guest_name="João Pires")

    assert await found(store, q) == 1


@pytest.mark.parametrize("q", ["reakfast", "breakfast late", 'x" OR "early', "early NOT late", "\ud800", "\0"])
async def test_search_finds_nothing_else(store: SqliteDatabase, q: str) -> None:
    await guest_writes(store, "An early breakfast", guest_name="João Pires")

    assert await found(store, q) == 0


async def test_a_blank_search_is_none(store: SqliteDatabase) -> None:
    await guest_writes(store)

    assert await found(store, "   ") == 1


async def test_numbers_larger_than_any_are_no_error(store: SqliteDatabase) -> None:
    taken = await guest_writes(store)

    assert (await store.events_since(10**30, None, 10)).events == ()
    assert len((await store.events_since(-(10**30), None, 10)).events) == 2
    assert len((await store.history(taken.conversation.id, 10**30, 10)).messages) == 1


async def test_a_reader_ahead_of_the_log_is_told_where_it_ends(store: SqliteDatabase) -> None:
    await guest_writes(store)

    assert (await store.events_since(1000, None, 10)).last_event == 2


async def test_counts_go_no_further_than_staff_need_to_know(store: SqliteDatabase, look: Look) -> None:
    await guest_writes(store)
    look(CROWD)

    for hotels in (None, frozenset({"miramar"})):
        counts = await store.view_counts("Ana", hotels)
        assert (counts["bot"], counts["mine"]) == (MOST_COUNTED, 0)
