"""Turns: what dies with a worker, and what is kept of an answer."""

import json
from collections.abc import Callable
from typing import Any

from innbox import Effect, HandOver, NoReply, Reply, TurnRecord, Usage
from innbox.testing.store_contract.scenes import bot_draft, claim_turn, guest_writes, reply
from innbox_sqlite_store import SqliteDatabase

SILENT = "UPDATE workers SET seen_at = seen_at - 11 * 1000000 WHERE name = ?"


async def test_a_worker_silent_for_too_long_has_lost_its_turns(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    taken = await guest_writes(store)
    lost = await claim_turn(store, taken.conversation.id, "worker-1")
    assert (await store.due(10)).answer == ()

    look(SILENT, "worker-1")

    assert (await store.due(10)).answer == (taken.conversation.id,)
    assert (await store.pulse()).workers == 0
    held = await claim_turn(store, taken.conversation.id, "worker-2")
    assert held.fence > lost.fence
    await store.heartbeat("worker-1")
    assert (await store.commit_turn(lost, reply("stale"))).verdict == "fenced"


async def test_a_heartbeat_keeps_what_a_worker_holds(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    taken = await guest_writes(store)
    await claim_turn(store, taken.conversation.id, "worker-1")

    await store.heartbeat("worker-1")

    assert (await store.due(10)).answer == ()


async def test_a_heartbeat_after_too_long_a_silence_brings_no_claim_back(
    store: SqliteDatabase, look: Callable[..., Any]
) -> None:
    taken = await guest_writes(store)
    lost = await claim_turn(store, taken.conversation.id, "worker-1")
    look(SILENT, "worker-1")

    await store.heartbeat("worker-1")

    assert (await store.due(10)).answer == (taken.conversation.id,)
    assert (await store.commit_turn(lost, reply("stale"))).verdict == "fenced"


async def test_workers_silent_for_a_day_are_forgotten(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    await store.heartbeat("worker-1")
    look("UPDATE workers SET seen_at = 0")
    await store.heartbeat("worker-2")

    await store.retire("worker-2")

    assert look("SELECT name FROM workers") == []


async def test_why_an_answer_was_given_is_kept(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    taken = await guest_writes(store)
    record = TurnRecord(model="gpt", sources=("facts",), usage=Usage(prompt_tokens=7))
    effect = Effect("refund", "Refund 20 EUR", {"amount": 20}, needs_approval=True)

    turn = await claim_turn(store, taken.conversation.id)
    await store.commit_turn(turn, Reply((bot_draft("Hi"),), record, effects=(effect,)))

    ((turn_id, ending, kept),) = look("SELECT id, ending, record FROM turns")
    assert (turn_id, ending, json.loads(kept)) == (turn.id, "reply", record.as_json())
    ((of_turn, tool, data, needs_approval),) = look("SELECT turn_id, tool, data, needs_approval FROM tool_effects")
    assert (of_turn, tool, json.loads(data), needs_approval) == (turn.id, "refund", {"amount": 20}, 1)


async def test_every_end_is_kept_and_no_thrown_away_turn_is(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    taken = await guest_writes(store)
    await store.commit_turn(await claim_turn(store, taken.conversation.id), NoReply(TurnRecord()))
    await guest_writes(store)
    turn = await claim_turn(store, taken.conversation.id)
    await guest_writes(store)
    await store.commit_turn(turn, reply("stale"))
    await store.commit_turn(await claim_turn(store, taken.conversation.id), HandOver("A person", TurnRecord()))

    assert look("SELECT ending FROM turns ORDER BY ended_at") == [("no_reply",), ("hand_over",)]
