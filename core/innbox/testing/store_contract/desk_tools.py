"""What a store promises of the desk's working tools: labels, assignees, snoozes, modes, urgency, canned replies."""

import asyncio
from dataclasses import replace

import pytest

from innbox.desk import CannedReply
from innbox.errors import Conflict, NotFound
from innbox.ids import new_id
from innbox.messages import BotMode, ConversationStatus, DeliveryStatus, HandledBy
from innbox.testing.store_contract.desk_hands import FIRE, drafted, fire, now_is
from innbox.testing.store_contract.scenes import (
    BOT_OFF,
    HOTEL,
    NO_IDS,
    OTHER_HOTEL,
    DeskStore,
    bot_message,
    claim_turn,
    guest_writes,
    names,
    reply,
    soon,
    stored,
)

CHANGED = ["conversation_update"]


def canned(shortcut: str, text: str = "The password is hello", hotel: str = HOTEL) -> CannedReply:
    return CannedReply(new_id(), hotel, shortcut, text)


class ToolsContract:
    """`set_labels`, `assign`, `snooze`, `set_bot_mode`, `set_bot_back`, `acknowledge`, and the canned replies."""

    # labels

    async def test_a_conversation_has_the_labels_it_was_given(self, store: DeskStore) -> None:
        taken = await guest_writes(store)

        changed = await store.set_labels(taken.conversation.id, ["vip", "Spa", "vip"])

        assert changed.conversation.labels == ("vip", "Spa")
        assert names(changed.events) == CHANGED
        assert changed.conversation == await now_is(store, taken.conversation.id)
        assert (await store.set_labels(taken.conversation.id, ["vip", "Spa"])).events == ()
        assert (await store.set_labels(taken.conversation.id, [])).conversation.labels == ()

    async def test_labels_change_no_hands_and_no_work(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)

        await store.set_labels(taken.conversation.id, ["vip"])

        assert (await store.commit_turn(turn, reply("Hi"))).verdict == "done"
        assert (await now_is(store, taken.conversation.id)).labels == ("vip",)

    # assignees

    async def test_a_conversation_is_given_to_somebody(self, store: DeskStore) -> None:
        message = await bot_message(store)
        before = await now_is(store, message.conversation_id)

        changed = await store.assign(message.conversation_id, "Bo")

        conversation = changed.conversation
        assert (conversation.handled_by, conversation.assignee) == (HandledBy.STAFF, "Bo")
        assert conversation.epoch == before.epoch + 1
        assert names(changed.events) == ["conversation_update", "message_update"]
        assert (await stored(store, message)).status is DeliveryStatus.CANCELLED
        assert (await store.due(10)).deliver == ()
        assert (await store.assign(message.conversation_id, "Bo")).events == ()

    async def test_a_conversation_may_be_given_on_whoever_has_it(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        before = (await store.take_over(taken.conversation.id, "Ana")).conversation

        assert (await store.assign(taken.conversation.id, "Bo")).conversation.assignee == "Bo"
        changed = await store.assign(taken.conversation.id, None)

        assert (changed.conversation.assignee, changed.conversation.handled_by) == (None, HandledBy.STAFF)
        assert changed.conversation.epoch == before.epoch
        assert names(changed.events) == CHANGED
        assert (await store.take_over(taken.conversation.id, "Eva")).conversation.assignee == "Eva"

    async def test_what_the_bot_has_may_be_given_to_staff_as_a_whole(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)

        changed = await store.assign(taken.conversation.id, None)

        assert (changed.conversation.assignee, changed.conversation.handled_by) == (None, HandledBy.STAFF)
        assert changed.conversation.waiting_since is not None
        assert (await store.commit_turn(turn, reply("Hi"))).verdict in ("hands", "fenced")
        assert (await store.due(10)).answer == ()

    async def test_who_is_given_a_snoozed_or_resolved_conversation_has_it_open(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.take_over(taken.conversation.id, "Ana")
        await store.snooze(taken.conversation.id, soon())

        opened = (await store.assign(taken.conversation.id, "Ana")).conversation
        assert (opened.status, opened.snoozed_until) == (ConversationStatus.OPEN, None)

        await store.resolve(taken.conversation.id)
        opened = (await store.assign(taken.conversation.id, None)).conversation
        assert (opened.status, opened.assignee) == (ConversationStatus.OPEN, None)

    # snoozes

    async def test_a_conversation_is_laid_aside(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        until = soon()

        changed = await store.snooze(taken.conversation.id, until)

        conversation = changed.conversation
        assert (conversation.status, conversation.snoozed_until) == (ConversationStatus.SNOOZED, until)
        assert (conversation.handled_by, conversation.epoch) == (HandledBy.BOT, taken.conversation.epoch)
        assert names(changed.events) == CHANGED
        assert (await store.due(10)).answer == ()
        assert (await store.snooze(taken.conversation.id, until)).events == ()
        assert (await store.snooze(taken.conversation.id, soon(60))).conversation.snoozed_until != until

    async def test_no_turn_ends_in_a_conversation_that_was_laid_aside(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)

        await store.snooze(taken.conversation.id, soon())

        assert (await store.commit_turn(turn, reply("Hi"))).verdict == "fenced"

    async def test_what_is_pending_leaves_a_conversation_that_was_laid_aside(self, store: DeskStore) -> None:
        message = await bot_message(store)

        await store.snooze(message.conversation_id, soon())

        assert (await store.due(10)).deliver == (message.conversation_id,)

    async def test_a_resolved_conversation_is_not_laid_aside(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        before = (await store.resolve(taken.conversation.id)).conversation

        with pytest.raises(Conflict):
            await store.snooze(taken.conversation.id, soon())

        assert await now_is(store, taken.conversation.id) == before

    async def test_a_colleagues_snoozed_conversation_is_theirs(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.take_over(taken.conversation.id, "Ana")
        await store.snooze(taken.conversation.id, soon())

        with pytest.raises(Conflict, match="Ana"):
            await store.take_over(taken.conversation.id, "Bo")

    # modes

    async def test_a_conversation_may_have_a_mode_of_its_own(self, store: DeskStore) -> None:
        taken = await guest_writes(store)

        changed = await store.set_bot_mode(taken.conversation.id, BotMode.DRAFT)

        assert changed.conversation == replace(taken.conversation, bot_mode=BotMode.DRAFT)
        assert names(changed.events) == CHANGED
        assert (await store.due(10)).answer == (taken.conversation.id,)
        assert (await store.set_bot_mode(taken.conversation.id, BotMode.DRAFT)).events == ()
        assert (await store.set_bot_mode(taken.conversation.id, None)).conversation.bot_mode is None

    async def test_a_bot_that_is_switched_off_has_no_conversation(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)

        conversation = (await store.set_bot_mode(taken.conversation.id, BotMode.OFF)).conversation

        assert (conversation.handled_by, conversation.assignee) == (HandledBy.STAFF, None)
        assert conversation.epoch == taken.conversation.epoch + 1
        assert (await store.due(10)).answer == ()
        assert (await store.commit_turn(turn, reply("Hi"))).verdict in ("hands", "fenced")

    async def test_a_mode_leaves_what_staff_have_and_what_is_resolved(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        before = (await store.take_over(taken.conversation.id, "Ana")).conversation
        changed = await store.set_bot_mode(taken.conversation.id, BotMode.OFF)
        assert changed.conversation == replace(before, bot_mode=BotMode.OFF)

        other = await guest_writes(store, handle="+351911000000")
        before = (await store.resolve(other.conversation.id)).conversation
        changed = await store.set_bot_mode(other.conversation.id, BotMode.OFF)
        assert changed.conversation == replace(before, bot_mode=BotMode.OFF)

    @pytest.mark.parametrize("mode", [BotMode.AUTO, None])
    async def test_a_bot_that_may_answer_again_answers_what_its_draft_was_for(
        self, store: DeskStore, mode: BotMode | None
    ) -> None:
        taken = await guest_writes(store, "When is breakfast?")
        await store.set_bot_mode(taken.conversation.id, BotMode.DRAFT)
        await drafted(store)
        assert (await store.due(10)).answer == ()

        conversation = (await store.set_bot_mode(taken.conversation.id, mode)).conversation

        assert (conversation.suggestion, conversation.handled_by) == (None, HandledBy.BOT)
        turn = await claim_turn(store, taken.conversation.id)
        assert turn.unanswered[0].text == "When is breakfast?"

    async def test_a_draft_stays_where_drafts_are_what_is_wanted(self, store: DeskStore) -> None:
        before = await drafted(store)

        conversation = (await store.set_bot_mode(before.id, BotMode.DRAFT)).conversation

        assert conversation.suggestion == before.suggestion
        assert (await store.due(10)).answer == ()

    async def test_a_mode_lets_a_burst_go_on(self, store: DeskStore) -> None:
        rules = replace(BOT_OFF, bot_on=True, wait_seconds=60, wait_at_most_seconds=60)
        taken = await guest_writes(store, rules=rules)

        await store.set_bot_mode(taken.conversation.id, BotMode.AUTO)

        assert (await store.due(10)).answer == (), "the guest may still be writing"

    # the bot's return

    async def test_a_conversation_goes_back_to_the_bot_at_a_time(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.take_over(taken.conversation.id, "Ana")
        at = soon()

        changed = await store.set_bot_back(taken.conversation.id, at)

        assert (changed.conversation.bot_back_at, changed.conversation.assignee) == (at, "Ana")
        assert names(changed.events) == CHANGED
        assert (await store.set_bot_back(taken.conversation.id, at)).events == ()
        assert (await store.set_bot_back(taken.conversation.id, None)).conversation.bot_back_at is None
        assert (await store.set_bot_back(taken.conversation.id, None)).events == ()

    async def test_what_staff_do_not_have_does_not_go_back(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        with pytest.raises(Conflict):
            await store.set_bot_back(taken.conversation.id, soon())
        assert (await store.set_bot_back(taken.conversation.id, None)).events == ()

        await store.take_over(taken.conversation.id, "Ana")
        await store.resolve(taken.conversation.id)
        with pytest.raises(Conflict):
            await store.set_bot_back(taken.conversation.id, soon())

    # urgency

    async def test_who_has_heard_of_an_urgent_conversation_has_it(self, store: DeskStore) -> None:
        taken = await fire(store, replace(FIRE, ring_seconds=0))

        changed = await store.acknowledge(taken.conversation.id, "Bo")

        conversation = changed.conversation
        assert conversation.urgent is not None
        assert (conversation.urgent.acknowledged_by, conversation.urgent.rings_for) == ("Bo", None)
        assert conversation.urgent.words == FIRE.urgent
        assert (conversation.assignee, conversation.epoch) == ("Bo", taken.conversation.epoch)
        assert names(changed.events) == CHANGED
        assert await store.due_timers(10) == []

    async def test_the_first_who_has_heard_of_it_counts(self, store: DeskStore, second_store: DeskStore) -> None:
        taken = await fire(store)

        changes = await asyncio.gather(
            store.acknowledge(taken.conversation.id, "Ana"), second_store.acknowledge(taken.conversation.id, "Bo")
        )

        (first,) = [changed.conversation for changed in changes if changed.events]
        assert first.urgent is not None
        assert first.assignee == first.urgent.acknowledged_by
        assert await now_is(store, taken.conversation.id) == first

    async def test_who_has_heard_of_it_leaves_it_to_whom_it_belongs(self, store: DeskStore) -> None:
        taken = await fire(store)
        await store.take_over(taken.conversation.id, "Ana")
        assert (await store.acknowledge(taken.conversation.id, "Bo")).conversation.assignee == "Ana"

        other = await fire(store, handle="+351911000000")
        await store.return_to_bot(other.conversation.id, BOT_OFF)
        changed = await store.acknowledge(other.conversation.id, "Bo")
        assert (changed.conversation.handled_by, changed.conversation.assignee) == (HandledBy.BOT, None)

    async def test_nobody_hears_of_what_is_not_urgent(self, store: DeskStore) -> None:
        taken = await guest_writes(store)

        changed = await store.acknowledge(taken.conversation.id, "Bo")

        assert (changed.events, changed.conversation) == ((), taken.conversation)

    async def test_a_conversation_that_does_not_exist_has_no_tools(self, store: DeskStore) -> None:
        for no_id in NO_IDS:
            for verb in (
                store.set_labels(no_id, ["vip"]),
                store.assign(no_id, "Ana"),
                store.snooze(no_id, soon()),
                store.set_bot_mode(no_id, BotMode.AUTO),
                store.set_bot_back(no_id, soon()),
                store.acknowledge(no_id, "Ana"),
            ):
                with pytest.raises(NotFound):
                    await verb

    # canned replies

    async def test_canned_replies_are_kept_by_hotel_and_shortcut(self, store: DeskStore) -> None:
        wifi, breakfast, there = canned("Wifi"), canned("breakfast"), canned("wifi", hotel=OTHER_HOTEL)
        for one in (there, wifi, breakfast):
            await store.save_canned(one)

        assert list(await store.canned_replies(None)) == [breakfast, wifi, there]
        assert list(await store.canned_replies(frozenset({OTHER_HOTEL}))) == [there]
        assert list(await store.canned_replies(frozenset())) == []

        changed = replace(wifi, shortcut="wlan", text="Ask at the desk")
        await store.save_canned(changed)
        await store.remove_canned(breakfast.id)

        assert list(await store.canned_replies(frozenset({HOTEL}))) == [changed]

    async def test_a_shortcut_stands_for_one_reply_of_a_hotel_case_aside(self, store: DeskStore) -> None:
        first, second = canned("wifi"), canned("breakfast")
        await store.save_canned(first)
        await store.save_canned(second)

        with pytest.raises(Conflict, match="WiFi"):
            await store.save_canned(canned("WiFi"))
        with pytest.raises(Conflict):
            await store.save_canned(replace(second, shortcut="wifi"))
        await store.save_canned(replace(first, shortcut="WIFI"))

        assert {one.shortcut for one in await store.canned_replies(None)} == {"WIFI", "breakfast"}

    async def test_a_reply_of_one_hotel_is_not_found_at_another(self, store: DeskStore) -> None:
        reply_here = canned("wifi")
        await store.save_canned(reply_here)

        with pytest.raises(NotFound):
            await store.save_canned(replace(reply_here, hotel=OTHER_HOTEL))

        assert list(await store.canned_replies(None)) == [reply_here]

    async def test_a_canned_reply_that_does_not_exist_is_not_found(self, store: DeskStore) -> None:
        for no_id in NO_IDS:
            with pytest.raises(NotFound):
                await store.remove_canned(no_id)
        for no_id in NO_IDS[:3]:
            with pytest.raises(NotFound):
                await store.save_canned(CannedReply(no_id, HOTEL, "wifi", "…"))
        assert list(await store.canned_replies(None)) == []
