"""Replies beyond the contract."""

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from innbox import HandledBy, Inbound, IngestRules, new_id
from innbox_postgres_store.store import DatabaseStore

Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]


async def test_a_process_that_was_not_restarted_yet_still_replies(store: DatabaseStore, says: Says, sql: Sql) -> None:
    """It calls the function of the schema that it knows."""
    taken = await store.ingest(says(), IngestRules(0, 0))
    draft = {"id": new_id(), "direction": "out", "author_kind": "staff", "author_name": "Ana", "text": "Hi", "meta": {}}

    sql.execute(
        "SELECT staff_message(%s::uuid, 'Ana', jsonb_build_array(%s::jsonb), NULL)",
        [taken.conversation.id, Jsonb(draft)],
    )

    conversation = await store.conversation(taken.conversation.id)
    assert conversation is not None
    assert conversation.last_message is not None
    assert (conversation.handled_by, conversation.last_message.text) == (HandledBy.STAFF, "Hi")
