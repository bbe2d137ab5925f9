"""Guests' messages: what the contract leaves to the store."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from innbox import IngestRules, now
from innbox.testing.store_contract.scenes import AT_ONCE, CHANNEL, guest_writes, says
from innbox_sqlite_store import SqliteDatabase

DAY = timedelta(hours=24)


async def test_the_webhook_is_kept_as_it_came(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    raw = {"Body": "caf\u00e9 \0 \ud800", "From": "whatsapp:+351911222333"}

    taken = await guest_writes(store, provider_id="SM1", raw=raw)

    ((kept, message_id),) = look("SELECT raw, message_id FROM raw_inbound WHERE provider_id = 'SM1'")
    assert json.loads(kept) == raw
    assert message_id == taken.message.id


async def test_a_webhook_kept_aside_is_taken_in_once_its_hotel_is_known(
    store: SqliteDatabase, look: Callable[..., Any]
) -> None:
    await store.keep_aside(CHANNEL, "SM1", {"To": "+1"}, "unknown number")
    assert look("SELECT reason, message_id FROM raw_inbound") == [("unknown number", None)]

    first = await guest_writes(store, provider_id="SM1")
    second = await guest_writes(store, provider_id="SM1")

    assert (first.duplicate, second.duplicate) == (False, True)
    assert look("SELECT reason, message_id FROM raw_inbound") == [(None, first.message.id)]


async def test_the_window_of_a_message_fetched_back_counts_from_when_it_was_sent(store: SqliteDatabase) -> None:
    rules = IngestRules(reply_window=DAY)
    an_hour_ago = now() - timedelta(hours=1)

    fetched = await store.ingest(says(sent_at=an_hour_ago), rules)
    assert fetched.conversation.window_closes_at == an_hour_ago + DAY

    live = await store.ingest(says(sent_at=now() + timedelta(days=365)), rules)
    older = await store.ingest(says(sent_at=an_hour_ago), rules)

    assert live.conversation.window_closes_at is not None
    assert live.conversation.window_closes_at <= now() + DAY, "a clock that is ahead opens no longer window"
    assert older.conversation.window_closes_at == live.conversation.window_closes_at, "and none closes it earlier"


async def test_a_language_is_kept_until_another_is_given(store: SqliteDatabase) -> None:
    await store.ingest(says(language="pt"), AT_ONCE)
    silent = await guest_writes(store)
    changed = await store.ingest(says(language="en"), AT_ONCE)

    assert (silent.conversation.guest.language, changed.conversation.guest.language) == ("pt", "en")
