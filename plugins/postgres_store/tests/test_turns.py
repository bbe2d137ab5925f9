"""Turns beyond the contract: their record, and what a flood of messages costs."""

from collections.abc import Callable
from typing import Any

import psycopg

from innbox import Author, AuthorKind, Draft, Effect, Inbound, IngestRules, Reply, TurnRecord
from innbox_postgres_store.store import DatabaseStore

RULES = IngestRules(0, 0)
Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]


async def test_a_turn_leaves_its_record_and_its_effects(store: DatabaseStore, says: Says, sql: Sql) -> None:
    taken = await store.ingest(says(), RULES)
    await store.heartbeat("w")
    turn = await store.claim_turn("w", taken.conversation.id, 20)
    assert turn is not None
    effect = Effect("refund", "Give back 20 EUR", {"amount": 20}, needs_approval=True)

    await store.commit_turn(
        turn, Reply((Draft("Done", Author(AuthorKind.BOT)),), TurnRecord(model="m", sources=("facts",)), (effect,))
    )

    query = "SELECT id::text, ending, record ->> 'model', record -> 'sources' ->> 0 FROM turns"
    assert sql.execute(query).fetchall() == [(turn.id, "reply", "m", "facts")]
    query = "SELECT turn_id::text, tool, what, data ->> 'amount', needs_approval FROM tool_effects"
    assert sql.execute(query).fetchall() == [(turn.id, "refund", "Give back 20 EUR", "20", True)]


async def test_of_thousands_of_unanswered_messages_the_newest_are_shown(
    store: DatabaseStore, says: Says, sql: Sql
) -> None:
    taken = await store.ingest(says(), RULES)
    sql.execute(
        """
        INSERT INTO messages (id, conversation_id, seq, channel, direction, author_kind, text, created_at)
        SELECT gen_random_uuid(), %s, i, 'whatsapp', 'in', 'guest', i::text, now() FROM generate_series(2, 2000) AS i
        """,
        [taken.conversation.id],
    )
    sql.execute("UPDATE conversations SET last_seq = 2000, last_in_seq = 2000")
    await store.heartbeat("w")

    turn = await store.claim_turn("w", taken.conversation.id, 20)

    assert turn is not None
    assert len(turn.history) == 20
    assert len(turn.unanswered) == 500
    assert turn.unanswered[-1].text == "2000"
