"""What the contract tests of a desk's store are told with, beside the scenes of every store."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from innbox.desk import Figures
from innbox.messages import Effect, Failure, Message, Suggestion, TurnRecord, now
from innbox.ports import Committed, Finish, Propose
from innbox.testing.store_contract.scenes import (
    CHANNEL,
    HANDLE,
    HOTEL,
    DeskStore,
    bot_message,
    claim_delivery,
    claim_turn,
)

FAILURE = Failure("63024", "No such recipient")
UNDECIDED = Failure("undecided", "Nobody can tell")


def proposal(text: str = "From 7 to 10.", *, even_if_newer: bool = False, effects: Sequence[Effect] = ()) -> Propose:
    return Propose(text, TurnRecord(model="test", sources=("miramar.md: Breakfast",)), tuple(effects), even_if_newer)


async def bot_proposes(store: DeskStore, conversation_id: str, text: str = "From 7 to 10.") -> Suggestion:
    """Let the bot end its due turn with a draft for staff."""
    committed = await store.commit_turn(await claim_turn(store, conversation_id), proposal(text))
    return suggestion_of(committed)


def suggestion_of(committed: Committed) -> Suggestion:
    assert committed.verdict == "done"
    assert committed.conversation is not None
    suggestion = committed.conversation.suggestion
    assert suggestion is not None, "the bot's draft waits for staff"
    return suggestion


async def suggestions(store: DeskStore) -> list[dict[str, Any]]:
    """Return what is kept of the drafts for the guest, the oldest first, as their copy tells it."""
    copy = await store.export_guest(HOTEL, CHANNEL, HANDLE)
    assert copy is not None
    return [one for conversation in copy["conversations"] for one in conversation["suggestions"]]


async def failed_message(store: DeskStore, provider_id: str | None = None, **more: Any) -> Message:
    """Return a message of the bot's that has failed."""
    message = await bot_message(store, **more)
    await fails(store, message.conversation_id, provider_id)
    return message


async def fails(store: DeskStore, conversation_id: str, provider_id: str | None = None) -> None:
    """Let the next delivery of a conversation fail."""
    delivery = await claim_delivery(store, conversation_id)
    await store.settle_delivery(delivery, Finish("failed", provider_id, FAILURE))


async def parked_message(store: DeskStore, **more: Any) -> Message:
    """Return a message of which nobody can tell whether it arrived."""
    message = await bot_message(store, **more)
    delivery = await claim_delivery(store, message.conversation_id)
    await store.settle_delivery(delivery, Finish("parked", error=UNDECIDED))
    return message


async def figures(store: DeskStore, hotels: frozenset[str] | None = None) -> Sequence[Figures]:
    """Return the figures of today."""
    return await store.figures(hotels, now() - timedelta(days=1), now() + timedelta(days=1))


async def total(store: DeskStore, name: str, hotel: str = HOTEL) -> Any:
    """Return one of a hotel's figures, added up: the test may run over the end of a quarter of an hour. Waiting times
    are added up class by class."""
    values = [getattr(one, name) for one in await figures(store, frozenset({hotel}))]
    if name.startswith("waits"):
        return tuple(sum(classes) for classes in zip(*values, strict=True))
    return sum(values)
