"""Claims that nobody heard of come back, and a silent worker's claims are lost."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from innbox import (
    Author,
    AuthorKind,
    DeliveryStatus,
    Draft,
    Finish,
    Inbound,
    IngestRules,
    NoReply,
    Reply,
    StoreUnavailable,
    TurnRecord,
)
from innbox_postgres_store.claims import LostClaims
from innbox_postgres_store.store import DatabaseStore

RULES = IngestRules(0, 0)
NOBODYS = "00000000-0000-7000-8000-000000000000"
Opens = Callable[[str], Awaitable[DatabaseStore]]
Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]


async def claimed(sql: Sql) -> None:
    """Wait until the server has made a claim whose answer was lost."""
    async with asyncio.timeout(5):
        while sql.execute("SELECT num_nonnulls(answer_by, deliver_by) FROM conversations").fetchall() == [(0,)]:
            await asyncio.sleep(0.02)


async def test_a_turn_whose_claim_was_not_heard_of_is_given_back(
    store: DatabaseStore, open_store: Opens, line: Any, sql: Sql, says: Says
) -> None:
    taken = await store.ingest(says(), RULES)
    worker = await open_store(line.url)
    await worker.heartbeat("w")
    for _ in range(12):  # on every connection the statement is prepared, so that the next call is one message
        await worker.claim_turn("w", NOBODYS, 20)
    line.freeze()
    with pytest.raises(StoreUnavailable):
        await worker.claim_turn("w", taken.conversation.id, 20)
    line.thaw()
    await claimed(sql)
    assert (await store.due(10)).answer == ()

    async with asyncio.timeout(8):
        while (await store.due(10)).answer == ():
            try:
                await worker.heartbeat("w")
            except StoreUnavailable:
                await asyncio.sleep(0.05)

    assert (await store.due(10)).answer == (taken.conversation.id,)
    assert await worker.claim_turn("w", taken.conversation.id, 20) is not None


async def test_a_delivery_whose_claim_was_not_heard_of_was_never_begun(
    store: DatabaseStore, open_store: Opens, line: Any, sql: Sql, says: Says
) -> None:
    taken = await store.ingest(says(), RULES)
    draft = Draft("Hi", Author(AuthorKind.STAFF, "Ana"))
    (message,) = (await store.staff_message(taken.conversation.id, "Ana", [draft], None)).messages
    worker = await open_store(line.url)
    await worker.heartbeat("w")
    for _ in range(12):
        await worker.claim_delivery("w", NOBODYS)
    line.freeze()
    with pytest.raises(StoreUnavailable):
        await worker.claim_delivery("w", taken.conversation.id)
    line.thaw()
    await claimed(sql)

    async with asyncio.timeout(8):
        while (await store.due(10)).deliver == ():
            try:
                await worker.heartbeat("w")
            except StoreUnavailable:
                await asyncio.sleep(0.05)

    found = await store.message(message.id)
    assert found is not None
    assert found.status is DeliveryStatus.PENDING
    delivery = await worker.claim_delivery("w", taken.conversation.id)
    assert delivery is not None
    assert (delivery.doubtful, delivery.outgoing.attempt) == (False, 1)


async def test_a_delivery_that_a_lost_end_of_a_turn_claimed_was_never_begun(
    store: DatabaseStore, open_store: Opens, line: Any, sql: Sql, says: Says
) -> None:
    taken = await store.ingest(says(), RULES)
    worker = await open_store(line.url)
    await worker.heartbeat("w")
    turn = await worker.claim_turn("w", taken.conversation.id, 20)
    assert turn is not None
    end = Reply((Draft("Hi", Author(AuthorKind.BOT)),), TurnRecord())
    for _ in range(12):
        await worker.commit_turn(replace(turn, fence=0), end, deliver_as="w")
    line.freeze()
    with pytest.raises(StoreUnavailable):
        await worker.commit_turn(turn, end, deliver_as="w")
    line.thaw()
    async with asyncio.timeout(5):
        while sql.execute("SELECT deliver_by FROM conversations").fetchall() == [(None,)]:
            await asyncio.sleep(0.02)

    async with asyncio.timeout(8):
        while (await store.due(10)).deliver == ():
            try:
                assert (await worker.commit_turn(turn, end, deliver_as="w")).verdict == "fenced"
                await worker.heartbeat("w")
            except StoreUnavailable:
                await asyncio.sleep(0.05)

    delivery = await worker.claim_delivery("w", taken.conversation.id)
    assert delivery is not None
    assert (delivery.doubtful, delivery.outgoing.attempt) == (False, 1)


async def test_a_claim_that_is_known_stays_when_another_was_lost(store: DatabaseStore, says: Says, sql: Sql) -> None:
    """The token given back is the lost call's; the same worker may have claimed the conversation since."""
    taken = await store.ingest(says(), RULES)
    await store.heartbeat("w")
    store._lost.add(taken.conversation.id, NOBODYS)
    turn = await store.claim_turn("w", taken.conversation.id, 20)
    assert turn is not None

    await store.heartbeat("w")

    assert (await store.commit_turn(turn, NoReply(TurnRecord()))).verdict == "done"


async def test_a_silent_workers_turn_is_anybodys(store: DatabaseStore, sql: Sql, says: Says) -> None:
    taken = await store.ingest(says(), RULES)
    await store.heartbeat("silent")
    lost = await store.claim_turn("silent", taken.conversation.id, 20)
    assert lost is not None
    sql.execute("UPDATE workers SET seen_at = seen_at - interval '9 seconds'")
    assert (await store.due(10)).answer == ()

    sql.execute("UPDATE workers SET seen_at = seen_at - interval '2 seconds'")

    assert (await store.due(10)).answer == (taken.conversation.id,)
    await store.heartbeat("other")
    assert await store.claim_turn("other", taken.conversation.id, 20) is not None
    assert (await store.commit_turn(lost, NoReply(TurnRecord()))).verdict == "fenced"


async def test_a_worker_that_wakes_up_has_lost_its_claims(store: DatabaseStore, sql: Sql, says: Says) -> None:
    """Stopped past the heartbeat's end and continued: nothing that it held is its own any more."""
    taken = await store.ingest(says(), RULES)
    await store.heartbeat("w")
    turn = await store.claim_turn("w", taken.conversation.id, 20)
    assert turn is not None
    sql.execute("UPDATE workers SET seen_at = seen_at - interval '11 seconds'")

    await store.heartbeat("w")

    assert (await store.due(10)).answer == (taken.conversation.id,)
    assert (await store.commit_turn(turn, NoReply(TurnRecord()))).verdict == "fenced"


async def test_what_a_silent_worker_was_sending_is_doubtful(store: DatabaseStore, sql: Sql, says: Says) -> None:
    taken = await store.ingest(says(), RULES)
    await store.staff_message(taken.conversation.id, "Ana", [Draft("Hi", Author(AuthorKind.STAFF, "Ana"))], None)
    await store.heartbeat("silent")
    lost = await store.claim_delivery("silent", taken.conversation.id)
    assert lost is not None
    sql.execute("UPDATE workers SET seen_at = seen_at - interval '11 seconds'")

    await store.heartbeat("other")
    held = await store.claim_delivery("other", taken.conversation.id)

    assert held is not None
    assert held.doubtful
    assert (await store.settle_delivery(lost, Finish("sent"))).fenced


def test_lost_claims_are_told_again_until_they_are_old(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = LostClaims()
    claims.add("conversation", "token")

    claims.told()
    assert claims.listed() == (["conversation"], ["token"])

    monkeypatch.setattr("innbox_postgres_store.claims.REMEMBERED_SECONDS", -1.0)
    claims.add("conversation", "token")
    claims.told()
    assert claims.listed() == ([], [])
