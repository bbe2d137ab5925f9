"""What staff do, beyond the contract."""

from collections.abc import Callable

from innbox import (
    Author,
    AuthorKind,
    ConversationStatus,
    Draft,
    Finish,
    Inbound,
    IngestRules,
    Reply,
    TurnRecord,
    WaitAndSend,
    now,
)
from innbox_postgres_store.store import DatabaseStore

RULES = IngestRules(0, 0)
Says = Callable[..., Inbound]


async def test_what_was_resolved_is_not_asked_of_the_bot_again(store: DatabaseStore, says: Says) -> None:
    taken = await store.ingest(says("My key is gone"), RULES)
    await store.resolve(taken.conversation.id)
    await store.ingest(says("Thanks"), RULES)
    await store.heartbeat("w")

    turn = await store.claim_turn("w", taken.conversation.id, 20)

    assert turn is not None
    assert [message.text for message in turn.unanswered] == ["Thanks"]
    assert [message.text for message in turn.history] == ["My key is gone", "Thanks"]


async def test_taking_over_what_was_resolved_opens_it(store: DatabaseStore, says: Says) -> None:
    taken = await store.ingest(says(), RULES)
    await store.take_over(taken.conversation.id, "Ana")
    await store.resolve(taken.conversation.id)

    changed = await store.take_over(taken.conversation.id, "Ana")

    assert changed.conversation.status is ConversationStatus.OPEN
    assert len(changed.events) == 1


async def test_a_staff_reply_need_not_wait_for_what_it_cancels(store: DatabaseStore, says: Says) -> None:
    """The bot's message waited for a later attempt; with it gone, staff's leaves at once."""
    taken = await store.ingest(says(), RULES)
    await store.heartbeat("w")
    turn = await store.claim_turn("w", taken.conversation.id, 20)
    assert turn is not None
    await store.commit_turn(turn, Reply((Draft("Hi", Author(AuthorKind.BOT)),), TurnRecord()))
    delivery = await store.claim_delivery("w", taken.conversation.id)
    assert delivery is not None
    await store.settle_delivery(delivery, WaitAndSend(now().replace(year=2999)))

    await store.staff_message(taken.conversation.id, "Ana", [Draft("I am here", Author(AuthorKind.STAFF, "Ana"))], None)

    delivery = await store.claim_delivery("w", taken.conversation.id)
    assert delivery is not None
    assert delivery.outgoing.text == "I am here"
    assert (await store.settle_delivery(delivery, Finish("sent"))).deliver_at is None
