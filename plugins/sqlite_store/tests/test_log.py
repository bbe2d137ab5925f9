"""Messages and events of ours: numbered, and told in the order in which the desk should hear of them."""

import pytest

from innbox import EventName, NotFound
from innbox.testing.store_contract.scenes import bot_answers, claim_turn, guest_writes, reply, staff_draft
from innbox_sqlite_store import SqliteDatabase


async def test_the_desk_hears_of_messages_before_their_conversation(store: SqliteDatabase) -> None:
    committed = await bot_answers(store, "one", "two")
    assert committed.conversation is not None

    changed = await store.staff_message(committed.conversation.id, "Ana", [staff_draft("Hi")], None)

    told = [(event.name, event.data["id"]) for event in changed.events]
    assert told == [
        (EventName.MESSAGE_UPDATE, committed.messages[0].id),
        (EventName.MESSAGE_UPDATE, committed.messages[1].id),
        (EventName.NEW_MESSAGE, changed.messages[0].id),
        (EventName.CONVERSATION_UPDATE, committed.conversation.id),
    ]


async def test_numbers_of_what_was_undone_are_not_seen(store: SqliteDatabase) -> None:
    taken = await guest_writes(store)
    turn = await claim_turn(store, taken.conversation.id)
    await store.commit_turn(turn, reply("Hi"))

    with pytest.raises(NotFound):
        await store.mark_read("nobody")
    read = await store.mark_read(taken.conversation.id)

    numbers = [event.number for event in (await store.events_since(0, None, 100)).events]
    assert numbers == list(range(1, read.events[0].number + 1))
