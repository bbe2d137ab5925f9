"""What a store promises of providers' reports: early, twice or out of order, a status only ever rises."""

import pytest

from innbox.messages import DELIVERY_RANK, DeliveryStatus, Failure, StatusReport
from innbox.ports import DeliveryEnd, Finish, Store, WaitAndAsk, WaitAndSend
from innbox.testing.store_contract.scenes import (
    CHANNEL,
    LONG_AGO,
    NO_IDS,
    bot_answers,
    bot_message,
    claim_delivery,
    deliver,
    guest_writes,
    names,
    soon,
    stored,
)

REPORTED = (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.DELIVERED, DeliveryStatus.READ)


class ReportsContract:
    """`report_status`, alone and in a race with `settle_delivery`."""

    async def test_a_report_by_our_id_raises_the_status(self, store: Store) -> None:
        message = await bot_message(store)
        await deliver(store, message.conversation_id)

        changed = await store.report_status(
            StatusReport(CHANNEL, DeliveryStatus.DELIVERED, message_id=message.id, provider_id="SM9")
        )

        assert changed is not None
        assert names(changed.events) == ["message_update"]
        found = await stored(store, message)
        assert (found.status, found.provider_id) == (DeliveryStatus.DELIVERED, "SM9")
        assert changed.events[0].data == found.as_json()

    async def test_a_report_by_the_providers_id_finds_its_message(self, store: Store) -> None:
        message = await bot_message(store)
        await deliver(store, message.conversation_id, provider_id="SM9")

        await store.report_status(StatusReport(CHANNEL, DeliveryStatus.READ, provider_id="SM9"))

        assert (await stored(store, message)).status is DeliveryStatus.READ

    @pytest.mark.parametrize("first", REPORTED)
    @pytest.mark.parametrize("second", REPORTED)
    async def test_reports_in_any_order_only_raise(
        self, store: Store, first: DeliveryStatus, second: DeliveryStatus
    ) -> None:
        message = await bot_message(store)
        await deliver(store, message.conversation_id)
        await store.report_status(StatusReport(CHANNEL, first, message_id=message.id))

        changed = await store.report_status(StatusReport(CHANNEL, second, message_id=message.id))

        assert changed is not None
        assert bool(changed.events) == (DELIVERY_RANK[second] > DELIVERY_RANK[first])
        assert (await stored(store, message)).status is max(first, second, key=DELIVERY_RANK.__getitem__)

    async def test_a_report_says_that_something_waits_behind_its_message(self, store: Store) -> None:
        first, _ = (await bot_answers(store, "One", "Two")).messages
        await store.settle_delivery(await claim_delivery(store, first.conversation_id), WaitAndAsk(LONG_AGO))

        changed = await store.report_status(StatusReport(CHANNEL, DeliveryStatus.SENT, message_id=first.id))

        assert changed is not None
        assert changed.deliver

    async def test_a_failure_says_why(self, store: Store) -> None:
        message = await bot_message(store)
        await deliver(store, message.conversation_id)
        why = Failure("63024", "No such recipient")

        await store.report_status(StatusReport(CHANNEL, DeliveryStatus.FAILED, message_id=message.id, failure=why))

        assert (await stored(store, message)).error == why

    async def test_a_report_of_nobodys_message_is_none(self, store: Store) -> None:
        taken = await guest_writes(store, provider_id="SM1")

        assert await store.report_status(StatusReport(CHANNEL, DeliveryStatus.SENT, provider_id="SM404")) is None
        assert await store.report_status(StatusReport(CHANNEL, DeliveryStatus.SENT, provider_id="SM1")) is None
        assert (
            await store.report_status(StatusReport(CHANNEL, DeliveryStatus.SENT, message_id=taken.message.id)) is None
        )
        for no_id in (*NO_IDS, taken.message.id):
            assert await store.report_status(StatusReport(CHANNEL, DeliveryStatus.SENT, message_id=no_id)) is None

    @pytest.mark.parametrize(
        "end",
        [Finish("sent"), Finish("failed"), WaitAndAsk(LONG_AGO), WaitAndSend(LONG_AGO)],
        ids=["sent", "failed", "unknown", "pending"],
    )
    async def test_a_report_before_our_own_commit_stands(self, store: Store, end: DeliveryEnd) -> None:
        message = await bot_message(store)
        delivery = await claim_delivery(store, message.conversation_id)
        await store.report_status(StatusReport(CHANNEL, DeliveryStatus.DELIVERED, message_id=message.id))

        settled = await store.settle_delivery(delivery, end)

        assert (settled.fenced, settled.deliver_at) == (False, None)
        assert (await stored(store, message)).status is DeliveryStatus.DELIVERED
        assert await store.claim_delivery("worker-1", message.conversation_id) is None

    @pytest.mark.parametrize("end", [WaitAndSend(soon()), WaitAndAsk(soon()), Finish("parked")])
    async def test_a_report_settles_what_stood_still(self, store: Store, end: DeliveryEnd) -> None:
        committed = await bot_answers(store, "one", "two")
        assert committed.conversation is not None
        first = await claim_delivery(store, committed.conversation.id)
        await store.settle_delivery(first, end)

        await store.report_status(
            StatusReport(CHANNEL, DeliveryStatus.SENT, message_id=first.outgoing.message_id, provider_id="SM9")
        )

        found = await stored(store, first.outgoing.message_id)
        assert (found.status, found.provider_id) == (DeliveryStatus.SENT, "SM9")
        assert (await store.due(10)).deliver == (committed.conversation.id,)
        assert (await claim_delivery(store, committed.conversation.id)).outgoing.text == "two"

    async def test_a_reported_failure_of_a_doubtful_message_settles_it(self, store: Store) -> None:
        message = await bot_message(store)
        delivery = await claim_delivery(store, message.conversation_id)
        await store.settle_delivery(delivery, WaitAndAsk(LONG_AGO))
        why = Failure("63016", "The window is closed")

        await store.report_status(StatusReport(CHANNEL, DeliveryStatus.FAILED, message_id=message.id, failure=why))

        found = await stored(store, message)
        assert (found.status, found.error) == (DeliveryStatus.FAILED, why)
        assert await store.claim_delivery("worker-1", message.conversation_id) is None
