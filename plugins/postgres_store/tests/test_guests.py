"""Guests' messages beyond the contract: late ones, and webhooks that found no hotel at first."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from innbox import Address, Attachment, Inbound, IngestRules, now
from innbox.testing.services import PostgresServer
from innbox_postgres_store.pool import Database
from innbox_postgres_store.store import DatabaseStore

RULES = IngestRules(0, 0, reply_window=timedelta(hours=24))
Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]


async def test_a_webhook_kept_aside_is_taken_in_once_its_number_has_a_hotel(store: DatabaseStore, says: Says) -> None:
    inbound = says()
    await store.keep_aside("whatsapp", inbound.provider_id, {}, "unknown number")

    assert not (await store.ingest(inbound, RULES)).duplicate
    assert (await store.ingest(inbound, RULES)).duplicate


async def test_the_window_counts_from_the_time_at_which_the_guest_wrote(store: DatabaseStore, says: Says) -> None:
    late = await store.ingest(says(sent_at=now() - timedelta(hours=3)), RULES)
    assert late.conversation.window_closes_at is not None
    assert abs(late.conversation.window_closes_at - now() - timedelta(hours=21)) < timedelta(seconds=5)

    future = await store.ingest(says(sent_at=now() + timedelta(days=9)), RULES)
    assert future.conversation.window_closes_at is not None
    assert future.conversation.window_closes_at < now() + timedelta(hours=24, seconds=5)


async def test_a_late_message_does_not_close_a_window_early(store: DatabaseStore, says: Says) -> None:
    first = await store.ingest(says(), RULES)
    second = await store.ingest(says(sent_at=now() - timedelta(hours=3)), RULES)

    assert second.conversation.window_closes_at == first.conversation.window_closes_at


async def test_the_raw_webhook_is_kept_even_with_what_jsonb_refuses(store: DatabaseStore, says: Says, sql: Sql) -> None:
    await store.ingest(says(raw={"Body": "a\x00b \ud800"}), RULES)

    assert sql.execute("SELECT raw::text FROM raw_inbound").fetchall() == [('{"Body": "a\\u0000b \\ud800"}',)]


async def test_new_guests_with_crossed_aliases_do_not_wait_for_each_other(
    store: DatabaseStore, second_store: DatabaseStore, says: Says
) -> None:
    phone, user_id = Address("whatsapp", "+1"), Address("whatsapp", "PT.1")
    by_phone = [says(handle="+1", aliases=(user_id,)) for _ in range(8)]
    by_user_id = [says(handle="PT.1", aliases=(phone,)) for _ in range(8)]

    taken = await asyncio.gather(
        *(store.ingest(inbound, RULES) for inbound in by_phone),
        *(second_store.ingest(inbound, RULES) for inbound in by_user_id),
    )

    assert len({one.conversation.id for one in taken}) == 1
    assert sorted(one.message.seq for one in taken) == list(range(1, 17))


async def test_a_guest_is_answered_where_they_last_wrote_from(store: DatabaseStore, says: Says) -> None:
    await store.ingest(says(handle="+1"), RULES)

    taken = await store.ingest(replace(says(handle="PT.1"), aliases=(Address("whatsapp", "+1"),)), RULES)

    assert taken.conversation.guest.handle == "PT.1"


async def test_only_what_must_be_fetched_is_due(store: DatabaseStore, says: Says) -> None:
    here = Attachment("image", url="/1")
    there = Attachment("image", state="fetching", source="https://example.com/1")

    await store.ingest(says(attachments=(here, there)), RULES)

    assert [job.position for job in await store.media_due(10)] == [1]


async def test_what_a_message_reads_is_found_by_its_whole_key_without_statistics(
    postgres: PostgresServer, says: Says
) -> None:
    # Given a hotel of many guests, and a long conversation, in a database that nobody has analyzed
    url = postgres.new_database()
    store = DatabaseStore("postgres_store", Database(url, pool_min=1, pool_max=1, statement_timeout_seconds=1.5))
    await store.migrate()
    await store.open()
    sql = psycopg.connect(url, autocommit=True)
    for table in ("addresses", "messages"):
        sql.execute(SQL("ALTER TABLE {} SET (autovacuum_enabled = off)").format(Identifier(table)))
    for number in range(60):
        await store.ingest(says(handle=f"+3519110000{number:02}"), RULES)

    async def read_by(messages: int) -> dict[str, tuple[int, int]]:
        """Take in messages; return how often each index has been looked into, and the rows that were read there."""
        for _ in range(messages):
            await store.ingest(says(), RULES)
        await asyncio.sleep(1.1)  # for as long a connection may keep its figures to itself
        await store.ingest(says(), RULES)
        rows = sql.execute("SELECT indexrelname, idx_scan, idx_tup_read FROM pg_stat_user_indexes")
        return {name: (scans, read) for name, scans, read in rows}

    # When more of it come
    before, after = await read_by(40), await read_by(60)
    await store.close()
    sql.close()
    postgres.drop_database(url)

    # Then neither the hotel's addresses nor the conversation's messages are read for it
    for index in ("addresses_pkey", "messages_conversation_id_seq_key"):
        scans, read = (late - early for late, early in zip(after[index], before[index], strict=True))
        assert scans >= 60, index
        assert read / scans < 1.5, index
