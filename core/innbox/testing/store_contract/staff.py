"""What a store promises of staff's hands: they win over the bot, never over each other by accident."""

import asyncio

import pytest

from innbox.errors import Conflict, NotFound
from innbox.messages import AuthorKind, ConversationStatus, DeliveryStatus, Direction, HandledBy
from innbox.ports import DeliveryEnd, Finish, IngestRules, Store, WaitAndAsk, WaitAndSend
from innbox.testing.store_contract.scenes import (
    AT_ONCE,
    LONG_AGO,
    NO_IDS,
    about,
    bot_answers,
    bot_message,
    claim_delivery,
    claim_turn,
    guest_writes,
    hand_over,
    names,
    reply,
    soon,
    staff_draft,
    stored,
    texts_of,
)


class StaffContract:
    """`staff_message`, `staff_note`, `take_over`, `return_to_bot`, `resolve` and `mark_read`."""

    async def test_a_staff_reply_takes_the_conversation_over(self, store: Store) -> None:
        taken = await guest_writes(store)

        changed = await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Good evening")], "c-1")

        conversation, (message,) = changed.conversation, changed.messages
        assert (conversation.handled_by, conversation.assignee) == (HandledBy.STAFF, "Ana")
        assert conversation.epoch > taken.conversation.epoch
        assert conversation.status is ConversationStatus.OPEN
        assert not changed.duplicate
        assert (message.direction, message.status) == (Direction.OUT, DeliveryStatus.PENDING)
        assert (message.author.kind, message.author.name) == (AuthorKind.STAFF, "Ana")
        assert message.seq == 2
        assert names(changed.events) == ["conversation_update", "new_message"]
        assert conversation == await store.conversation(taken.conversation.id)
        due = await store.due(10)
        assert (due.answer, due.deliver) == ((), (taken.conversation.id,))

    async def test_a_long_reply_is_several_messages_in_order(self, store: Store) -> None:
        taken = await guest_writes(store)
        drafts = [staff_draft("one"), staff_draft("two"), staff_draft("three")]

        changed = await store.staff_message(taken.conversation.id, "Ana", drafts, "c-1")
        again = await store.staff_message(taken.conversation.id, "Ana", drafts, "c-1")

        assert [message.text for message in changed.messages] == ["one", "two", "three"]
        assert [message.id for message in again.messages] == [message.id for message in changed.messages]

    async def test_a_client_id_seen_before_sends_nothing(self, store: Store, second_store: Store) -> None:
        taken = await guest_writes(store)

        changes = await asyncio.gather(
            *(
                (store, second_store)[n % 2].staff_message(taken.conversation.id, "Ana", [staff_draft("Hi")], "c-1")
                for n in range(6)
            )
        )

        assert [changed.duplicate for changed in changes].count(False) == 1
        assert len({changed.messages[0].id for changed in changes}) == 1
        assert all(changed.events == () for changed in changes if changed.duplicate)
        assert await texts_of(store, taken.conversation.id) == ["Hello", "Hi"]

    async def test_a_client_id_counts_within_its_conversation(self, store: Store) -> None:
        here = await guest_writes(store)
        there = await guest_writes(store, handle="+351911000000")
        await store.staff_message(here.conversation.id, "Ana", [staff_draft("Hi")], "c-1")

        changed = await store.staff_message(there.conversation.id, "Ana", [staff_draft("Hi")], "c-1")

        assert not changed.duplicate

    async def test_without_a_client_id_each_reply_is_sent(self, store: Store) -> None:
        taken = await guest_writes(store)
        for _ in range(2):
            await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Hi")], None)

        assert await texts_of(store, taken.conversation.id) == ["Hello", "Hi", "Hi"]

    async def test_a_reply_keeps_the_assignee_and_the_epoch_of_staffs_hands(self, store: Store) -> None:
        taken = await guest_writes(store)
        before = (await store.take_over(taken.conversation.id, "Ana")).conversation

        changed = await store.staff_message(taken.conversation.id, "Bo", [staff_draft("Hi", "Bo")], None)

        assert (changed.conversation.assignee, changed.conversation.epoch) == ("Ana", before.epoch)

    async def test_a_reply_answers_the_guest_and_opens_the_conversation(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.resolve(taken.conversation.id)

        changed = await store.staff_message(taken.conversation.id, "Ana", [staff_draft("One more thing")], None)

        assert changed.conversation.status is ConversationStatus.OPEN
        await store.return_to_bot(taken.conversation.id, IngestRules())
        assert (await store.due(10)).answer == ()

    async def test_a_takeover_cancels_what_the_bot_has_not_begun_to_send(self, store: Store) -> None:
        committed = await bot_answers(store, "one", "two")
        assert committed.conversation is not None

        changed = await store.take_over(committed.conversation.id, "Ana")

        assert names(changed.events) == ["conversation_update", "message_update", "message_update"]
        for message in committed.messages:
            assert (await stored(store, message)).status is DeliveryStatus.CANCELLED
        assert (await store.due(10)).deliver == ()
        assert await store.claim_delivery("worker-1", committed.conversation.id) is None

    async def test_a_staff_reply_cancels_what_the_bot_has_not_begun_to_send(self, store: Store) -> None:
        message = await bot_message(store)

        changed = await store.staff_message(message.conversation_id, "Ana", [staff_draft("I am here")], None)

        assert names(changed.events) == ["conversation_update", "message_update", "new_message"]
        assert (await stored(store, message)).status is DeliveryStatus.CANCELLED
        assert (await claim_delivery(store, message.conversation_id)).outgoing.text == "I am here"

    async def test_a_takeover_leaves_staffs_own_messages(self, store: Store) -> None:
        taken = await guest_writes(store)
        changed = await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Hi")], None)
        await store.return_to_bot(taken.conversation.id, IngestRules())

        await store.take_over(taken.conversation.id, "Ana")

        assert (await stored(store, changed.messages[0])).status is DeliveryStatus.PENDING

    async def test_a_takeover_lets_an_attempt_end_that_has_begun(self, store: Store) -> None:
        message = await bot_message(store)
        delivery = await claim_delivery(store, message.conversation_id)

        await store.take_over(message.conversation_id, "Ana")

        assert not (await store.settle_delivery(delivery, Finish("sent"))).fenced
        assert (await stored(store, message)).status is DeliveryStatus.SENT

    @pytest.mark.parametrize("doubt", [None, WaitAndAsk(LONG_AGO)], ids=["at once", "after a doubt"])
    async def test_no_new_attempt_of_the_bots_begins_after_a_takeover(
        self, store: Store, doubt: DeliveryEnd | None
    ) -> None:
        """The promise that staff win: what would go back to `pending` after a takeover is cancelled."""
        message = await bot_message(store)
        delivery = await claim_delivery(store, message.conversation_id)
        if doubt:
            await store.settle_delivery(delivery, doubt)
        await store.take_over(message.conversation_id, "Ana")
        if doubt:
            delivery = await claim_delivery(store, message.conversation_id)
            assert delivery.doubtful

        settled = await store.settle_delivery(delivery, WaitAndSend(LONG_AGO))

        assert (settled.fenced, settled.deliver_at) == (False, None)
        assert (await stored(store, message)).status is DeliveryStatus.CANCELLED
        assert await store.claim_delivery("worker-1", message.conversation_id) is None

    async def test_the_notice_of_a_hand_over_may_be_tried_again(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.commit_turn(await claim_turn(store, taken.conversation.id), hand_over("A colleague will answer."))
        delivery = await claim_delivery(store, taken.conversation.id)

        await store.settle_delivery(delivery, WaitAndSend(LONG_AGO))

        assert (await claim_delivery(store, taken.conversation.id)).outgoing.text == "A colleague will answer."

    async def test_a_takeover_names_its_owner(self, store: Store) -> None:
        taken = await guest_writes(store)

        changed = await store.take_over(taken.conversation.id, "Ana")

        conversation = changed.conversation
        assert (conversation.handled_by, conversation.assignee) == (HandledBy.STAFF, "Ana")
        assert conversation.epoch > taken.conversation.epoch
        assert names(changed.events) == ["conversation_update"]
        assert changed.events[0].data == conversation.as_json()

    async def test_a_second_takeover_by_the_same_person_is_no_news(self, store: Store) -> None:
        taken = await guest_writes(store)
        first = await store.take_over(taken.conversation.id, "Ana")

        second = await store.take_over(taken.conversation.id, "Ana")

        assert second.events == ()
        assert second.conversation == first.conversation

    async def test_a_colleagues_conversation_is_a_conflict_that_names_them(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.take_over(taken.conversation.id, "Ana")

        with pytest.raises(Conflict, match="Ana"):
            await store.take_over(taken.conversation.id, "Bo")

    async def test_of_two_takeovers_at_once_one_wins(self, store: Store, second_store: Store) -> None:
        taken = await guest_writes(store)

        results = await asyncio.gather(
            store.take_over(taken.conversation.id, "Ana"),
            second_store.take_over(taken.conversation.id, "Bo"),
            return_exceptions=True,
        )

        assert sorted(type(result).__name__ for result in results) == ["Changed", "Conflict"]

    async def test_what_was_handed_over_is_anybodys_to_take(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.commit_turn(await claim_turn(store, taken.conversation.id), hand_over(None))

        changed = await store.take_over(taken.conversation.id, "Bo")

        assert changed.conversation.assignee == "Bo"
        assert names(changed.events) == ["conversation_update"]

    async def test_a_note_stays_in_the_house_and_changes_no_hands(self, store: Store) -> None:
        taken = await guest_writes(store)

        changed = await store.staff_note(taken.conversation.id, "Ana", "Likes quiet rooms", "c-1")

        (note,) = changed.messages
        assert (note.direction, note.status, note.text) == (Direction.NOTE, None, "Likes quiet rooms")
        assert (note.author.kind, note.author.name) == (AuthorKind.STAFF, "Ana")
        assert changed.conversation.handled_by is HandledBy.BOT
        assert changed.conversation.epoch == taken.conversation.epoch
        assert changed.conversation.assignee is None
        assert "new_message" in names(changed.events)
        due = await store.due(10)
        assert (due.answer, due.deliver) == ((taken.conversation.id,), ())
        await store.heartbeat("worker-1")
        assert await store.claim_delivery("worker-1", taken.conversation.id) is None

    async def test_a_note_with_a_client_id_seen_before_is_not_added_twice(self, store: Store) -> None:
        taken = await guest_writes(store)
        first = await store.staff_note(taken.conversation.id, "Ana", "Likes quiet rooms", "c-1")

        second = await store.staff_note(taken.conversation.id, "Ana", "Likes quiet rooms", "c-1")

        assert (second.duplicate, second.events) == (True, ())
        assert second.messages == first.messages

    async def test_returning_gives_the_bot_what_nobody_answered(self, store: Store) -> None:
        taken = await guest_writes(store)
        before = (await store.take_over(taken.conversation.id, "Ana")).conversation
        await guest_writes(store, "Anybody there?")

        changed = await store.return_to_bot(taken.conversation.id, IngestRules(wait_seconds=60))

        assert changed.conversation.handled_by is HandledBy.BOT
        assert changed.conversation.assignee is None
        assert changed.conversation.epoch > before.epoch
        assert "conversation_update" in names(changed.events)
        assert (await store.due(10)).answer == (taken.conversation.id,)
        turn = await claim_turn(store, taken.conversation.id)
        assert [message.text for message in turn.unanswered] == ["Hello", "Anybody there?"]

    async def test_returning_what_was_handed_over_gives_the_bot_the_question_again(self, store: Store) -> None:
        taken = await guest_writes(store, "A question")
        await store.commit_turn(await claim_turn(store, taken.conversation.id), hand_over(None))

        await store.return_to_bot(taken.conversation.id, IngestRules())

        turn = await claim_turn(store, taken.conversation.id)
        assert [message.text for message in turn.unanswered] == ["A question"]

    async def test_returning_what_staff_answered_leaves_nothing_due(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Hi")], None)

        await store.return_to_bot(taken.conversation.id, IngestRules())

        assert (await store.due(10)).answer == ()

    async def test_returning_what_the_bot_has_is_no_news(self, store: Store) -> None:
        taken = await guest_writes(store)

        changed = await store.return_to_bot(taken.conversation.id, IngestRules())

        assert (changed.events, changed.conversation) == ((), taken.conversation)

    async def test_a_resolved_conversation_is_closed_and_has_no_turn_due(self, store: Store) -> None:
        taken = await guest_writes(store)

        changed = await store.resolve(taken.conversation.id)

        assert changed.conversation.status is ConversationStatus.RESOLVED
        assert changed.conversation.epoch > taken.conversation.epoch
        assert names(changed.events) == ["conversation_update"]
        assert (await store.due(10)).answer == ()
        await store.heartbeat("worker-1")
        assert await store.claim_turn("worker-1", taken.conversation.id, 20) is None

    async def test_what_is_pending_still_leaves_a_resolved_conversation(self, store: Store) -> None:
        message = await bot_message(store, "Goodbye")

        await store.resolve(message.conversation_id)

        assert (await claim_delivery(store, message.conversation_id)).outgoing.text == "Goodbye"

    async def test_a_guest_waits_until_somebody_answers(self, store: Store) -> None:
        first = await guest_writes(store)
        second = await guest_writes(store)
        turn = await claim_turn(store, first.conversation.id)
        newer = await guest_writes(store)
        assert {taken.conversation.waiting_since for taken in (first, second, newer)} == {first.message.created_at}

        committed = await store.commit_turn(turn, reply("Hi", even_if_newer=True))
        assert committed.conversation is not None
        assert committed.conversation.waiting_since == newer.message.created_at, "the bot has not seen that one"

        changed = await store.staff_message(first.conversation.id, "Ana", [staff_draft("Hi")], None)
        assert changed.conversation.waiting_since is None
        assert (await guest_writes(store)).conversation.waiting_since is not None
        assert (await store.resolve(first.conversation.id)).conversation.waiting_since is None

    async def test_a_guest_waits_while_the_hands_change(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.commit_turn(await claim_turn(store, taken.conversation.id), hand_over())
        await store.take_over(taken.conversation.id, "Ana")
        await store.staff_note(taken.conversation.id, "Ana", "Has to wait", None)

        changed = await store.return_to_bot(taken.conversation.id, AT_ONCE)

        assert changed.conversation.waiting_since == taken.message.created_at

    async def test_reading_clears_the_count(self, store: Store) -> None:
        await guest_writes(store)
        taken = await guest_writes(store)

        changed = await store.mark_read(taken.conversation.id)
        again = await store.mark_read(taken.conversation.id)

        assert changed.conversation.unread == 0
        assert names(changed.events) == ["conversation_update"]
        assert again.events == ()

    async def test_a_conversation_that_does_not_exist_is_not_found(self, store: Store) -> None:
        for no_id in NO_IDS:
            for verb in (
                store.staff_message(no_id, "Ana", [staff_draft("Hi")], None),
                store.staff_note(no_id, "Ana", "Hi", None),
                store.take_over(no_id, "Ana"),
                store.return_to_bot(no_id, AT_ONCE),
                store.resolve(no_id),
                store.mark_read(no_id),
            ):
                with pytest.raises(NotFound):
                    await verb

    async def test_a_turn_after_a_staff_reply_is_thrown_away(self, store: Store) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        await store.staff_message(taken.conversation.id, "Ana", [staff_draft("I am here")], None)

        assert (await store.commit_turn(turn, reply("late", even_if_newer=True))).verdict in ("hands", "fenced")

        assert await texts_of(store, taken.conversation.id) == ["Hello", "I am here"]

    async def test_a_delayed_message_of_staff_waits_its_time(self, store: Store) -> None:
        taken = await guest_writes(store)
        changed = await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Hi")], None)
        at = soon()
        delivery = await claim_delivery(store, taken.conversation.id)

        settled = await store.settle_delivery(delivery, WaitAndSend(at))

        assert about(settled.deliver_at, at)
        assert (await stored(store, changed.messages[0])).status is DeliveryStatus.PENDING
