"""Erasing guests: what the contract cannot see, in the database itself."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from innbox import Address, Inbound, IngestRules, address_mark, message_mark
from innbox_postgres_store.erasing import pads
from innbox_postgres_store.store import DatabaseStore

HOTEL, CHANNEL, HANDLE = "miramar", "whatsapp", "+351911222333"
RULES = IngestRules(0, 0, erasure_key=b"key")
Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]


@pytest.mark.parametrize("key", [b"", b"key", b"k" * 64, b"a longer key than a block " * 4], ids=len)
def test_the_database_makes_marks_as_innbox_does(sql: Sql, key: bytes) -> None:
    for words, mark in (
        (("message", CHANNEL, "SM-\u00e9\U0001f3d6"), message_mark(key, CHANNEL, "SM-\u00e9\U0001f3d6")),
        (("address", HOTEL, CHANNEL, HANDLE), address_mark(key, HOTEL, Address(CHANNEL, HANDLE))),
    ):
        made = sql.execute("SELECT make_mark(%s, %s, VARIADIC %s)", [*pads(key), list(words)]).fetchall()
        assert made == [(mark,)]


async def test_no_table_tells_of_an_erased_guest(store: DatabaseStore, says: Says, sql: Sql) -> None:
    await store.ingest(says("breakfast", handle="+1"), RULES)
    raw = {"From": f"whatsapp:{HANDLE}", "Body": "Is the hammam heated?"}
    taken = await store.ingest(says(raw["Body"], handle=HANDLE, guest_name="Rui Tavares", raw=raw), RULES)
    needles = (HANDLE, "hammam", "Tavares", taken.message.id, taken.message.provider_id or "SM")
    assert all(needle in everything(sql) for needle in needles)

    erased = await store.erase_guest(HOTEL, CHANNEL, HANDLE, "ana", b"key")

    assert erased is not None
    found = everything(sql)
    assert [needle for needle in needles if needle in found] == []
    assert "breakfast" in found
    assert found.count(taken.conversation.id) == 1, "but for the event that it is gone"
    assert found.count(erased.tombstone.guest_id) == 1 + len(erased.tombstone.marks)


async def test_webhooks_kept_aside_go_where_they_name_the_guest(store: DatabaseStore, says: Says, sql: Sql) -> None:
    await store.ingest(says(handle=HANDLE, raw={"odd": "\0 \ud800"}), RULES)
    for provider_id, raw in {
        "whole": {"Author": HANDLE, "Body": "\0 \ud800"},
        "prefixed": {"From": f"whatsapp:{HANDLE}"},
        "longer": {"From": f"whatsapp:{HANDLE}4"},
        "other": {"From": "whatsapp:+1"},
        "text": {"Body": f"call {HANDLE} please"},
    }.items():
        await store.keep_aside(CHANNEL, provider_id, raw, "unknown number")
    await store.keep_aside("sms", "other channel", {"From": HANDLE}, "unknown number")

    copy = await store.export_guest(HOTEL, CHANNEL, HANDLE)
    erased = await store.erase_guest(HOTEL, CHANNEL, HANDLE, "ana", b"key")

    assert copy is not None
    assert {one["provider_id"] for one in copy["webhooks"]} >= {"whole", "prefixed"}
    assert asides(sql) == {"longer", "other", "text", "other channel"}

    # and again, where a backup brings one back
    assert erased is not None
    await store.keep_aside(CHANNEL, "whole", {"Author": HANDLE}, "unknown number")
    again = await store.erase_again(erased.tombstone, b"key")
    assert again is not None
    assert again.events == ()
    assert asides(sql) == {"longer", "other", "text", "other channel"}


async def test_messages_wait_while_somebody_of_their_hotel_is_erased(
    store: DatabaseStore, says: Says, sql: Sql
) -> None:
    first = (await store.ingest(says("first", handle=HANDLE), RULES)).conversation
    with sql.transaction():
        erased = sql.execute("SELECT erase_guest(%s, %s, %s, 'ana', %s, %s)", [HOTEL, CHANNEL, HANDLE, *pads(b"key")])
        ((facts,),) = erased.fetchall()
        old = says("old", handle=HANDLE, sent_at=first.last_at)
        waiting = [asyncio.create_task(store.ingest(one, RULES)) for one in (old, says("new", handle=HANDLE))]
        there = asyncio.create_task(store.ingest(Inbound("palace", Address(CHANNEL, HANDLE), "SM-1", "there"), RULES))
        done, _ = await asyncio.wait([*waiting, there], timeout=0.3)
        assert done == set(), "the numbers of events wait, so that they appear in order"

    missed, back = await asyncio.gather(*waiting)
    await there

    assert facts["guest_id"] == first.guest.id
    assert (missed.erased, back.erased) == (True, False)
    assert back.conversation.guest.id != first.guest.id


async def test_an_erasure_waits_for_messages_that_are_coming_in(store: DatabaseStore, says: Says, sql: Sql) -> None:
    await store.ingest(says("first", handle=HANDLE), RULES)
    with sql.transaction():
        sql.execute("SELECT is_kept_out(%s, '', '{}', NULL)", [HOTEL])
        erasing = asyncio.create_task(store.erase_guest(HOTEL, CHANNEL, HANDLE, "ana", b"key"))
        elsewhere = await store.erase_guest("palace", CHANNEL, HANDLE, "ana", b"key")
        await asyncio.sleep(0.3)
        assert not erasing.done()

    assert elsewhere is None
    assert await erasing is not None


def everything(sql: Sql) -> str:
    """Return the rows of every table as text."""
    tables = sql.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    found = [
        sql.execute(psycopg.sql.SQL("SELECT t::text FROM {} AS t").format(psycopg.sql.Identifier(name))).fetchall()
        for (name,) in tables
    ]
    return repr(found)


def asides(sql: Sql) -> set[str]:
    return {name for (name,) in sql.execute("SELECT provider_id FROM raw_inbound WHERE message_id IS NULL").fetchall()}
