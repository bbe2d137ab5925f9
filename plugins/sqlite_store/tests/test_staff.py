"""Staff's hands: what the contract leaves to the store."""

from innbox import HandledBy, IngestRules
from innbox.testing.store_contract.scenes import claim_turn, guest_writes
from innbox_sqlite_store import SqliteDatabase


async def test_a_resolved_conversation_is_nobodys(store: SqliteDatabase) -> None:
    taken = await guest_writes(store)
    await store.take_over(taken.conversation.id, "Ana")
    await store.resolve(taken.conversation.id)

    changed = await store.take_over(taken.conversation.id, "Ana")

    assert (changed.conversation.status, changed.conversation.handled_by) == ("open", HandledBy.STAFF)
    assert changed.events


async def test_resolving_twice_is_no_news(store: SqliteDatabase) -> None:
    taken = await guest_writes(store)
    first = await store.resolve(taken.conversation.id)

    second = await store.resolve(taken.conversation.id)

    assert (second.events, second.conversation) == ((), first.conversation)


async def test_what_was_said_before_a_conversation_was_resolved_is_answered(store: SqliteDatabase) -> None:
    taken = await guest_writes(store, "Old question")
    await store.resolve(taken.conversation.id)
    await guest_writes(store, "New question")

    turn = await claim_turn(store, taken.conversation.id)

    assert [message.text for message in turn.unanswered] == ["New question"]
    assert (await store.pulse()).oldest_unanswered_at == turn.unanswered[0].created_at


async def test_a_client_id_of_a_note_is_none_for_a_reply(store: SqliteDatabase) -> None:
    taken = await guest_writes(store)
    note = await store.staff_note(taken.conversation.id, "Ana", "A note", "c-1")

    again = await store.staff_message(taken.conversation.id, "Ana", [], "c-1")

    assert again.duplicate
    assert again.messages == note.messages
    assert again.conversation.handled_by is HandledBy.BOT


async def test_a_waiting_guest_keeps_the_time_of_the_first_question(store: SqliteDatabase) -> None:
    first = await guest_writes(store)
    await store.take_over(first.conversation.id, "Ana")
    await guest_writes(store)
    await store.return_to_bot(first.conversation.id, IngestRules())

    assert (await store.pulse()).oldest_unanswered_at == first.message.created_at
