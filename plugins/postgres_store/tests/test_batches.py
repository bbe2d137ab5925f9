"""Verbs that are called while others are at the server go together, and nobody notices but the server."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from innbox import Author, AuthorKind, Draft, Finish, Inbound, IngestRules, Reply, StoreUnavailable, TurnRecord
from innbox.testing.store_contract.answering import AnsweringContract
from innbox.testing.store_contract.delivering import DeliveringContract
from innbox.testing.store_contract.guests import GuestsContract
from innbox.testing.store_contract.reports import ReportsContract
from innbox_postgres_store.batches import LARGEST, Batches, Call
from innbox_postgres_store.store import DatabaseStore

RULES = IngestRules(0, 0)
Opens = Callable[[str], Awaitable[DatabaseStore]]
Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]


class TestVerbsInBatches(GuestsContract, AnsweringContract, DeliveringContract, ReportsContract):
    """What the port promises, where every verb of a reply goes in a batch."""

    @pytest.fixture(autouse=True)
    def _always_together(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def value(batches: Batches, verb: str, *parameters: Any) -> Any:
            call = Call.of(verb, parameters)
            await batches.together([call])
            return await call.answer

        async def alone(batches: Batches, call: Call) -> None:
            """A verb may meet a lock in its batch, but not again and again."""
            refusals[call] = refusals.get(call, 0) + 1
            if refusals[call] > 5:
                call.answer.set_exception(AssertionError(f"{call.verb} fails in its batch"))
            else:
                await batches.together([call])

        refusals: dict[Call, int] = {}

        monkeypatch.setattr(Batches, "value", value)
        monkeypatch.setattr(Batches, "alone", alone)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Fills with every statement that goes to the server."""
    found: list[bytes] = []
    execute = psycopg.AsyncConnection.execute

    async def noted(self: Any, query: Any, *more: Any, **options: Any) -> Any:
        found.append(query)
        return await execute(self, query, *more, **options)

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", noted)
    return found


def handle(number: int) -> str:
    return f"+35191{number:07d}"


async def test_what_is_called_meanwhile_goes_together(
    store: DatabaseStore, says: Says, statements: list[bytes]
) -> None:
    taken = await asyncio.gather(*(store.ingest(says(f"word {n}", handle(n)), RULES) for n in range(LARGEST + 1)))

    assert len(statements) == 2
    assert [one.message.text for one in taken] == [f"word {n}" for n in range(LARGEST + 1)]
    assert sorted(event.number for one in taken for event in one.events) == list(range(1, 2 * LARGEST + 3))


async def test_one_guests_messages_stay_in_order(store: DatabaseStore, says: Says) -> None:
    taken = await asyncio.gather(*(store.ingest(says(f"word {n}"), RULES) for n in range(20)))

    assert [one.message.seq for one in taken] == list(range(1, 21))


async def test_a_verb_in_a_batch_fails_alone(store: DatabaseStore, says: Says, sql: Sql) -> None:
    refused = says("never to be stored")
    sql.execute("ALTER TABLE messages ADD CONSTRAINT refused CHECK (text <> 'never to be stored')")
    try:
        first, second, failed, third = await asyncio.gather(
            store.ingest(says("one", handle(1)), RULES),
            store.ingest(says("two", handle(2)), RULES),
            store.ingest(refused, RULES),
            store.ingest(says("three", handle(3)), RULES),
            return_exceptions=True,
        )
    finally:
        sql.execute("ALTER TABLE messages DROP CONSTRAINT refused")

    assert isinstance(failed, psycopg.errors.CheckViolation)
    assert not any(isinstance(one, BaseException) for one in (first, second, third))
    assert sql.execute("SELECT text FROM messages ORDER BY text").fetchall() == [("one",), ("three",), ("two",)]
    assert not (await store.ingest(refused, RULES)).duplicate


async def test_a_conversation_that_somebody_holds_keeps_no_other_waiting(
    store: DatabaseStore, store_url: str, says: Says
) -> None:
    held, *_ = [(await store.ingest(says("first", handle(n)), RULES)).conversation for n in range(6)]
    with psycopg.connect(store_url) as holder:
        holder.execute("SELECT FROM conversations WHERE id = %s FOR UPDATE", [held.id])
        asked = [
            asyncio.create_task(store.ingest(says("second", handle(n)), RULES))
            for n in (1, 0, 2, 3, 4, 5)  # the held one in the batch's middle
        ]
        _, pending = await asyncio.wait(asked, timeout=0.5)
        assert pending == {asked[1]}
        holder.rollback()

    assert (await asked[1]).message.seq == 2
    assert [(await task).message.seq for task in asked] == [2] * 6


async def test_a_statement_that_is_held_up_delays_those_behind_it_by_a_moment(
    store: DatabaseStore, store_url: str, says: Says
) -> None:
    await store.ingest(says("first", handle(0)), RULES)
    with psycopg.connect(store_url) as holder:
        holder.execute("SELECT FROM conversations FOR UPDATE")
        first = asyncio.create_task(store.ingest(says("second", handle(0)), RULES))
        await asyncio.sleep(0.1)
        async with asyncio.timeout(0.5):
            await asyncio.gather(*(store.ingest(says("first", handle(n)), RULES) for n in range(1, 4)))
        assert not first.done()
        holder.rollback()
    await first


async def test_all_of_a_batch_have_an_answer_in_time(open_store: Opens, line: Any, says: Says) -> None:
    store = await open_store(line.url)
    await store.ping()
    line.freeze()
    began = time.monotonic()

    answers = await asyncio.gather(
        *(store.ingest(says("first", handle(n)), RULES) for n in range(3 * LARGEST)), return_exceptions=True
    )

    assert time.monotonic() - began < 2
    assert {type(answer) for answer in answers} == {StoreUnavailable}
    assert len({id(answer) for answer in answers}) == len(answers)


async def test_what_failed_is_forgotten_at_once(open_store: Opens, line: Any, says: Says, sql: Sql) -> None:
    # Given a collector that comes seldom, as in a busy process
    store = await open_store(line.url)
    await store.ping()
    sql.execute("ALTER TABLE messages ADD CONSTRAINT refused CHECK (text <> 'never to be stored')")
    gc.collect()
    gc.disable()
    try:
        await asyncio.gather(
            *(store.ingest(says("never to be stored", handle(n)), RULES) for n in range(5)), return_exceptions=True
        )
        line.freeze()
        await asyncio.gather(*(store.ingest(says("first", handle(n)), RULES) for n in range(5)), return_exceptions=True)
        await asyncio.sleep(0)

        assert not [one for one in gc.get_objects() if isinstance(one, Call)]
    finally:
        gc.enable()
        sql.execute("ALTER TABLE messages DROP CONSTRAINT refused")


async def test_who_is_not_waited_for_any_longer_is_not_sent(
    store: DatabaseStore, says: Says, sql: Sql, statements: list[bytes]
) -> None:
    asked = [asyncio.create_task(store.ingest(says("first", handle(n)), RULES)) for n in range(4)]
    await asyncio.sleep(0)
    asked[2].cancel()

    await asyncio.wait(asked)

    assert asked[2].cancelled()
    assert sql.execute("SELECT count(*) FROM messages").fetchone() == (3,)


async def test_an_answer_is_on_the_disk(store_url: str, open_store: Opens, says: Says, sql: Sql) -> None:
    store = await open_store(make_conninfo(store_url, options="-c synchronous_commit=on"))

    async def is_flushed(number: int) -> bool:
        """Ask at once: some time later the server has written everything by itself."""
        await asyncio.gather(*(store.ingest(says("word", handle(number + n)), RULES) for n in range(4)))
        return _is_flushed(sql)

    assert True in [await is_flushed(10 * n) for n in range(8)]


async def test_a_number_to_resume_from_is_on_the_disk(store_url: str, open_store: Opens, says: Says, sql: Sql) -> None:
    # Given events that others see before they are on the disk
    early = await open_store(make_conninfo(store_url, options="-c synchronous_commit=off"))
    store = await open_store(make_conninfo(store_url, options="-c synchronous_commit=on"))
    unsafe, safe = [], []
    for number in range(8):
        await early.ingest(says("word", handle(number)), RULES)
        unsafe.append(_is_flushed(sql))
        await store.last_event()
        safe.append(_is_flushed(sql))

    assert False in unsafe
    assert True in safe


def _is_flushed(sql: Sql) -> bool:
    row = sql.execute("SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()").fetchone()
    assert row is not None
    return bool(row[0])


async def test_the_replies_of_many_take_fewer_statements_than_their_verbs(
    store: DatabaseStore, says: Says, statements: list[bytes]
) -> None:
    await store.heartbeat("w")
    conversations = [(await store.ingest(says("Hi", handle(n)), RULES)).conversation for n in range(8)]
    statements.clear()

    async def answer(conversation_id: str) -> None:
        turn = await store.claim_turn("w", conversation_id, 30)
        assert turn is not None
        end = Reply((Draft("Hello", Author(AuthorKind.BOT)),), TurnRecord())
        committed = await store.commit_turn(turn, end, deliver_as="w")
        assert committed.delivery is not None
        assert not (await store.settle_delivery(committed.delivery, Finish("sent", f"SM-{conversation_id}"))).fenced

    await asyncio.gather(*(answer(conversation.id) for conversation in conversations))

    assert len(statements) < 12  # by themselves they would be 24
