"""What a store promises of guests' messages: taken in once, in order, and due for an answer."""

import asyncio
from datetime import timedelta

from innbox.messages import (
    Address,
    Attachment,
    AuthorKind,
    ConversationStatus,
    Direction,
    HandledBy,
    now,
)
from innbox.ports import InboxQuery, IngestRules, Store
from innbox.testing.store_contract.scenes import (
    AT_ONCE,
    BOT_OFF,
    CHANNEL,
    HANDLE,
    HOTEL,
    NO_IDS,
    OTHER_HOTEL,
    bot_answers,
    guest_writes,
    names,
    says,
    texts_of,
)


class GuestsContract:
    """`ingest` and `keep_aside`."""

    async def test_a_first_message_makes_guest_and_conversation(self, store: Store) -> None:
        inbound = says("Is breakfast included?", guest_name="Rui", meta={"button": "menu"})

        taken = await store.ingest(inbound, AT_ONCE)

        message, conversation = taken.message, taken.conversation
        assert not taken.duplicate
        assert (message.text, message.seq, message.direction) == ("Is breakfast included?", 1, Direction.IN)
        assert (message.author.kind, message.status, message.error) == (AuthorKind.GUEST, None, None)
        assert message.provider_id == inbound.provider_id
        assert message.conversation_id == conversation.id
        assert dict(message.meta)["button"] == "menu"
        assert (conversation.hotel, conversation.channel) == (HOTEL, CHANNEL)
        assert (conversation.guest.handle, conversation.guest.name) == (HANDLE, "Rui")
        assert (conversation.status, conversation.handled_by) == (ConversationStatus.OPEN, HandledBy.BOT)
        assert (conversation.unread, conversation.assignee) == (1, None)
        assert conversation.last_message == message
        assert conversation.last_at == message.created_at
        assert abs(message.created_at - now()) < timedelta(seconds=5)
        assert await store.message(message.id) == message
        assert await store.conversation(conversation.id) == conversation

    async def test_a_message_tells_of_itself_and_of_its_conversation(self, store: Store) -> None:
        taken = await guest_writes(store)

        assert names(taken.events) == ["conversation_update", "new_message"]
        by_name = {event.name.value: event for event in taken.events}
        assert by_name["new_message"].data == taken.message.as_json()
        assert by_name["conversation_update"].data == taken.conversation.as_json()
        assert {(event.hotel, event.channel, event.conversation_id) for event in taken.events} == {
            (HOTEL, CHANNEL, taken.conversation.id)
        }

    async def test_messages_are_numbered_within_their_conversation(self, store: Store) -> None:
        first = await guest_writes(store, "one")
        second = await guest_writes(store, "two")
        other = await guest_writes(store, "three", handle="+351911000000")

        assert [first.message.seq, second.message.seq, other.message.seq] == [1, 2, 1]
        assert first.conversation.id == second.conversation.id != other.conversation.id
        assert second.conversation.unread == 2

    async def test_one_handle_at_two_hotels_or_on_two_channels_is_two_conversations(self, store: Store) -> None:
        here = await guest_writes(store)
        there = await guest_writes(store, hotel=OTHER_HOTEL)
        elsewhere = await guest_writes(store, channel="webchat")

        assert len({taken.conversation.id for taken in (here, there, elsewhere)}) == 3
        assert here.conversation.guest.id != there.conversation.guest.id

    async def test_a_second_copy_changes_nothing(self, store: Store) -> None:
        inbound = says("Hello")
        first = await store.ingest(inbound, AT_ONCE)
        number = await store.last_event()

        second = await store.ingest(inbound, AT_ONCE)

        assert second.duplicate
        assert second.events == ()
        assert second.message == first.message
        assert second.conversation.unread == 1
        assert await store.last_event() == number
        assert await texts_of(store, first.conversation.id) == ["Hello"]

    async def test_fifty_copies_at_once_are_one_message(self, store: Store, second_store: Store) -> None:
        inbound = says("Hello")

        taken = await asyncio.gather(*((store, second_store)[n % 2].ingest(inbound, AT_ONCE) for n in range(50)))

        assert [one.duplicate for one in taken].count(False) == 1
        assert len({one.message.id for one in taken}) == 1
        assert await texts_of(store, taken[0].conversation.id) == ["Hello"]

    async def test_two_messages_at_once_of_a_new_guest_make_one_guest_and_one_conversation(
        self, store: Store, second_store: Store
    ) -> None:
        taken = await asyncio.gather(*((store, second_store)[n % 2].ingest(says(str(n)), AT_ONCE) for n in range(10)))

        assert len({one.conversation.id for one in taken}) == 1
        assert len({one.conversation.guest.id for one in taken}) == 1
        assert sorted(one.message.seq for one in taken) == list(range(1, 11))

    async def test_a_guest_is_found_by_an_alias(self, store: Store) -> None:
        phone, user_id = Address(CHANNEL, HANDLE), Address(CHANNEL, "PT.1234567890")
        known = await guest_writes(store, "from a phone")

        taken = await store.ingest(says("from a user id", handle=user_id.handle, aliases=(phone,)), AT_ONCE)
        later = await guest_writes(store, "again, without the phone", handle=user_id.handle)

        assert taken.conversation.guest.id == known.conversation.guest.id
        assert later.conversation.guest.id == known.conversation.guest.id
        assert taken.conversation.id == later.conversation.id == known.conversation.id

    async def test_an_alias_is_kept_from_the_first_message_on(self, store: Store) -> None:
        alias = Address(CHANNEL, "PT.1234567890")
        first = await store.ingest(says("both", aliases=(alias,)), AT_ONCE)

        second = await guest_writes(store, "only the alias", handle=alias.handle)

        assert second.conversation.guest.id == first.conversation.guest.id

    async def test_an_alias_at_another_hotel_is_another_guest(self, store: Store) -> None:
        here = await guest_writes(store)

        there = await store.ingest(says(handle="PT.1", hotel=OTHER_HOTEL, aliases=(Address(CHANNEL, HANDLE),)), AT_ONCE)

        assert there.conversation.guest.id != here.conversation.guest.id

    async def test_a_name_is_set_where_one_is_given(self, store: Store) -> None:
        await guest_writes(store, guest_name="Rui")
        without = await guest_writes(store)
        renamed = await guest_writes(store, guest_name="Rui Silva")

        assert without.conversation.guest.name == "Rui"
        assert renamed.conversation.guest.name == "Rui Silva"

    async def test_attachments_are_kept_with_all_their_fields(self, store: Store) -> None:
        photo = Attachment("image", content_type="image/jpeg", state="fetching", source="https://example.com/1")
        place = Attachment("location", latitude=38.7, longitude=-9.1, label="Lisbon", address="Rua Augusta 1")

        taken = await guest_writes(store, "", attachments=(photo, place))

        found = await store.message(taken.message.id)
        assert found is not None
        assert found.attachments == (photo, place)

    async def test_a_turn_is_due_after_the_quiet_time(self, store: Store) -> None:
        taken = await guest_writes(store, rules=IngestRules(wait_seconds=30, wait_at_most_seconds=60))

        assert taken.answer_at is not None
        assert abs(taken.answer_at - taken.message.created_at - timedelta(seconds=30)) < timedelta(seconds=1)

    async def test_each_message_of_a_burst_slides_the_turn(self, store: Store) -> None:
        rules = IngestRules(wait_seconds=30, wait_at_most_seconds=60)
        first = await guest_writes(store, rules=rules)
        await asyncio.sleep(0.02)
        second = await guest_writes(store, rules=rules)

        assert first.answer_at is not None
        assert second.answer_at is not None
        assert second.answer_at > first.answer_at

    async def test_a_burst_never_slides_past_its_longest_wait(self, store: Store) -> None:
        rules = IngestRules(wait_seconds=30, wait_at_most_seconds=30)
        first = await guest_writes(store, rules=rules)
        await asyncio.sleep(0.02)
        second = await guest_writes(store, rules=rules)

        assert first.answer_at is not None
        assert second.answer_at is not None
        assert abs(second.answer_at - first.answer_at) < timedelta(milliseconds=1)

    async def test_where_the_bot_is_off_staff_have_it(self, store: Store) -> None:
        taken = await guest_writes(store, rules=BOT_OFF)

        assert taken.conversation.handled_by is HandledBy.STAFF
        assert taken.answer_at is None
        assert (await store.due(10)).answer == ()

    async def test_an_open_conversation_of_the_bot_goes_to_staff_where_the_bot_is_switched_off(
        self, store: Store
    ) -> None:
        before = await guest_writes(store)

        after = await guest_writes(store, rules=BOT_OFF)

        assert after.conversation.handled_by is HandledBy.STAFF
        assert after.conversation.epoch > before.conversation.epoch
        assert after.answer_at is None
        assert (await store.due(10)).answer == ()

    async def test_a_conversation_of_staff_stays_theirs(self, store: Store) -> None:
        taken = await guest_writes(store)
        changed = await store.take_over(taken.conversation.id, "Ana")

        later = await guest_writes(store)

        assert later.conversation.handled_by is HandledBy.STAFF
        assert later.conversation.assignee == "Ana"
        assert later.conversation.epoch == changed.conversation.epoch
        assert later.answer_at is None

    async def test_a_resolved_conversation_opens_again_with_the_bot(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.take_over(taken.conversation.id, "Ana")
        resolved = (await store.resolve(taken.conversation.id)).conversation

        again = await guest_writes(store)

        assert again.conversation.id == taken.conversation.id
        assert again.conversation.status is ConversationStatus.OPEN
        assert again.conversation.handled_by is HandledBy.BOT
        assert again.conversation.assignee is None
        assert again.conversation.epoch > resolved.epoch
        assert again.answer_at is not None
        assert (await store.due(10)).answer == (taken.conversation.id,)

    async def test_a_resolved_conversation_opens_again_with_staff_where_the_bot_is_off(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.resolve(taken.conversation.id)

        again = await guest_writes(store, rules=BOT_OFF)

        assert again.conversation.status is ConversationStatus.OPEN
        assert again.conversation.handled_by is HandledBy.STAFF
        assert again.answer_at is None

    async def test_a_guests_message_opens_the_reply_window(self, store: Store) -> None:
        day = timedelta(hours=24)
        taken = await guest_writes(store, rules=IngestRules(reply_window=day))
        without = await guest_writes(store, handle="+351911000000", rules=IngestRules(reply_window=None))

        assert taken.conversation.window_closes_at is not None
        assert abs(taken.conversation.window_closes_at - (now() + day)) < timedelta(seconds=5)
        assert without.conversation.window_closes_at is None

    async def test_a_webhook_of_nobody_is_kept_aside_once(self, store: Store) -> None:
        await store.keep_aside(CHANNEL, "SM1", {"To": "+1"}, "unknown number")
        await store.keep_aside(CHANNEL, "SM1", {"To": "+1"}, "unknown number")

        assert (await store.inbox(InboxQuery())).conversations == ()
        assert await store.last_event() == 0

    async def test_a_handle_finds_its_conversation(self, store: Store) -> None:
        committed = await bot_answers(store)
        assert committed.conversation is not None

        found = await store.conversation_for(HOTEL, CHANNEL, HANDLE)

        assert found == committed.conversation
        assert await store.conversation_for(OTHER_HOTEL, CHANNEL, HANDLE) is None
        assert await store.conversation_for(HOTEL, "webchat", HANDLE) is None
        assert await store.conversation_for(HOTEL, CHANNEL, "+1") is None

    async def test_ids_that_do_not_exist_are_found_nowhere(self, store: Store) -> None:
        for no_id in NO_IDS:
            assert await store.conversation(no_id) is None
            assert await store.message(no_id) is None
            assert await store.media(no_id, 0) is None
