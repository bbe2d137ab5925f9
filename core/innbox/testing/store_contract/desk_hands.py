"""What the verbs of `Store` do more in a store that keeps a desk: urgent messages, wishes, modes, snoozes, drafts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from innbox.desk import opt_out_note
from innbox.messages import (
    AuthorKind,
    BotMode,
    Conversation,
    ConversationStatus,
    DeliveryStatus,
    Direction,
    HandledBy,
    TurnRecord,
)
from innbox.ports import Ingested, IngestRules, Propose
from innbox.testing.store_contract.scenes import (
    AT_ONCE,
    BOT_OFF,
    DeskStore,
    about,
    claim_delivery,
    claim_turn,
    guest_writes,
    hand_over,
    names,
    reply,
    soon,
    staff_draft,
    texts_of,
)

OPTS_OUT = replace(AT_ONCE, opts_out=True)
OPTS_IN = replace(AT_ONCE, opts_out=False)
FIRE = IngestRules(0, 0, urgent=("fire", "smoke"), ring_for="Ana", ring_seconds=120, notice="We are coming.")


async def fire(store: DeskStore, rules: IngestRules = FIRE, **more: Any) -> Ingested:
    """Let a guest write of danger."""
    return await guest_writes(store, "There is a fire", rules=rules, **more)


async def drafted(store: DeskStore, **more: Any) -> Conversation:
    """Let a guest write, and the bot propose an answer."""
    taken = await guest_writes(store, **more)
    turn = await claim_turn(store, taken.conversation.id)
    committed = await store.commit_turn(turn, Propose("At eight", TurnRecord(sources=("facts",))))
    assert committed.conversation is not None
    assert committed.conversation.suggestion is not None
    return committed.conversation


async def now_is(store: DeskStore, conversation_id: str) -> Conversation:
    found = await store.conversation(conversation_id)
    assert found is not None, "the conversation is there"
    return found


class HandsContract:
    """`ingest`, hand-overs, `staff_message`, `take_over`, `return_to_bot` and `resolve` at a desk."""

    # urgent messages

    async def test_an_urgent_message_calls_staff(self, store: DeskStore) -> None:
        taken = await fire(store)

        conversation = taken.conversation
        assert (conversation.handled_by, conversation.assignee, conversation.epoch) == (HandledBy.STAFF, None, 1)
        assert conversation.urgent is not None
        assert about(conversation.urgent.since, taken.message.created_at)
        assert conversation.urgent.words == ("fire", "smoke")
        assert (conversation.urgent.rings_for, conversation.urgent.acknowledged_by) == ("Ana", None)
        assert about(conversation.waiting_since, taken.message.created_at), "a notice is no answer"
        assert taken.answer_at is None
        due = await store.due(10)
        assert (due.answer, due.deliver) == ((), (conversation.id,))

    async def test_the_guest_of_an_urgent_message_is_told_that_somebody_was_called(self, store: DeskStore) -> None:
        taken = await fire(store)

        assert taken.message.text == "There is a fire"
        assert [event.name.value for event in taken.events] == ["new_message", "new_message", "conversation_update"]
        notice = taken.conversation.last_message
        assert notice is not None
        assert (notice.text, notice.seq, notice.direction) == ("We are coming.", 2, Direction.OUT)
        assert (notice.author.kind, notice.status) == (AuthorKind.BOT, DeliveryStatus.PENDING)
        assert notice.meta["trace"] == taken.message.id
        assert taken.conversation == await store.conversation(taken.conversation.id)
        assert (await claim_delivery(store, taken.conversation.id)).outgoing.text == "We are coming."

    async def test_a_message_that_is_urgent_without_a_notice_adds_none(self, store: DeskStore) -> None:
        taken = await fire(store, replace(FIRE, notice="", ring_for=None, ring_seconds=None))

        assert names(taken.events) == ["conversation_update", "new_message"]
        assert taken.conversation.urgent is not None
        assert taken.conversation.urgent.rings_for is None
        assert (await store.due(10)).deliver == ()
        assert await store.due_timers(10) == []

    async def test_an_urgent_message_leaves_the_hands_that_staff_have_it_in(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        before = (await store.take_over(taken.conversation.id, "Bo")).conversation

        conversation = (await fire(store)).conversation

        assert (conversation.assignee, conversation.epoch) == ("Bo", before.epoch)
        assert conversation.urgent is not None

    async def test_what_is_urgent_already_is_so_once(self, store: DeskStore) -> None:
        first = await fire(store)

        second = await fire(store, replace(FIRE, urgent=("help",), ring_for="Bo"))

        assert second.conversation.urgent == first.conversation.urgent
        assert await texts_of(store, first.conversation.id) == ["There is a fire", "We are coming.", "There is a fire"]

    async def test_what_somebody_knows_of_may_become_urgent_anew(self, store: DeskStore) -> None:
        taken = await fire(store)
        await store.acknowledge(taken.conversation.id, "Ana")

        conversation = (await fire(store, replace(FIRE, urgent=("help",), ring_for="Bo"))).conversation

        assert conversation.urgent is not None
        assert (conversation.urgent.words, conversation.urgent.rings_for) == (("help",), "Bo")
        assert conversation.urgent.acknowledged_by is None
        assert len(await texts_of(store, conversation.id)) == 4

    async def test_a_turn_that_is_under_way_ends_with_an_urgent_message(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)

        await fire(store)

        assert (await store.commit_turn(turn, reply("Hello!", even_if_newer=True))).verdict in ("hands", "fenced")
        assert "Hello!" not in await texts_of(store, taken.conversation.id)

    async def test_an_urgent_message_opens_a_resolved_conversation_for_staff(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        before = (await store.resolve(taken.conversation.id)).conversation

        conversation = (await fire(store)).conversation

        assert (conversation.status, conversation.handled_by) == (ConversationStatus.OPEN, HandledBy.STAFF)
        assert conversation.epoch == before.epoch + 1

    async def test_a_second_copy_of_an_urgent_message_changes_nothing(self, store: DeskStore) -> None:
        taken = await fire(store, provider_id="SM-1")
        await store.acknowledge(taken.conversation.id, "Ana")

        again = await fire(store, provider_id="SM-1")

        assert (again.duplicate, again.events) == (True, ())
        assert again.conversation == await store.conversation(taken.conversation.id)

    # a mode of the conversation's own

    async def test_a_conversation_whose_bot_is_off_is_staffs(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.resolve(taken.conversation.id)
        await store.set_bot_mode(taken.conversation.id, BotMode.OFF)

        again = await guest_writes(store)

        assert (again.conversation.handled_by, again.answer_at) == (HandledBy.STAFF, None)

    @pytest.mark.parametrize("mode", [BotMode.AUTO, BotMode.DRAFT])
    async def test_a_conversation_may_have_a_bot_where_its_hotel_has_none(
        self, store: DeskStore, mode: BotMode
    ) -> None:
        taken = await guest_writes(store)
        await store.set_bot_mode(taken.conversation.id, mode)

        again = await guest_writes(store, rules=BOT_OFF)

        assert again.conversation.handled_by is HandledBy.BOT
        assert again.answer_at is not None

    # opting out

    async def test_a_guest_opts_out(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "STOP", rules=OPTS_OUT)

        assert taken.conversation.guest.opted_out
        assert (taken.answer_at, taken.conversation.waiting_since) == (None, None)
        assert (await store.due(10)).answer == ()
        note = taken.conversation.last_message
        assert note is not None
        assert (note.direction, note.author.kind) == (Direction.NOTE, AuthorKind.SYSTEM)
        assert (note.text, note.seq) == (opt_out_note(True).text, 2)
        assert [event.name.value for event in taken.events] == ["new_message", "new_message", "conversation_update"]
        assert taken.message.text == "STOP"

    async def test_a_guest_who_has_opted_out_has_in_every_conversation(self, store: DeskStore) -> None:
        chat = await guest_writes(store, channel="webchat", handle="visitor-1")
        alias = chat.conversation.address
        await guest_writes(store, "STOP", rules=OPTS_OUT, aliases=(alias,))

        assert (await now_is(store, chat.conversation.id)).guest.opted_out

    async def test_a_guest_opts_in_again(self, store: DeskStore) -> None:
        await guest_writes(store, "STOP", rules=OPTS_OUT)

        taken = await guest_writes(store, "START", rules=OPTS_IN)

        assert not taken.conversation.guest.opted_out
        assert (await store.due(10)).answer == ()
        assert (await texts_of(store, taken.conversation.id))[-1] == opt_out_note(False).text

    async def test_who_never_opted_out_says_something_else_with_the_words_of_opting_in(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "Start", rules=OPTS_IN)

        assert taken.answer_at is not None
        assert await texts_of(store, taken.conversation.id) == ["Start"]

    async def test_a_question_before_a_wish_is_answered_all_the_same(self, store: DeskStore) -> None:
        asked = await guest_writes(store, "When is breakfast?")

        taken = await guest_writes(store, "STOP", rules=OPTS_OUT)

        assert about(taken.conversation.waiting_since, asked.message.created_at)
        turn = await claim_turn(store, taken.conversation.id)
        assert [message.text for message in turn.unanswered] == ["When is breakfast?", "STOP"]

    async def test_what_is_asked_after_a_wish_is_answered(self, store: DeskStore) -> None:
        await guest_writes(store, "STOP", rules=OPTS_OUT)

        taken = await guest_writes(store, "When is breakfast?")

        assert taken.conversation.guest.opted_out
        turn = await claim_turn(store, taken.conversation.id)
        assert [message.text for message in turn.unanswered] == ["When is breakfast?"]

    # what a change of hands ends

    async def test_a_guests_message_ends_a_snooze(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.take_over(taken.conversation.id, "Ana")
        await store.snooze(taken.conversation.id, soon())

        conversation = (await guest_writes(store)).conversation

        assert (conversation.status, conversation.snoozed_until) == (ConversationStatus.OPEN, None)
        assert (conversation.handled_by, conversation.assignee) == (HandledBy.BOT, None)
        assert await store.due_timers(10) == []

    @pytest.mark.parametrize(
        "verb",
        [
            lambda store, id: store.staff_message(id, "Ana", [staff_draft("Hi")], None),
            lambda store, id: store.take_over(id, "Ana"),
            lambda store, id: store.return_to_bot(id, AT_ONCE),
            lambda store, id: store.resolve(id),
        ],
        ids=["staff_message", "take_over", "return_to_bot", "resolve"],
    )
    async def test_staffs_hands_end_a_snooze(
        self, store: DeskStore, verb: Callable[[DeskStore, str], Awaitable[Any]]
    ) -> None:
        taken = await guest_writes(store)
        await store.snooze(taken.conversation.id, soon())

        changed = await verb(store, taken.conversation.id)

        assert changed.conversation.status is not ConversationStatus.SNOOZED
        assert changed.conversation.snoozed_until is None
        assert names(changed.events)[0] == "conversation_update"

    async def test_what_the_bot_has_is_due_again_when_it_is_returned_from_a_snooze(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        before = (await store.snooze(taken.conversation.id, soon())).conversation

        changed = await store.return_to_bot(taken.conversation.id, AT_ONCE)

        assert changed.conversation.epoch == before.epoch
        assert (await store.due(10)).answer == (taken.conversation.id,)

    @pytest.mark.parametrize(
        "verb",
        [
            lambda store, id: store.staff_message(id, "Ana", [staff_draft("Hi")], None),
            lambda store, id: store.take_over(id, "Ana"),
            lambda store, id: store.assign(id, "Ana"),
            lambda store, id: store.resolve(id),
            lambda store, id: store.set_bot_mode(id, BotMode.OFF),
        ],
        ids=["staff_message", "take_over", "assign", "resolve", "set_bot_mode"],
    )
    async def test_staffs_hands_end_a_draft_that_waits(
        self, store: DeskStore, verb: Callable[[DeskStore, str], Awaitable[Any]]
    ) -> None:
        before = await drafted(store)

        changed = await verb(store, before.id)

        assert changed.conversation.suggestion is None

    async def test_an_urgent_message_and_a_hand_over_end_a_draft_that_waits(self, store: DeskStore) -> None:
        before = await drafted(store)
        assert (await fire(store)).conversation.suggestion is None

        await drafted(store, handle="+351911000000")
        again = await guest_writes(store, handle="+351911000000")
        committed = await store.commit_turn(await claim_turn(store, again.conversation.id), hand_over())

        assert committed.conversation is not None
        assert committed.conversation.suggestion is None
        assert before.id != committed.conversation.id

    async def test_an_ordinary_message_leaves_a_draft(self, store: DeskStore) -> None:
        before = await drafted(store)

        assert (await guest_writes(store)).conversation.suggestion == before.suggestion

    @pytest.mark.parametrize(
        "verb",
        [
            lambda store, id: store.return_to_bot(id, AT_ONCE),
            lambda store, id: store.resolve(id),
            lambda store, id: store.assign(id, "Bo"),
            lambda store, id: store.take_over(id, "Bo"),
        ],
        ids=["return_to_bot", "resolve", "assign", "take_over"],
    )
    async def test_new_hands_end_the_bots_return(
        self, store: DeskStore, verb: Callable[[DeskStore, str], Awaitable[Any]]
    ) -> None:
        taken = await guest_writes(store)
        await store.assign(taken.conversation.id, None)
        await store.set_bot_back(taken.conversation.id, soon())

        changed = await verb(store, taken.conversation.id)

        assert changed.conversation.bot_back_at is None

    async def test_who_replies_meanwhile_still_gives_it_back(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.take_over(taken.conversation.id, "Ana")
        before = (await store.set_bot_back(taken.conversation.id, soon())).conversation

        changed = await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Hi")], None)
        again = await guest_writes(store)

        assert changed.conversation.bot_back_at == before.bot_back_at
        assert again.conversation.bot_back_at == before.bot_back_at

    async def test_resolving_ends_urgency(self, store: DeskStore) -> None:
        taken = await fire(store, replace(FIRE, ring_seconds=0))

        changed = await store.resolve(taken.conversation.id)

        assert changed.conversation.urgent is None
        assert await store.due_timers(10) == []

    async def test_other_hands_leave_it_urgent(self, store: DeskStore) -> None:
        taken = await fire(store)

        await store.take_over(taken.conversation.id, "Ana")
        await store.staff_message(taken.conversation.id, "Ana", [staff_draft("I am on my way")], None)
        changed = await store.return_to_bot(taken.conversation.id, AT_ONCE)

        assert changed.conversation.urgent == taken.conversation.urgent
