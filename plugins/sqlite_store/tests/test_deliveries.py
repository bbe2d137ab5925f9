"""Deliveries: what the contract leaves to the store."""

from collections.abc import Callable
from typing import Any

import pytest

from innbox import DeliveryStatus, Finish, StatusReport
from innbox.testing.store_contract.scenes import CHANNEL, bot_message, claim_delivery, deliver, guest_writes, stored
from innbox_sqlite_store import SqliteDatabase


@pytest.mark.parametrize("status", ["pending", "sending", "unknown", "nonsense"])
async def test_a_delivery_cannot_rest_where_it_still_has_to_move(store: SqliteDatabase, status: str) -> None:
    message = await bot_message(store)
    delivery = await claim_delivery(store, message.conversation_id)

    with pytest.raises(ValueError, match=status):
        await store.settle_delivery(delivery, Finish(status))

    assert (await stored(store, message)).status is DeliveryStatus.SENDING


async def test_a_worker_silent_for_too_long_leaves_a_doubt(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    message = await bot_message(store)
    lost = await claim_delivery(store, message.conversation_id, "worker-1")

    look("UPDATE workers SET seen_at = seen_at - 11 * 1000000")

    assert (await store.due(10)).deliver == (message.conversation_id,)
    held = await claim_delivery(store, message.conversation_id, "worker-2")
    assert held.doubtful
    assert (await store.settle_delivery(lost, Finish("sent"))).fenced


@pytest.mark.parametrize("status", [DeliveryStatus.PENDING, DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN])
async def test_a_provider_who_is_still_at_it_settles_nothing(store: SqliteDatabase, status: DeliveryStatus) -> None:
    message = await bot_message(store)

    changed = await store.report_status(StatusReport(CHANNEL, status, message_id=message.id, provider_id="SM9"))

    assert changed is not None
    assert changed.events == ()
    found = await stored(store, message)
    assert (found.status, found.provider_id) == (DeliveryStatus.PENDING, "SM9")


async def test_a_report_of_another_channel_is_not_believed(store: SqliteDatabase) -> None:
    message = await bot_message(store)
    await deliver(store, message.conversation_id, provider_id="SM9")

    for report in (
        StatusReport("webchat", DeliveryStatus.FAILED, message_id=message.id),
        StatusReport("webchat", DeliveryStatus.FAILED, provider_id="SM9"),
    ):
        assert await store.report_status(report) is None

    assert (await stored(store, message)).status is DeliveryStatus.SENT


async def test_a_delivery_of_a_conversation_that_is_gone_is_fenced(
    store: SqliteDatabase, look: Callable[..., Any]
) -> None:
    message = await bot_message(store)
    delivery = await claim_delivery(store, message.conversation_id)
    look("DELETE FROM messages")
    look("DELETE FROM conversations")

    assert (await store.settle_delivery(delivery, Finish("sent"))).fenced


async def test_replies_go_where_the_guest_wrote_from_last(store: SqliteDatabase) -> None:
    taken = await guest_writes(store, handle="+351911000001")
    moved = (await guest_writes(store, handle="PT.1", aliases=(taken.conversation.address,))).conversation
    assert moved.id == taken.conversation.id

    message = await bot_message(store, handle="PT.1")

    assert (await claim_delivery(store, message.conversation_id)).outgoing.address.handle == "PT.1"
