"""Each verb of a reply is one statement on the wire, and no transaction outlives it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from innbox import Author, AuthorKind, Draft, Finish, Inbound, InboxQuery, IngestRules, Reply, TurnRecord
from innbox_postgres_store.store import DatabaseStore

RULES = IngestRules(0, 0)
Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[TransactionStatus]:
    """Fills with the state of the connection after every statement that goes to the server."""
    found: list[TransactionStatus] = []
    execute = psycopg.AsyncConnection.execute

    async def counted(self: Any, query: Any, parameters: Sequence[Any] | None = None, **options: Any) -> Any:
        cursor = await execute(self, query, parameters, **options)
        found.append(self.info.transaction_status)
        return cursor

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", counted)
    return found


async def test_a_reply_is_four_statements_and_holds_no_transaction(
    store: DatabaseStore, says: Says, statements: list[TransactionStatus]
) -> None:
    await store.heartbeat("w")
    statements.clear()

    taken = await store.ingest(says(), RULES)
    turn = await store.claim_turn("w", taken.conversation.id, 30)
    assert turn is not None
    end = Reply((Draft("Hi", Author(AuthorKind.BOT)),), TurnRecord())
    committed = await store.commit_turn(turn, end, deliver_as="w")
    assert committed.delivery is not None
    await store.settle_delivery(committed.delivery, Finish("sent", "SM1"))

    assert statements == [TransactionStatus.IDLE] * 4


CROWD = """
INSERT INTO guests (id, hotel, name)
SELECT gen_random_uuid(), 'miramar', 'Guest ' || i FROM generate_series(1, 5000) AS i;
INSERT INTO addresses (hotel, channel, handle, guest_id)
SELECT 'miramar', 'whatsapp', '+351' || row_number() OVER (), id FROM guests;
INSERT INTO conversations (id, hotel, channel, guest_id, handle, handled_by, created_at, last_at, last_seq)
SELECT gen_random_uuid(), 'miramar', 'whatsapp', id, name, 'bot', now(), now() - random() * interval '9 days', 2
FROM guests;
INSERT INTO messages (id, conversation_id, seq, channel, direction, author_kind, text, created_at)
SELECT gen_random_uuid(), id, n, 'whatsapp', 'in', 'guest', 'the pool ' || n, last_at
FROM conversations CROSS JOIN generate_series(1, 2) AS n;
INSERT INTO events (number, name, hotel, channel, conversation_id)
SELECT row_number() OVER (), 'conversation_update', 'miramar', 'whatsapp', id FROM conversations;
UPDATE event_counter SET last = 5000;
"""
LARGE = ("guests", "addresses", "conversations", "messages", "events", "raw_inbound")


async def test_no_query_of_the_desk_or_a_reply_reads_a_large_table_whole(
    database_url: str, open_store: Any, says: Says
) -> None:
    # Given a crowd in a database of its own, where nothing of other tests is counted or planned with
    reader = await open_store(database_url)
    await reader.migrate()
    with psycopg.connect(database_url, autocommit=True) as sql:
        await _hold_no_large_table_is_read_whole(reader, sql, says)


async def _hold_no_large_table_is_read_whole(reader: DatabaseStore, sql: Sql, says: Says) -> None:
    sql.execute(CROWD)
    for table in LARGE:
        sql.execute(f"VACUUM ANALYZE {table}")
    before = await _settled(sql)

    conversation = (await reader.inbox(InboxQuery(limit=1))).conversations[0]
    for query in (
        InboxQuery(),
        InboxQuery(hotels=frozenset({"miramar"})),
        InboxQuery(status="open"),
        InboxQuery(hotels=frozenset({"miramar"}), status="open", handled_by="bot"),
        InboxQuery(cursor=(await reader.inbox(InboxQuery(limit=50))).next_cursor),
        InboxQuery(q="pool"),
        InboxQuery(q="sauna"),
        InboxQuery(q="Guest 4711"),
        InboxQuery(q="+3514711"),
    ):
        await reader.inbox(query)
    await reader.history(conversation.id, None, 50)
    await reader.events_since(4900, None, 50)
    await reader.events_since(4900, frozenset({"miramar"}), 50)
    await reader.conversation(conversation.id)
    await reader.conversation_for("miramar", "whatsapp", "+3514711")
    await reader.heartbeat("w")
    taken = await reader.ingest(says(), RULES)
    turn = await reader.claim_turn("w", taken.conversation.id, 30)
    assert turn is not None
    end = Reply((Draft("Hi", Author(AuthorKind.BOT)),), TurnRecord())
    committed = await reader.commit_turn(turn, end, deliver_as="w")
    assert committed.delivery is not None
    await reader.settle_delivery(committed.delivery, Finish("sent", "SM1"))
    await reader.due(50)
    await reader.pulse()
    await reader.close()  # a server's process tells what it did at its end, if not before

    assert _scans(sql) - before == Counter()


async def _settled(sql: Sql) -> Counter[str]:
    """Return the scans once all that was done before is told, which the server does a moment later."""
    scans: Counter[str] | None = None
    while scans != (scans := _scans(sql)):
        await asyncio.sleep(0.5)
    return scans


def _scans(sql: Sql) -> Counter[str]:
    """Return how often each large table was read from one end to the other."""
    sql.execute("SELECT pg_stat_force_next_flush()")
    rows = sql.execute("SELECT relname, seq_scan FROM pg_stat_user_tables WHERE relname = ANY (%s)", [list(LARGE)])
    return Counter(dict(rows.fetchall()))


async def test_a_word_of_very_many_messages_is_not_looked_up_for_all_of_them(
    database_url: str, open_store: Any
) -> None:
    # Given a crowd whose every message has one word in common, and the server's statistics of that
    crowd = await open_store(database_url)
    await crowd.migrate()
    await crowd.close()
    with psycopg.connect(database_url, autocommit=True) as sql:
        sql.execute(CROWD)
        sql.execute("VACUUM ANALYZE")
        before = _lookups(sql)

        # When that word and a rare one are searched
        assert await _search(await open_store(database_url), "pool") == 50
        of_common = _lookups(sql)
        assert await _search(await open_store(database_url), "sauna") == 0

        # Then the index of words was read for the rare one alone
        assert of_common == before
        assert _lookups(sql) > before


async def _search(store: DatabaseStore, words: str) -> int:
    found = await store.inbox(InboxQuery(q=words, limit=50))
    await store.close()  # a server's process tells what it did at its end, if not before
    await asyncio.sleep(0.5)
    return len(found.conversations)


def _lookups(sql: Sql) -> int:
    """Return how often the index of words was read."""
    row = sql.execute("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'messages_by_words'").fetchone()
    assert row is not None
    return int(row[0])
