"""What a store promises of deliveries: in order, one worker at a time, and no doubt forgotten."""

import asyncio
from datetime import timedelta

import pytest

from innbox.messages import Attachment, AuthorKind, DeliveryStatus, Failure, Template, now
from innbox.ports import DeliveryEnd, Finish, IngestRules, Store, WaitAndAsk, WaitAndSend
from innbox.testing.store_contract.scenes import (
    CHANNEL,
    HANDLE,
    HOTEL,
    LONG_AGO,
    NO_IDS,
    bot_answers,
    bot_message,
    claim_delivery,
    claim_turn,
    deliver,
    guest_writes,
    names,
    reply,
    soon,
    staff_draft,
    stored,
)


class DeliveringContract:
    """`claim_delivery` and `settle_delivery`."""

    async def test_a_claim_marks_the_message_as_sending(self, store: Store) -> None:
        message = await bot_message(store, "Hi", rules=IngestRules(wait_seconds=0, reply_window=timedelta(hours=24)))
        conversation = await store.conversation(message.conversation_id)
        assert conversation is not None

        delivery = await claim_delivery(store, message.conversation_id)

        outgoing = delivery.outgoing
        assert (outgoing.message_id, outgoing.conversation_id) == (message.id, message.conversation_id)
        assert (outgoing.hotel, outgoing.text, outgoing.attempt) == (HOTEL, "Hi", 1)
        assert (outgoing.address.channel, outgoing.address.handle) == (CHANNEL, HANDLE)
        assert outgoing.window_closes_at == conversation.window_closes_at
        assert abs(outgoing.sending_since - now()) < timedelta(seconds=5)
        assert (delivery.doubtful, delivery.absences, delivery.author) == (False, 0, AuthorKind.BOT)
        assert delivery.trace
        assert (await stored(store, message)).status is DeliveryStatus.SENDING
        assert (await store.due(10)).deliver == ()

    async def test_the_channel_is_told_author_place_and_time_of_the_message(self, store: Store) -> None:
        taken = await guest_writes(store)
        changed = await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Hello Rui")], None)
        (message,) = changed.messages

        outgoing = (await claim_delivery(store, taken.conversation.id)).outgoing

        assert (outgoing.author, outgoing.seq, outgoing.created_at) == (AuthorKind.STAFF, 2, message.created_at)

    async def test_a_turns_end_claims_what_it_leaves_to_deliver(self, store: Store, second_store: Store) -> None:
        taken = await guest_writes(store)
        conversation_id = taken.conversation.id
        turn = await claim_turn(store, conversation_id)
        await second_store.heartbeat("worker-2")

        committed = await store.commit_turn(turn, reply("One", "Two"), deliver_as="worker-1")

        delivery = committed.delivery
        assert delivery is not None
        assert (delivery.outgoing.text, delivery.outgoing.attempt, delivery.doubtful) == ("One", 1, False)
        assert (await stored(store, committed.messages[0])).status is DeliveryStatus.SENDING
        assert (await stored(store, committed.messages[1])).status is DeliveryStatus.PENDING
        assert await second_store.claim_delivery("worker-2", conversation_id) is None
        settled = await store.settle_delivery(delivery, Finish("sent", "SM1"))
        assert not settled.fenced
        assert (await claim_delivery(store, conversation_id)).outgoing.text == "Two"

    async def test_a_turns_end_claims_nothing_where_there_is_nothing_to_claim(self, store: Store) -> None:
        taken = await guest_writes(store)
        first = await store.commit_turn(await claim_turn(store, taken.conversation.id), reply("One"), deliver_as=None)
        assert (first.deliver, first.delivery) == (True, None)
        await claim_delivery(store, taken.conversation.id)  # somebody delivers for this conversation
        await guest_writes(store)

        turn = await claim_turn(store, taken.conversation.id)
        second = await store.commit_turn(turn, reply("Two"), deliver_as="worker-1")
        again = await store.commit_turn(turn, reply("Three"), deliver_as="worker-1")

        assert (second.verdict, second.delivery) == ("done", None)
        assert (again.verdict, again.delivery) == ("fenced", None)

    async def test_attachments_and_templates_reach_the_channel(self, store: Store) -> None:
        taken = await guest_writes(store)
        template = Template("HX123", {"1": "Rui"})
        picture = Attachment("image", content_type="image/png", url="/media/1")
        draft = staff_draft("Hello Rui", template=template, attachments=(picture,))
        await store.staff_message(taken.conversation.id, "Ana", [draft], None)

        delivery = await claim_delivery(store, taken.conversation.id)

        assert delivery.outgoing.template == template
        assert delivery.outgoing.attachments == (picture,)
        assert delivery.author is AuthorKind.STAFF

    async def test_a_delivery_has_one_owner(self, store: Store, second_store: Store) -> None:
        message = await bot_message(store)
        await store.heartbeat("worker-1")
        await second_store.heartbeat("worker-2")

        claims = await asyncio.gather(
            *(store.claim_delivery("worker-1", message.conversation_id) for _ in range(5)),
            *(second_store.claim_delivery("worker-2", message.conversation_id) for _ in range(5)),
        )

        assert len([delivery for delivery in claims if delivery is not None]) == 1

    async def test_messages_leave_in_order_one_at_a_time(self, store: Store) -> None:
        committed = await bot_answers(store, "one", "two", "three")
        assert committed.conversation is not None
        conversation_id = committed.conversation.id

        sent = []
        for _ in range(3):
            delivery = await claim_delivery(store, conversation_id)
            assert await store.claim_delivery("worker-1", conversation_id) is None
            sent.append(delivery.outgoing.text)
            await store.settle_delivery(delivery, Finish("sent"))

        assert sent == ["one", "two", "three"]
        assert await store.claim_delivery("worker-1", conversation_id) is None
        assert (await store.due(10)).deliver == ()

    async def test_a_sent_message_has_the_providers_id(self, store: Store) -> None:
        message = await bot_message(store)
        delivery = await claim_delivery(store, message.conversation_id)

        settled = await store.settle_delivery(delivery, Finish("sent", provider_id="SM9"))

        assert (settled.fenced, settled.deliver_at) == (False, None)
        assert names(settled.events) == ["message_update"]
        found = await stored(store, message)
        assert (found.status, found.provider_id) == (DeliveryStatus.SENT, "SM9")
        assert settled.events[0].data == found.as_json()

    async def test_a_provider_may_say_more_than_sent_at_once(self, store: Store) -> None:
        message = await bot_message(store)

        await store.settle_delivery(await claim_delivery(store, message.conversation_id), Finish("delivered"))

        assert (await stored(store, message)).status is DeliveryStatus.DELIVERED

    async def test_a_failure_says_why_and_lets_the_next_one_go(self, store: Store) -> None:
        committed = await bot_answers(store, "one", "two")
        assert committed.conversation is not None
        delivery = await claim_delivery(store, committed.conversation.id)

        settled = await store.settle_delivery(
            delivery, Finish("failed", error=Failure("63016", "The window is closed"))
        )

        assert settled.deliver_at is not None
        found = await stored(store, delivery.outgoing.message_id)
        assert (found.status, found.error) == (DeliveryStatus.FAILED, Failure("63016", "The window is closed"))
        assert (await claim_delivery(store, committed.conversation.id)).outgoing.text == "two"

    @pytest.mark.parametrize("status", ["cancelled", "parked"])
    async def test_what_is_cancelled_or_parked_rests(self, store: Store, status: str) -> None:
        committed = await bot_answers(store, "one", "two")
        assert committed.conversation is not None
        first = await claim_delivery(store, committed.conversation.id)

        await store.settle_delivery(first, Finish(status, error=Failure("undecided", "Nobody can tell")))

        found = await stored(store, first.outgoing.message_id)
        assert (found.status, found.error) == (DeliveryStatus(status), Failure("undecided", "Nobody can tell"))
        assert (await claim_delivery(store, committed.conversation.id)).outgoing.text == "two"

    async def test_what_must_wait_is_sent_again_when_its_time_comes(self, store: Store) -> None:
        message = await bot_message(store)
        first = await claim_delivery(store, message.conversation_id)

        settled = await store.settle_delivery(first, WaitAndSend(now(), error=Failure("429", "Too many")))

        assert names(settled.events) == ["message_update"]
        assert settled.deliver_at is not None
        found = await stored(store, message)
        assert (found.status, found.error) == (DeliveryStatus.PENDING, Failure("429", "Too many"))
        assert (await store.due(10)).deliver == (message.conversation_id,)
        again = await claim_delivery(store, message.conversation_id)
        assert (again.outgoing.attempt, again.doubtful) == (2, False)
        assert again.outgoing.sending_since >= first.outgoing.sending_since
        assert again.fence > first.fence

    async def test_nothing_overtakes_a_message_that_waits(self, store: Store) -> None:
        committed = await bot_answers(store, "one", "two")
        assert committed.conversation is not None
        conversation_id = committed.conversation.id
        at = soon()

        settled = await store.settle_delivery(await claim_delivery(store, conversation_id), WaitAndSend(at))

        assert settled.deliver_at is not None
        assert abs(settled.deliver_at - at) < timedelta(milliseconds=1)
        assert (await store.due(10)).deliver == ()
        assert await store.claim_delivery("worker-1", conversation_id) is None

    async def test_a_later_message_waits_behind_the_first(self, store: Store) -> None:
        message = await bot_message(store, "one")
        await store.settle_delivery(await claim_delivery(store, message.conversation_id), WaitAndAsk(soon()))

        second = await bot_answers(store, "two")

        assert second.messages[0].status is DeliveryStatus.PENDING
        assert (await store.due(10)).deliver == ()
        assert await store.claim_delivery("worker-1", message.conversation_id) is None

    async def test_a_doubtful_message_is_asked_about(self, store: Store) -> None:
        message = await bot_message(store)
        first = await claim_delivery(store, message.conversation_id)

        await store.settle_delivery(first, WaitAndAsk(now(), error=Failure("timeout", "No answer")))

        found = await stored(store, message)
        assert (found.status, found.error) == (DeliveryStatus.UNKNOWN, Failure("timeout", "No answer"))
        again = await claim_delivery(store, message.conversation_id)
        assert (again.doubtful, again.absences) == (True, 0)
        assert again.outgoing.attempt == 1
        assert again.outgoing.sending_since == first.outgoing.sending_since

    async def test_absences_are_counted_and_then_it_is_sent_again(self, store: Store) -> None:
        message = await bot_message(store)
        delivery = await claim_delivery(store, message.conversation_id)
        await store.settle_delivery(delivery, WaitAndAsk(now()))
        for absences in (0, 1):
            delivery = await claim_delivery(store, message.conversation_id)
            assert delivery.absences == absences
            await store.settle_delivery(delivery, WaitAndAsk(now(), absent=True))
        delivery = await claim_delivery(store, message.conversation_id)
        assert (delivery.absences, delivery.doubtful) == (2, True)

        await store.settle_delivery(delivery, WaitAndSend(now()))

        again = await claim_delivery(store, message.conversation_id)
        assert (again.doubtful, again.outgoing.attempt) == (False, 2)

    async def test_what_a_dead_worker_was_sending_is_doubtful(self, store: Store) -> None:
        message = await bot_message(store)
        lost = await claim_delivery(store, message.conversation_id, "worker-1")

        await store.retire("worker-1")

        assert (await store.due(10)).deliver == (message.conversation_id,)
        held = await claim_delivery(store, message.conversation_id, "worker-2")
        assert held.doubtful
        assert held.outgoing.sending_since == lost.outgoing.sending_since
        assert held.outgoing.attempt == 1
        assert held.fence > lost.fence

    async def test_a_lost_claim_settles_nothing(self, store: Store) -> None:
        message = await bot_message(store)
        lost = await claim_delivery(store, message.conversation_id, "worker-1")
        await store.retire("worker-1")
        await claim_delivery(store, message.conversation_id, "worker-2")
        number = await store.last_event()

        ends: list[DeliveryEnd] = [Finish("failed"), Finish("sent"), WaitAndSend(LONG_AGO), WaitAndAsk(LONG_AGO)]
        for end in ends:
            settled = await store.settle_delivery(lost, end)
            assert (settled.fenced, settled.events) == (True, ())

        assert await store.last_event() == number
        assert (await stored(store, message)).status is DeliveryStatus.SENDING
        assert await store.claim_delivery("worker-2", message.conversation_id) is None

    async def test_a_delivery_is_settled_once(self, store: Store) -> None:
        message = await bot_message(store)
        delivery = await deliver(store, message.conversation_id)

        again = await store.settle_delivery(delivery, Finish("failed"))

        assert (again.fenced, again.events) == (True, ())
        assert (await stored(store, message)).status is DeliveryStatus.SENT

    async def test_there_is_nothing_to_deliver_where_there_is_no_conversation(self, store: Store) -> None:
        await store.heartbeat("worker-1")
        for no_id in NO_IDS:
            assert await store.claim_delivery("worker-1", no_id) is None

    async def test_a_guests_message_is_nothing_to_deliver(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.heartbeat("worker-1")

        assert await store.claim_delivery("worker-1", taken.conversation.id) is None
        assert (await store.due(10)).deliver == ()

    async def test_answering_and_delivering_are_claimed_apart(self, store: Store) -> None:
        message = await bot_message(store)
        await guest_writes(store, "Another question")
        turn = await store.claim_turn("worker-1", message.conversation_id, 20)
        assert turn is not None

        delivery = await claim_delivery(store, message.conversation_id, "worker-2")

        assert delivery.outgoing.message_id == message.id
