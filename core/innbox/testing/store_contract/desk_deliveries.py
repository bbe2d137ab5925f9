"""What a desk's store promises of decisions about deliveries and files: a new attempt is a person's, and in order."""

import asyncio

import pytest

from innbox.errors import Conflict, NotFound
from innbox.messages import Attachment, DeliveryStatus, Failure, MediaContent, Message, StatusReport, Template, now
from innbox.ports import DeliveryEnd, Finish, MediaJob, WaitAndAsk, WaitAndSend
from innbox.testing.store_contract.desk_scenes import (
    FAILURE,
    failed_message,
    fails,
    parked_message,
)
from innbox.testing.store_contract.scenes import (
    CHANNEL,
    NO_IDS,
    DeskStore,
    about,
    bot_answers,
    bot_message,
    claim_delivery,
    deliver,
    guest_writes,
    names,
    soon,
    staff_draft,
    stored,
)

PLACE = Attachment("location", latitude=38.7, longitude=-9.1)
PHOTO = Attachment("image", content_type="image/jpeg", state="fetching", source="https://example.com/1")


async def reports(store: DeskStore, status: DeliveryStatus, message: Message, provider_id: str | None = None) -> bool:
    """Take in a provider's word; say whether it changed anything."""
    failure = FAILURE if status is DeliveryStatus.FAILED else None
    changed = await store.report_status(
        StatusReport(CHANNEL, status, message_id=message.id, provider_id=provider_id, failure=failure)
    )
    assert changed is not None
    return bool(changed.events)


async def failed_file(store: DeskStore) -> MediaJob:
    """Return the download of a guest's photo that has failed for good."""
    await guest_writes(store, attachments=(PLACE, PHOTO))
    (job,) = await store.media_due(10)
    await store.save_media(job, None, url=None, again_at=now())
    await store.save_media(job, None, url=None, again_at=None)
    return job


class DecisionsContract:
    """`retry`, `decide` and `retry_media`, and what `claim_delivery` tells."""

    # retry

    async def test_a_failed_message_is_sent_anew(self, store: DeskStore) -> None:
        message = await failed_message(store)

        changed = await store.retry(message.id)

        found = await stored(store, message)
        assert (found.status, found.error) == (DeliveryStatus.PENDING, None)
        assert names(changed.events) == ["message_update"]
        assert changed.events[0].data == found.as_json()
        assert (await store.due(10)).deliver == (message.conversation_id,)
        delivery = await claim_delivery(store, message.conversation_id)
        assert (delivery.outgoing.message_id, delivery.outgoing.attempt) == (message.id, 2)
        assert (delivery.doubtful, delivery.absences) == (False, 0)

    async def test_what_has_not_failed_is_not_sent_again(self, store: DeskStore) -> None:
        parked = await parked_message(store, handle="+351911000001")
        sent = await bot_message(store, handle="+351911000002")
        await deliver(store, sent.conversation_id)
        pending = await bot_message(store)
        guests = (await guest_writes(store)).message

        for message in (parked, sent, pending, guests):
            before = await stored(store, message)
            with pytest.raises(Conflict):
                await store.retry(message.id)
            assert await stored(store, message) == before

    async def test_two_who_retry_at_once_make_one_attempt(self, store: DeskStore, second_store: DeskStore) -> None:
        message = await failed_message(store)

        tries = await asyncio.gather(
            *((store, second_store)[n % 2].retry(message.id) for n in range(4)), return_exceptions=True
        )

        assert len([one for one in tries if isinstance(one, Conflict)]) == 3
        await deliver(store, message.conversation_id)
        assert await store.claim_delivery("worker-1", message.conversation_id) is None

    async def test_a_retried_message_leaves_before_those_behind_it(self, store: DeskStore) -> None:
        committed = await bot_answers(store, "one", "two")
        assert committed.conversation is not None
        await fails(store, committed.conversation.id)

        await store.retry(committed.messages[0].id)

        sent = [(await deliver(store, committed.conversation.id)).outgoing.text for _ in range(2)]
        assert sent == ["one", "two"]

    async def test_a_retried_message_waits_behind_those_before_it(self, store: DeskStore) -> None:
        committed = await bot_answers(store, "one", "two")
        assert committed.conversation is not None
        first, second = committed.messages
        await store.settle_delivery(await claim_delivery(store, first.conversation_id), WaitAndSend(soon()))
        await reports(store, DeliveryStatus.FAILED, second)

        await store.retry(second.id)

        assert (await store.due(10)).deliver == ()
        assert await store.claim_delivery("worker-1", first.conversation_id) is None

    @pytest.mark.parametrize("waits", [WaitAndAsk, WaitAndSend])
    async def test_what_waits_for_its_time_keeps_it_behind_a_retried_message(
        self, store: DeskStore, waits: type[WaitAndAsk] | type[WaitAndSend]
    ) -> None:
        committed = await bot_answers(store, "one", "two")
        assert committed.conversation is not None
        conversation_id, at = committed.conversation.id, soon()
        await fails(store, conversation_id)
        await store.settle_delivery(await claim_delivery(store, conversation_id), waits(at))

        await store.retry(committed.messages[0].id)

        delivery = await claim_delivery(store, conversation_id)
        assert delivery.outgoing.text == "one"
        settled = await store.settle_delivery(delivery, Finish("sent"))
        assert about(settled.deliver_at, at)
        assert (await store.due(10)).deliver == ()

    async def test_a_takeover_of_a_retried_message_hurries_nothing(self, store: DeskStore) -> None:
        committed = await bot_answers(store, "one", "two")
        assert committed.conversation is not None
        conversation_id = committed.conversation.id
        await fails(store, conversation_id)
        await store.settle_delivery(await claim_delivery(store, conversation_id), WaitAndAsk(soon()))
        await store.retry(committed.messages[0].id)

        await store.take_over(conversation_id, "Ana")

        assert (await stored(store, committed.messages[0])).status is DeliveryStatus.CANCELLED
        assert (await store.due(10)).deliver == ()

    async def test_a_report_hurries_nothing_behind_a_retried_message(self, store: DeskStore) -> None:
        committed = await bot_answers(store, "one", "two")
        assert committed.conversation is not None
        conversation_id = committed.conversation.id
        await fails(store, conversation_id)
        await store.settle_delivery(await claim_delivery(store, conversation_id), WaitAndAsk(soon()))
        await store.retry(committed.messages[0].id)

        await reports(store, DeliveryStatus.DELIVERED, committed.messages[0])

        assert (await store.due(10)).deliver == ()

    async def test_a_late_word_on_the_attempt_that_failed_says_nothing_of_the_new_one(self, store: DeskStore) -> None:
        message = await failed_message(store, "SM-first")
        await store.retry(message.id)

        for status in (DeliveryStatus.SENDING, DeliveryStatus.SENT, DeliveryStatus.FAILED):
            assert not await reports(store, status, message, "SM-first")

        assert (await stored(store, message)).status is DeliveryStatus.PENDING
        await deliver(store, message.conversation_id, "SM-second")
        assert not await reports(store, DeliveryStatus.FAILED, message, "SM-first")
        found = await stored(store, message)
        assert (found.status, found.provider_id) == (DeliveryStatus.SENT, "SM-second")

    async def test_a_late_word_by_the_providers_id_alone_says_as_little(self, store: DeskStore) -> None:
        message = await failed_message(store, "SM-first")
        await store.retry(message.id)

        changed = await store.report_status(StatusReport(CHANNEL, DeliveryStatus.FAILED, provider_id="SM-first"))

        assert changed is not None
        assert changed.events == ()
        assert (await stored(store, message)).status is DeliveryStatus.PENDING

    @pytest.mark.parametrize("status", [DeliveryStatus.DELIVERED, DeliveryStatus.READ])
    async def test_what_the_guest_has_after_all_is_not_sent_again(
        self, store: DeskStore, status: DeliveryStatus
    ) -> None:
        message = await failed_message(store, "SM-first")
        await store.retry(message.id)

        assert await reports(store, status, message, "SM-first")

        found = await stored(store, message)
        assert (found.status, found.provider_id) == (status, "SM-first")
        assert (await store.due(10)).deliver == ()
        assert await store.claim_delivery("worker-1", message.conversation_id) is None

    async def test_reports_follow_the_new_attempt(self, store: DeskStore) -> None:
        message = await failed_message(store, "SM-first")
        await store.retry(message.id)
        await deliver(store, message.conversation_id, "SM-second")

        await store.report_status(StatusReport(CHANNEL, DeliveryStatus.FAILED, provider_id="SM-second"))

        assert (await stored(store, message)).status is DeliveryStatus.FAILED

    async def test_a_channel_may_give_the_new_attempt_the_same_id(self, store: DeskStore) -> None:
        message = await failed_message(store, "SM-first")
        await store.retry(message.id)

        await deliver(store, message.conversation_id, "SM-first")

        assert (await stored(store, message)).provider_id == "SM-first"
        assert await reports(store, DeliveryStatus.FAILED, message, "SM-first")

    @pytest.mark.parametrize("end", [Finish("sent", "SM-1"), WaitAndSend(soon(), FAILURE), WaitAndAsk(soon(), FAILURE)])
    async def test_an_attempt_that_ends_after_staff_retried_its_message_still_counts(
        self, store: DeskStore, end: DeliveryEnd
    ) -> None:
        message = await bot_message(store)
        delivery = await claim_delivery(store, message.conversation_id)
        await reports(store, DeliveryStatus.FAILED, message)
        await store.retry(message.id)
        assert await store.claim_delivery("worker-1", message.conversation_id) is None, "the attempt is under way"

        settled = await store.settle_delivery(delivery, end)

        found = await stored(store, message)
        assert settled.events[0].data == found.as_json()
        if isinstance(end, Finish):
            assert (found.status, found.provider_id, settled.deliver_at) == (DeliveryStatus.SENT, "SM-1", None)
        else:
            status = DeliveryStatus.PENDING if isinstance(end, WaitAndSend) else DeliveryStatus.UNKNOWN
            assert (found.status, found.error) == (status, FAILURE)
            assert about(settled.deliver_at, end.at)

    async def test_staff_may_send_what_the_bot_could_not_before_they_took_over(self, store: DeskStore) -> None:
        message = await bot_message(store)
        delivery = await claim_delivery(store, message.conversation_id)
        await store.take_over(message.conversation_id, "Ana")
        await store.settle_delivery(delivery, Finish("failed", error=FAILURE))

        await store.retry(message.id)

        again = await claim_delivery(store, message.conversation_id)
        await store.settle_delivery(again, WaitAndSend(now(), Failure("429", "Too many")))
        assert (await stored(store, message)).status is DeliveryStatus.PENDING

    async def test_a_message_may_fail_and_be_retried_again_and_again(self, store: DeskStore) -> None:
        message = await failed_message(store)

        for attempt in (2, 3):
            await store.retry(message.id)
            delivery = await claim_delivery(store, message.conversation_id)
            assert delivery.outgoing.attempt == attempt
            await store.settle_delivery(delivery, Finish("failed", error=FAILURE))

        assert (await stored(store, message)).error == FAILURE

    # decide

    async def test_what_staff_know_to_have_arrived_was_sent(self, store: DeskStore) -> None:
        message = await parked_message(store)

        changed = await store.decide(message.id, True)

        found = await stored(store, message)
        assert (found.status, found.error) == (DeliveryStatus.SENT, None)
        assert names(changed.events) == ["message_update"]
        assert (await store.due(10)).deliver == ()
        assert not any((await store.pulse()).deliveries.values())

    async def test_what_staff_know_not_to_have_arrived_is_sent_again(self, store: DeskStore) -> None:
        message = await parked_message(store)

        changed = await store.decide(message.id, False)

        assert names(changed.events) == ["message_update"]
        found = await stored(store, message)
        assert (found.status, found.error) == (DeliveryStatus.PENDING, None)
        delivery = await claim_delivery(store, message.conversation_id)
        assert (delivery.outgoing.message_id, delivery.outgoing.attempt, delivery.doubtful) == (message.id, 2, False)

    async def test_what_is_not_parked_needs_no_decision(self, store: DeskStore) -> None:
        failed = await failed_message(store, handle="+351911000001")
        guests = (await guest_writes(store)).message

        for message in (failed, guests):
            for arrived in (True, False):
                with pytest.raises(Conflict):
                    await store.decide(message.id, arrived)

        assert (await stored(store, failed)).status is DeliveryStatus.FAILED

    async def test_a_late_report_still_raises_what_was_decided(self, store: DeskStore) -> None:
        arrived = await parked_message(store, handle="+351911000001")
        again = await parked_message(store, handle="+351911000002")
        await store.decide(arrived.id, True)
        await store.decide(again.id, False)

        assert await reports(store, DeliveryStatus.READ, arrived, "SM-1")
        assert await reports(store, DeliveryStatus.SENT, again, "SM-2")

        assert (await stored(store, arrived)).status is DeliveryStatus.READ
        assert (await stored(store, again)).status is DeliveryStatus.SENT
        assert (await store.due(10)).deliver == ()

    async def test_nobodys_message_is_neither_retried_nor_decided(self, store: DeskStore) -> None:
        for no_id in NO_IDS:
            for verb in (store.retry(no_id), store.decide(no_id, True), store.retry_media(no_id, 0)):
                with pytest.raises(NotFound):
                    await verb

    # files

    async def test_a_failed_file_is_fetched_once_more(self, store: DeskStore) -> None:
        job = await failed_file(store)

        changed = await store.retry_media(job.message_id, job.position)

        found = await stored(store, job.message_id)
        assert [one.state for one in found.attachments] == ["ready", "fetching"]
        assert names(changed.events) == ["message_update"]
        assert changed.events[0].data == found.as_json()
        (again,) = await store.media_due(10)
        assert (again.message_id, again.position, again.tries) == (job.message_id, job.position, 0)
        assert again.attachment.source == PHOTO.source
        content = MediaContent("image/png", b"\x89PNG", "pool.png")
        await store.save_media(again, content, url="/media/1", again_at=None)
        assert await store.media(job.message_id, job.position) == content

    async def test_a_file_that_has_not_failed_is_not_fetched_again(self, store: DeskStore) -> None:
        taken = await guest_writes(store, attachments=(PLACE, PHOTO))

        for position in (0, 1):
            with pytest.raises(Conflict):
                await store.retry_media(taken.message.id, position)
        for position in (2, -1):
            with pytest.raises(NotFound):
                await store.retry_media(taken.message.id, position)

    # what the channel is told

    async def test_the_channel_is_told_what_the_guest_did_not_ask_for(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        drafts = [
            staff_draft("An answer"),
            staff_draft("An offer", meta={"proactive": True}),
            staff_draft("A template", template=Template("HX1")),
        ]
        await store.staff_message(taken.conversation.id, "Ana", drafts, None)

        told = [(await deliver(store, taken.conversation.id)).outgoing for _ in range(3)]

        assert [outgoing.proactive for outgoing in told] == [False, True, True]
        assert not any(outgoing.opted_out for outgoing in told)

    async def test_the_channel_is_told_of_a_guest_who_opted_out(self, store: DeskStore) -> None:
        message = await bot_message(store)

        await store.set_opt_out(message.conversation_id, True)

        assert (await claim_delivery(store, message.conversation_id)).outgoing.opted_out
