"""What a store promises of guests who want to see, or to end, what is kept of them."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from innbox.erasing import Erased, Tombstone, address_mark, message_mark
from innbox.errors import NotFound
from innbox.events import EventName
from innbox.ids import new_id
from innbox.messages import (
    Address,
    Attachment,
    DeliveryStatus,
    Effect,
    Inbound,
    MediaContent,
    StatusReport,
    TurnRecord,
    now,
    parse_rfc3339,
)
from innbox.ports import Finish, InboxQuery, Ingested, IngestRules, Reply, Store
from innbox.testing.store_contract.scenes import (
    CHANNEL,
    HANDLE,
    HOTEL,
    OTHER_HOTEL,
    bot_answers,
    bot_draft,
    claim_delivery,
    claim_turn,
    guest_writes,
    names,
    reply,
    says,
    staff_draft,
    texts_of,
)

KEY = b"a key for tests"
RULES = IngestRules(wait_seconds=0, wait_at_most_seconds=0, erasure_key=KEY)
ALIAS = Address(CHANNEL, "PT.1234567890")
PHOTO = Attachment("image", content_type="image/jpeg", state="fetching", source="https://example.com/1")
SOMEBODY_ELSE = "+351911000000"


async def a_guest(store: Store) -> Ingested:
    """Let a guest write with a photo and an alias, the bot answer with an effect, and staff note and reply."""
    inbound = says(
        "Is the pool heated?", provider_id="SM-old", guest_name="Rui Tavares", aliases=(ALIAS,), attachments=(PHOTO,)
    )
    taken = await store.ingest(inbound, RULES)
    (job,) = await store.media_due(10)
    await store.save_media(job, MediaContent("image/png", b"\x89PNG", name="pool.png"), url="/media/1", again_at=None)
    effect = Effect("towels", "Bring two towels", {"room": "412"})
    end = Reply((bot_draft("It is, to 26 degrees."),), TurnRecord(model="test"), effects=(effect,))
    await store.commit_turn(await claim_turn(store, taken.conversation.id), end)
    await store.staff_note(taken.conversation.id, "Ana", "He was here in May.", None)
    await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Welcome back")], None)
    return taken


async def erase(store: Store, handle: str = HANDLE, **more: Any) -> Erased:
    """Erase a guest who is there."""
    erased = await store.erase_guest(more.get("hotel", HOTEL), CHANNEL, handle, "ana", KEY)
    assert erased is not None, "the guest is there, so they can be erased"
    return erased


async def written(store: Store, inbound: Inbound) -> Ingested:
    return await store.ingest(inbound, RULES)


class ErasingContract:
    """`export_guest`, `erase_guest`, `erase_again`, `tombstones`, and `ingest` after them."""

    # the copy

    async def test_a_copy_of_a_guests_data_holds_everything(self, store: Store) -> None:
        taken = await a_guest(store)
        await guest_writes(store, "Somebody else's", handle=SOMEBODY_ELSE)

        copy = await store.export_guest(HOTEL, CHANNEL, ALIAS.handle)

        assert copy is not None
        assert copy["hotel"] == HOTEL
        assert abs(parse_rfc3339(copy["exported_at"]) - now()) < timedelta(seconds=5)
        assert (copy["guest"]["id"], copy["guest"]["name"]) == (taken.conversation.guest.id, "Rui Tavares")
        assert parse_rfc3339(copy["guest"]["created_at"]) <= taken.message.created_at
        assert [(one["channel"], one["handle"]) for one in copy["addresses"]] == [
            (CHANNEL, HANDLE),
            (CHANNEL, ALIAS.handle),
        ]
        (conversation,) = copy["conversations"]
        assert (conversation["id"], conversation["channel"]) == (taken.conversation.id, CHANNEL)
        assert [(message["direction"], message["text"]) for message in conversation["messages"]] == [
            ("in", "Is the pool heated?"),
            ("out", "It is, to 26 degrees."),
            ("note", "He was here in May."),
            ("out", "Welcome back"),
        ]
        assert conversation["messages"][0]["provider_id"] == "SM-old"
        assert conversation["messages"][0]["attachments"][0]["name"] == "pool.png"
        (turn,) = conversation["turns"]
        assert (turn["ending"], turn["record"]["model"]) == ("reply", "test")
        assert turn["effects"] == [
            {"tool": "towels", "what": "Bring two towels", "data": {"room": "412"}, "needs_approval": False}
        ]
        (webhook,) = copy["webhooks"]
        assert (webhook["channel"], webhook["provider_id"]) == (CHANNEL, "SM-old")
        text = json.dumps(copy)
        assert "Somebody else's" not in text
        assert SOMEBODY_ELSE not in text

    async def test_a_guest_who_never_wrote_has_no_copy_and_no_end(self, store: Store) -> None:
        await guest_writes(store)

        for hotel, channel, handle in (
            (OTHER_HOTEL, CHANNEL, HANDLE),
            (HOTEL, "webchat", HANDLE),
            (HOTEL, CHANNEL, HANDLE + "0"),
            (HOTEL, CHANNEL, ""),
        ):
            assert await store.export_guest(hotel, channel, handle) is None
            assert await store.erase_guest(hotel, channel, handle, "ana", KEY) is None
        assert list(await store.tombstones(None, 10)) == []
        assert await store.conversation_for(HOTEL, CHANNEL, HANDLE) is not None

    # the end

    async def test_an_erased_guest_is_nowhere(self, store: Store, second_store: Store) -> None:
        taken = await a_guest(store)
        replies = (await store.history(taken.conversation.id, None, 10)).messages
        other = await guest_writes(store, "Is the pool open?", handle=SOMEBODY_ELSE)
        webchat = await store.ingest(
            says("From the page", channel="webchat", aliases=(Address(CHANNEL, HANDLE),)), RULES
        )

        await erase(store)

        for each in (store, second_store):
            assert await each.export_guest(HOTEL, CHANNEL, HANDLE) is None
            for conversation in (taken.conversation, webchat.conversation):
                assert await each.conversation(conversation.id) is None
                with pytest.raises(NotFound):
                    await each.history(conversation.id, None, 10)
            for handle in (HANDLE, ALIAS.handle):
                assert await each.conversation_for(HOTEL, CHANNEL, handle) is None
            for message in replies:
                assert await each.message(message.id) is None
            assert await each.media(taken.message.id, 0) is None
            for q in (None, "pool", "Rui", "911222333"):
                found = (await each.inbox(InboxQuery(q=q))).conversations
                assert {one.id for one in found} <= {other.conversation.id}
        assert await texts_of(store, other.conversation.id) == ["Is the pool open?"]

    async def test_nothing_is_left_to_do_for_an_erased_guest(self, store: Store) -> None:
        await guest_writes(store)
        await bot_answers(store, "Hi", handle=SOMEBODY_ELSE)
        await store.ingest(says("A photo", handle="+351911000001", attachments=(PHOTO,)), RULES)

        for handle in (HANDLE, SOMEBODY_ELSE, "+351911000001"):
            await erase(store, handle)

        due = await store.due(10)
        assert (due.answer, due.deliver, list(await store.media_due(10))) == ((), (), [])
        pulse = await store.pulse()
        assert pulse.oldest_unanswered_at is None
        assert not any(pulse.deliveries.values())

    async def test_what_was_under_way_ends_without_a_trace(self, store: Store) -> None:
        thinking = await guest_writes(store)
        turn = await claim_turn(store, thinking.conversation.id)
        sending = (await bot_answers(store, "Hi", handle=SOMEBODY_ELSE)).messages[0]
        delivery = await claim_delivery(store, sending.conversation_id)
        await store.ingest(says("A photo", handle="+351911000001", attachments=(PHOTO,)), RULES)
        (job,) = await store.media_due(10)
        for handle in (HANDLE, SOMEBODY_ELSE, "+351911000001"):
            await erase(store, handle)
        number = await store.last_event()

        assert (await store.commit_turn(turn, reply("Too late"))).verdict == "fenced"
        await store.release_turn(turn, None)
        assert (await store.settle_delivery(delivery, Finish("sent", provider_id="SM-out"))).fenced
        assert await store.report_status(StatusReport(CHANNEL, DeliveryStatus.READ, message_id=sending.id)) is None
        assert await store.save_media(job, MediaContent("image/png", b"1"), url="/1", again_at=None) is None
        for verb in (store.take_over, store.staff_note):
            with pytest.raises(NotFound):
                await verb(turn.conversation.id, "ana", *(() if verb == store.take_over else ("Hi", None)))
        await store.heartbeat("worker-1")
        await store.retire("worker-1")
        assert await store.claim_turn("worker-1", turn.conversation.id, 10) is None
        assert await store.last_event() == number

    async def test_desks_hear_that_a_conversation_is_gone(self, store: Store, second_store: Store) -> None:
        start = await store.last_event()
        taken = await a_guest(store)
        before = await store.last_event()

        erased = await erase(store)

        (event,) = erased.events
        assert (event.name, event.hotel, event.channel) == (EventName.CONVERSATION_GONE, HOTEL, CHANNEL)
        assert event.payload == {"id": taken.conversation.id, "event": event.number}
        assert event.number == await second_store.last_event() > before
        for since in (start, before):
            page = await second_store.events_since(since, frozenset({HOTEL}), 100)
            assert (page.events, page.more) == ((event,), False), "and of what was said, nothing is told any more"
        assert (await store.events_since(before, frozenset({OTHER_HOTEL}), 10)).events == ()
        assert (await guest_writes(store)).events[0].number > event.number

    async def test_the_same_handle_at_another_hotel_is_another_guest(self, store: Store) -> None:
        await guest_writes(store)
        there = await guest_writes(store, "At the palace", hotel=OTHER_HOTEL)
        late = says("Again", hotel=OTHER_HOTEL, sent_at=now() - timedelta(hours=1))

        await erase(store)

        assert await texts_of(store, there.conversation.id) == ["At the palace"]
        assert not (await written(store, late)).duplicate

    # the tombstone

    async def test_a_replayed_webhook_is_kept_out(self, store: Store, second_store: Store) -> None:
        inbound = says("Is the pool heated?", provider_id="SM-old")
        await written(store, inbound)
        await erase(store)
        number = await store.last_event()

        for each in (store, second_store):
            again = await written(each, inbound)
            assert (again.duplicate, again.erased, again.events, again.answer_at) == (True, True, (), None)
            assert await each.conversation(again.conversation.id) is None
            assert await each.message(again.message.id) is None
        assert await store.export_guest(HOTEL, CHANNEL, HANDLE) is None
        assert await store.last_event() == number

    async def test_a_message_from_before_that_nobody_had_seen_is_kept_out(self, store: Store) -> None:
        await store.ingest(says("Hello", aliases=(ALIAS,)), RULES)
        missed = now()
        await erase(store)

        for inbound in (
            says("Missed", sent_at=missed),
            says("Missed too", handle=ALIAS.handle, sent_at=missed - timedelta(days=1)),
            says("And this", handle="PT.999", aliases=(ALIAS,), sent_at=missed),
        ):
            assert (await written(store, inbound)).erased
        assert (await store.inbox(InboxQuery())).conversations == ()

    async def test_a_guest_who_writes_anew_is_a_new_guest(self, store: Store) -> None:
        inbound = says("Hello", provider_id="SM-old", guest_name="Rui")
        first = await written(store, inbound)
        await erase(store)

        back = await written(store, says("I am back"))
        later = await written(store, says("Sent after that", sent_at=now() + timedelta(seconds=1)))

        assert (back.duplicate, back.erased, back.message.seq) == (False, False, 1)
        assert back.conversation.guest.id != first.conversation.guest.id
        assert (back.conversation.guest.name, back.conversation.unread) == (None, 1)
        assert names(back.events) == ["conversation_update", "new_message"]
        assert later.conversation.id == back.conversation.id
        assert (await written(store, inbound)).erased, "what was erased stays out"
        assert await texts_of(store, back.conversation.id) == ["I am back", "Sent after that"]

    async def test_who_was_erased_twice_has_two_tombstones(self, store: Store) -> None:
        await written(store, says("Hello"))
        first = await erase(store)
        await written(store, says("I am back"))
        between = now()

        second = await erase(store)

        assert first.tombstone.guest_id != second.tombstone.guest_id
        assert len(await store.tombstones(None, 10)) == 2
        assert (await written(store, says("Missed", sent_at=between))).erased

    async def test_tombstones_come_page_by_page_and_name_nobody(self, store: Store, second_store: Store) -> None:
        handles = [f"+35191100000{n}" for n in range(5)]
        made = []
        for handle in handles:
            await guest_writes(store, "A secret", handle=handle, guest_name="Rui", provider_id=f"SM-{handle}")
            made.append((await erase(store, handle)).tombstone)

        first = await second_store.tombstones(None, 3)
        second = await second_store.tombstones(first[-1].guest_id, 3)

        assert [*first, *second] == sorted(made, key=lambda tombstone: tombstone.guest_id)
        assert all(tombstone.by == "ana" and tombstone.hotel == HOTEL for tombstone in made)
        assert all(abs(tombstone.erased_at - now()) < timedelta(seconds=30) for tombstone in made)
        text = json.dumps([tombstone.as_json() for tombstone in made])
        assert not any(word in text for word in (*handles, "Rui", "secret", "SM-"))
        assert [Tombstone.from_json(one) for one in json.loads(text)] == [
            Tombstone(one.guest_id, one.hotel, parse_rfc3339(one.as_json()["erased_at"]), one.by, one.marks)
            for one in made
        ]

    async def test_marks_are_those_of_the_key(self, store: Store) -> None:
        await store.ingest(says("Hello", provider_id="SM-old", aliases=(ALIAS,)), RULES)

        tombstone = (await erase(store)).tombstone

        assert set(tombstone.marks) == {
            message_mark(KEY, CHANNEL, "SM-old"),
            address_mark(KEY, HOTEL, Address(CHANNEL, HANDLE)),
            address_mark(KEY, HOTEL, ALIAS),
        }
        assert not set(tombstone.marks) & {message_mark(b"another key", CHANNEL, "SM-old")}

    # a backup comes back

    async def test_what_a_backup_brings_back_is_erased_again(self, store: Store) -> None:
        # As after a restore, the guest is there as they were, and the tombstone is known from elsewhere.
        taken = await a_guest(store)
        marks = (message_mark(KEY, CHANNEL, "SM-old"), address_mark(KEY, HOTEL, Address(CHANNEL, HANDLE)))
        tombstone = Tombstone(taken.conversation.guest.id, HOTEL, now(), "ana", marks)

        erased = await store.erase_again(tombstone, KEY)

        assert erased is not None
        assert names(erased.events) == ["conversation_gone"]
        assert await store.conversation(taken.conversation.id) is None
        assert await store.export_guest(HOTEL, CHANNEL, HANDLE) is None
        assert (await written(store, says("Hello", provider_id="SM-old"))).erased
        assert (await written(store, says("Missed", sent_at=now() - timedelta(minutes=1)))).erased
        assert [one.guest_id for one in await store.tombstones(None, 10)] == [tombstone.guest_id]

    async def test_a_tombstone_may_be_brought_twice_and_harms_nobody_else(self, store: Store) -> None:
        await guest_writes(store)
        tombstone = (await erase(store)).tombstone
        back = await guest_writes(store, "I am back")

        for _ in range(2):
            assert await store.erase_again(tombstone, KEY) is None

        assert await texts_of(store, back.conversation.id) == ["I am back"]
        assert len(await store.tombstones(None, 10)) == 1

    async def test_a_tombstone_of_no_guest_at_all_erases_nothing(self, store: Store) -> None:
        await guest_writes(store)

        assert await store.erase_again(Tombstone(new_id(), HOTEL, now(), "ana", ()), KEY) is None

        assert len((await store.inbox(InboxQuery())).conversations) == 1

    # two at once

    async def test_an_erasure_among_messages_leaves_no_half(self, store: Store, second_store: Store) -> None:
        first = await guest_writes(store, "first")
        old, new = now(), [says(f"new {n}") for n in range(8)]
        missed = [says(f"missed {n}", sent_at=old) for n in range(8)]

        async def write(n: int) -> None:
            await written((store, second_store)[n % 2], new[n])
            await written((store, second_store)[n % 2], missed[n])

        await asyncio.gather(*(write(n) for n in range(4)), erase(second_store), *(write(n) for n in range(4, 8)))

        assert await store.conversation(first.conversation.id) is None
        back = await store.conversation_for(HOTEL, CHANNEL, HANDLE)
        texts = await texts_of(store, back.id) if back else []
        assert not [text for text in texts if not text.startswith("new")], "what is older than the erasure is out"
        for inbound in (*new, *missed):
            assert (await written(store, inbound)).duplicate
