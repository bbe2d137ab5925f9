"""Deliveries beyond the contract."""

from collections.abc import Callable

import pytest

from innbox import Author, AuthorKind, Draft, Finish, Inbound, IngestRules
from innbox_postgres_store.store import DatabaseStore

RULES = IngestRules(0, 0)
Says = Callable[..., Inbound]


async def staff_writes(store: DatabaseStore, says: Says, *texts: str) -> str:
    taken = await store.ingest(says(), RULES)
    drafts = [Draft(text, Author(AuthorKind.STAFF, "Ana")) for text in texts]
    await store.staff_message(taken.conversation.id, "Ana", drafts, None)
    await store.heartbeat("w")
    return taken.conversation.id


@pytest.mark.parametrize("status", ["pending", "sending", "unknown"])
async def test_a_delivery_does_not_rest_in_mid_life(store: DatabaseStore, says: Says, status: str) -> None:
    conversation_id = await staff_writes(store, says, "Hi")
    delivery = await store.claim_delivery("w", conversation_id)
    assert delivery is not None

    with pytest.raises(ValueError, match=status):
        await store.settle_delivery(delivery, Finish(status))


async def test_a_providers_id_belongs_to_the_first_message_that_has_it(store: DatabaseStore, says: Says) -> None:
    conversation_id = await staff_writes(store, says, "one", "two")
    sent = []
    for _ in range(2):
        delivery = await store.claim_delivery("w", conversation_id)
        assert delivery is not None
        await store.settle_delivery(delivery, Finish("sent", provider_id="SM9"))
        sent.append(await store.message(delivery.outgoing.message_id))

    assert [message.provider_id for message in sent if message] == ["SM9", None]
