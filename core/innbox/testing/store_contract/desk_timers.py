"""What a store promises of what time brings: each timer is due once, and does what it says where it still stands."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from innbox.desk import Timer, TimerKind
from innbox.errors import NotFound
from innbox.messages import (
    AuthorKind,
    BotMode,
    Conversation,
    ConversationStatus,
    DeliveryStatus,
    Direction,
    HandledBy,
    now,
)
from innbox.testing.store_contract.desk_hands import FIRE, drafted, fire, now_is
from innbox.testing.store_contract.scenes import (
    AT_ONCE,
    BOT_OFF,
    HOTEL,
    LONG_AGO,
    NO_IDS,
    OTHER_HOTEL,
    DeskStore,
    about,
    claim_delivery,
    claim_turn,
    guest_writes,
    names,
    reply,
    soon,
    staff_draft,
    texts_of,
)


def ago(seconds: float) -> datetime:
    return now() - timedelta(seconds=seconds)


async def held(store: DeskStore, **more: Any) -> str:
    """Let a guest write, and Ana take the conversation over."""
    taken = await guest_writes(store, **more)
    await store.take_over(taken.conversation.id, "Ana")
    return taken.conversation.id


async def snoozed(store: DeskStore, until: datetime = LONG_AGO) -> Conversation:
    return (await store.snooze(await held(store), until)).conversation


class TimersContract:
    """`due_timers`, `wake_snoozed`, `bot_back`, `ring`, and the scheduled messages."""

    async def test_what_is_due_is_told_the_longest_first(self, store: DeskStore) -> None:
        waking = await held(store, handle="+351911000001")
        await store.snooze(waking, ago(30))
        returning = await held(store, handle="+351911000002", hotel=OTHER_HOTEL)
        await store.set_bot_back(returning, ago(40))
        ringing = (await fire(store, replace(FIRE, ring_seconds=0), handle="+351911000003")).conversation.id
        sending = await held(store, handle="+351911000004")
        scheduled, _ = await store.schedule(sending, "Ana", "Good morning", ago(20), None)

        expected = [
            Timer(TimerKind.BOT_BACK, OTHER_HOTEL, returning, returning),
            Timer(TimerKind.WAKE, HOTEL, waking, waking),
            Timer(TimerKind.SEND, HOTEL, sending, scheduled.id),
            Timer(TimerKind.RING, HOTEL, ringing, ringing),
        ]
        assert list(await store.due_timers(10)) == expected
        assert list(await store.due_timers(2)) == expected[:2]

    async def test_what_is_not_due_yet_is_not_told(self, store: DeskStore) -> None:
        conversation_id = await held(store)
        await store.set_bot_back(conversation_id, soon())
        await store.schedule(conversation_id, "Ana", "Good morning", soon(), None)
        await store.snooze(conversation_id, soon())
        await fire(store, handle="+351911000003")

        assert list(await store.due_timers(10)) == []
        assert await store.wake_snoozed(conversation_id) is None
        assert await store.bot_back(conversation_id, AT_ONCE) is None
        (scheduled,) = await store.scheduled(conversation_id)
        assert await store.send_scheduled(scheduled.id, [staff_draft("Good morning")]) is None

    @pytest.mark.parametrize(
        "verb",
        [
            lambda store, id: store.wake_snoozed(id),
            lambda store, id: store.bot_back(id, AT_ONCE),
            lambda store, id: store.ring(id, None, None),
            lambda store, id: store.send_scheduled(id, [staff_draft("Hi")]),
        ],
        ids=["wake_snoozed", "bot_back", "ring", "send_scheduled"],
    )
    async def test_time_brings_nothing_where_nothing_is(
        self, store: DeskStore, verb: Callable[[DeskStore, str], Awaitable[Any]]
    ) -> None:
        taken = await guest_writes(store)
        for nothing in (*NO_IDS, taken.conversation.id):
            assert await verb(store, nothing) is None

    # snoozes

    async def test_a_snooze_ends_in_the_hands_that_had_it(self, store: DeskStore) -> None:
        before = await snoozed(store)
        await store.mark_read(before.id)

        changed = await store.wake_snoozed(before.id)

        assert changed is not None
        expected = replace(before, status=ConversationStatus.OPEN, snoozed_until=None, unread=1)
        assert changed.conversation == expected == await now_is(store, before.id)
        assert names(changed.events) == ["conversation_update"]
        assert await store.wake_snoozed(before.id) is None
        assert list(await store.due_timers(10)) == []

    async def test_what_is_unread_stays_so_many_when_a_snooze_ends(self, store: DeskStore) -> None:
        await guest_writes(store)
        before = await snoozed(store)

        changed = await store.wake_snoozed(before.id)

        assert changed is not None
        assert changed.conversation.unread == before.unread == 2

    async def test_the_bot_answers_after_a_snooze_what_nobody_has(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.snooze(taken.conversation.id, LONG_AGO)

        await store.wake_snoozed(taken.conversation.id)

        committed = await store.commit_turn(await claim_turn(store, taken.conversation.id), reply("Hi"))
        assert committed.verdict == "done"
        await store.snooze(taken.conversation.id, LONG_AGO)
        await store.wake_snoozed(taken.conversation.id)
        assert (await store.due(10)).answer == ()

    async def test_a_draft_waits_through_a_snooze(self, store: DeskStore) -> None:
        before = await drafted(store)
        await store.snooze(before.id, LONG_AGO)

        changed = await store.wake_snoozed(before.id)

        assert changed is not None
        assert changed.conversation.suggestion == before.suggestion
        assert (await store.due(10)).answer == ()

    async def test_of_two_who_wake_one_does(self, store: DeskStore, second_store: DeskStore) -> None:
        before = await snoozed(store)

        changes = await asyncio.gather(store.wake_snoozed(before.id), second_store.wake_snoozed(before.id))

        assert [changed is None for changed in changes].count(True) == 1

    # the bot's return

    async def test_the_bot_has_it_back(self, store: DeskStore) -> None:
        conversation_id = await held(store)
        before = (await store.set_bot_back(conversation_id, LONG_AGO)).conversation

        changed = await store.bot_back(conversation_id, AT_ONCE)

        assert changed is not None
        conversation = changed.conversation
        assert (conversation.handled_by, conversation.assignee, conversation.bot_back_at) == (HandledBy.BOT, None, None)
        assert conversation.epoch == before.epoch + 1
        assert names(changed.events) == ["conversation_update"]
        assert (await store.due(10)).answer == (conversation_id,)
        assert await store.bot_back(conversation_id, AT_ONCE) is None

    async def test_a_bot_that_is_off_has_nothing_back(self, store: DeskStore) -> None:
        conversation_id = await held(store)
        before = (await store.set_bot_back(conversation_id, LONG_AGO)).conversation

        changed = await store.bot_back(conversation_id, BOT_OFF)

        assert changed is not None
        assert changed.conversation == replace(before, bot_back_at=None)
        assert names(changed.events) == ["conversation_update"]
        assert list(await store.due_timers(10)) == []

    async def test_a_mode_of_its_own_says_whether_the_bot_has_it_back(self, store: DeskStore) -> None:
        conversation_id = await held(store)
        for mode, rules, expected in (
            (BotMode.OFF, AT_ONCE, HandledBy.STAFF),
            (BotMode.DRAFT, BOT_OFF, HandledBy.BOT),
        ):
            await store.set_bot_mode(conversation_id, mode)
            await store.set_bot_back(conversation_id, LONG_AGO)
            changed = await store.bot_back(conversation_id, rules)
            assert changed is not None
            assert (changed.conversation.handled_by, changed.conversation.bot_back_at) == (expected, None)

    # rings

    async def test_an_urgent_conversation_rings_for_the_next_one(self, store: DeskStore) -> None:
        taken = await fire(store, replace(FIRE, ring_seconds=0))

        changed = await store.ring(taken.conversation.id, "Bo", soon())

        assert changed is not None
        assert changed.conversation.urgent is not None
        assert (changed.conversation.urgent.rings_for, changed.conversation.urgent.words) == ("Bo", FIRE.urgent)
        assert names(changed.events) == ["conversation_update"]
        assert await store.ring(taken.conversation.id, "Eva", soon()) is None, "not yet"

    async def test_an_urgent_conversation_rings_for_everybody_in_the_end(self, store: DeskStore) -> None:
        taken = await fire(store, replace(FIRE, ring_seconds=0))
        await store.ring(taken.conversation.id, "Bo", LONG_AGO)

        changed = await store.ring(taken.conversation.id, None, None)

        assert changed is not None
        assert changed.conversation.urgent is not None
        assert changed.conversation.urgent.rings_for is None
        assert list(await store.due_timers(10)) == []
        assert await store.ring(taken.conversation.id, "Eva", None) is None

    async def test_what_somebody_has_heard_of_rings_no_more(self, store: DeskStore) -> None:
        taken = await fire(store, replace(FIRE, ring_seconds=0))
        await store.acknowledge(taken.conversation.id, "Ana")

        assert await store.ring(taken.conversation.id, "Bo", soon()) is None

    # scheduled messages

    async def test_a_message_is_kept_until_its_time(self, store: DeskStore) -> None:
        conversation_id = await held(store)
        before, at = await now_is(store, conversation_id), soon()

        scheduled, changed = await store.schedule(conversation_id, "Ana", "Good morning", at, "c-1")

        assert (scheduled.conversation_id, scheduled.user, scheduled.text) == (conversation_id, "Ana", "Good morning")
        assert (scheduled.at, about(scheduled.created_at, now())) == (at, True)
        assert changed.conversation == replace(before, scheduled_at=at)
        assert names(changed.events) == ["conversation_update"]
        assert list(await store.scheduled(conversation_id)) == [scheduled]
        assert await texts_of(store, conversation_id) == ["Hello"]

    async def test_the_next_of_several_is_told(self, store: DeskStore) -> None:
        conversation_id, early, late = await held(store), soon(10), soon(20)
        second, _ = await store.schedule(conversation_id, "Ana", "two", late, None)
        first, changed = await store.schedule(conversation_id, "Ana", "one", early, None)

        assert list(await store.scheduled(conversation_id)) == [first, second]
        assert changed.conversation.scheduled_at == early

        changed = await store.unschedule(first.id)
        assert changed.conversation.scheduled_at == late
        assert names(changed.events) == ["conversation_update"]
        assert (await store.unschedule(second.id)).conversation.scheduled_at is None
        assert list(await store.scheduled(conversation_id)) == []

    async def test_a_client_id_schedules_once(self, store: DeskStore) -> None:
        conversation_id = await held(store)
        other = await held(store, handle="+351911000001")
        scheduled, _ = await store.schedule(conversation_id, "Ana", "Good morning", soon(), "c-1")

        again, changed = await store.schedule(conversation_id, "Ana", "Good morning", soon(), "c-1")

        assert (again, changed.duplicate, changed.events) == (scheduled, True, ())
        assert changed.conversation == await now_is(store, conversation_id)
        elsewhere, changed = await store.schedule(other, "Ana", "Good morning", soon(), "c-1")
        assert (elsewhere.id != scheduled.id, changed.duplicate) == (True, False)
        await store.unschedule(scheduled.id)
        again, changed = await store.schedule(conversation_id, "Ana", "Good morning", soon(), "c-1")
        assert (again, changed.duplicate) == (scheduled, True), "called back stays called back"
        assert list(await store.scheduled(conversation_id)) == []

    async def test_a_scheduled_message_leaves_when_it_is_due(self, store: DeskStore) -> None:
        conversation_id = await held(store)
        scheduled, changed = await store.schedule(conversation_id, "Ana", "Good morning", LONG_AGO, "c-1")
        before = changed.conversation

        sent = await store.send_scheduled(scheduled.id, [staff_draft("Good"), staff_draft("morning")])

        assert sent is not None
        assert [(message.text, message.seq) for message in sent.messages] == [("Good", 2), ("morning", 3)]
        assert {(message.direction, message.status) for message in sent.messages} == {
            (Direction.OUT, DeliveryStatus.PENDING)
        }
        assert names(sent.events) == ["conversation_update", "new_message", "new_message"]
        after = sent.conversation
        assert (after.handled_by, after.assignee, after.epoch) == (before.handled_by, before.assignee, before.epoch)
        assert (after.scheduled_at, after.last_message) == (None, sent.messages[1])
        assert (await claim_delivery(store, conversation_id)).outgoing.text == "Good"
        assert await store.send_scheduled(scheduled.id, [staff_draft("Good")]) is None
        with pytest.raises(NotFound):
            await store.unschedule(scheduled.id)

    async def test_a_scheduled_message_changes_no_hands_and_no_status(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        scheduled, _ = await store.schedule(taken.conversation.id, "Ana", "Your table is booked", LONG_AGO, None)

        sent = await store.send_scheduled(scheduled.id, [staff_draft("Your table is booked")])

        assert sent is not None
        assert (sent.conversation.handled_by, sent.conversation.assignee) == (HandledBy.BOT, None)
        assert sent.conversation.waiting_since is not None, "the bot is about to answer"
        assert (await store.commit_turn(turn, reply("Hi"))).verdict == "done"
        await store.resolve(taken.conversation.id)
        scheduled, _ = await store.schedule(taken.conversation.id, "Ana", "Come again", LONG_AGO, None)
        sent = await store.send_scheduled(scheduled.id, [staff_draft("Come again")])
        assert sent is not None
        assert sent.conversation.status is ConversationStatus.RESOLVED

    async def test_a_scheduled_message_answers_what_was_there_when_it_was_written(self, store: DeskStore) -> None:
        conversation_id = await held(store)
        scheduled, _ = await store.schedule(conversation_id, "Ana", "At eight", LONG_AGO, None)
        sent = await store.send_scheduled(scheduled.id, [staff_draft("At eight")])
        assert sent is not None
        assert sent.conversation.waiting_since is None

        await guest_writes(store, "one more question")
        scheduled, _ = await store.schedule(conversation_id, "Ana", "At nine", LONG_AGO, None)
        asked = await guest_writes(store, "and another")
        sent = await store.send_scheduled(scheduled.id, [staff_draft("At nine")])
        assert sent is not None
        assert about(sent.conversation.waiting_since, asked.message.created_at)
        await store.return_to_bot(conversation_id, AT_ONCE)
        assert [message.text for message in (await claim_turn(store, conversation_id)).unanswered] == ["and another"]

    async def test_a_scheduled_message_that_may_not_leave_becomes_a_note(self, store: DeskStore) -> None:
        conversation_id = await held(store)
        scheduled, before = await store.schedule(conversation_id, "Ana", "Good morning", LONG_AGO, None)

        changed = await store.send_scheduled(scheduled.id, [], "It was not sent: too late.")

        assert changed is not None
        (note,) = changed.messages
        assert (note.direction, note.author.kind, note.status) == (Direction.NOTE, AuthorKind.SYSTEM, None)
        assert note.text == "It was not sent: too late."
        assert changed.conversation.scheduled_at is None
        assert changed.conversation.waiting_since == before.conversation.waiting_since, "nobody has answered"
        assert (await store.due(10)).deliver == ()
        assert await store.send_scheduled(scheduled.id, [], "Again") is None

    async def test_of_two_who_send_one_does(self, store: DeskStore, second_store: DeskStore) -> None:
        scheduled, _ = await store.schedule(await held(store), "Ana", "Good morning", LONG_AGO, None)

        changes = await asyncio.gather(
            *(one.send_scheduled(scheduled.id, [staff_draft("Good morning")]) for one in (store, second_store) * 3)
        )

        assert [changed is None for changed in changes].count(False) == 1
        assert await texts_of(store, scheduled.conversation_id) == ["Hello", "Good morning"]

    async def test_a_scheduled_message_that_does_not_exist_is_not_found(self, store: DeskStore) -> None:
        for no_id in NO_IDS:
            for verb in (
                store.schedule(no_id, "Ana", "Good morning", soon(), None),
                store.scheduled(no_id),
                store.unschedule(no_id),
            ):
                with pytest.raises(NotFound):
                    await verb
