"""What the store's contract tests are told with: guests who write, bots that answer, workers that deliver."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Protocol

from innbox.desk import KeepsDesk
from innbox.events import Event
from innbox.ids import new_id
from innbox.messages import Address, Author, AuthorKind, Delivery, Inbound, Message, Turn, TurnRecord, now
from innbox.ports import Committed, Draft, Finish, HandOver, Ingested, IngestRules, NoReply, Reply, Store

HOTEL = "miramar"
OTHER_HOTEL = "palace"
CHANNEL = "whatsapp"
HANDLE = "+351911222333"
AT_ONCE = IngestRules(wait_seconds=0, wait_at_most_seconds=0)
BOT_OFF = IngestRules(wait_seconds=0, wait_at_most_seconds=0, bot_on=False)
NO_IDS = ("", "not-an-id", "' OR 1=1 --", "00000000-0000-7000-8000-000000000000", "a\0b", "\ud800")
LONG_AGO = datetime.fromisoformat("2020-01-01T00:00:00+00:00")


class DeskStore(Store, KeepsDesk, Protocol):
    """A store that keeps a desk too."""


def says(text: str = "Hello", *, handle: str = HANDLE, hotel: str = HOTEL, **more: Any) -> Inbound:
    """Return a guest's message, with a provider's id of its own unless one is given."""
    channel = more.pop("channel", CHANNEL)
    provider_id = more.pop("provider_id", None) or f"SM-{new_id()}"
    return Inbound(hotel=hotel, address=Address(channel, handle), provider_id=provider_id, text=text, **more)


async def guest_writes(store: Store, text: str = "Hello", *, rules: IngestRules = AT_ONCE, **more: Any) -> Ingested:
    """Take in a guest's message, due for an answer at once."""
    return await store.ingest(says(text, **more), rules)


async def claim_turn(store: Store, conversation_id: str, worker: str = "worker-1", history: int = 20) -> Turn:
    """Claim a turn that is due."""
    await store.heartbeat(worker)
    turn = await store.claim_turn(worker, conversation_id, history)
    assert turn is not None, "a turn is due, so it can be claimed"
    return turn


async def claim_delivery(store: Store, conversation_id: str, worker: str = "worker-1") -> Delivery:
    """Claim a delivery that is due."""
    await store.heartbeat(worker)
    delivery = await store.claim_delivery(worker, conversation_id)
    assert delivery is not None, "a delivery is due, so it can be claimed"
    return delivery


def bot_draft(text: str, **more: Any) -> Draft:
    return Draft(text, Author(AuthorKind.BOT), **more)


def staff_draft(text: str, user: str = "Ana", **more: Any) -> Draft:
    return Draft(text, Author(AuthorKind.STAFF, user), **more)


def reply(*texts: str, even_if_newer: bool = False) -> Reply:
    """Return a turn's end with one draft a text."""
    return Reply(tuple(bot_draft(text) for text in texts), TurnRecord(model="test"), even_if_newer=even_if_newer)


def hand_over(notice: str | None = "A colleague will answer you.") -> HandOver:
    return HandOver("The guest asked for a person", TurnRecord(), notice=bot_draft(notice) if notice else None)


def no_reply() -> NoReply:
    return NoReply(TurnRecord())


async def bot_answers(store: Store, *texts: str, **more: Any) -> Committed:
    """Let a guest write and the bot answer with one `out` message a text, pending."""
    taken = await guest_writes(store, **more)
    committed = await store.commit_turn(await claim_turn(store, taken.conversation.id), reply(*(texts or ("Hi",))))
    assert committed.verdict == "done"
    return committed


async def bot_message(store: Store, text: str = "Hi", **more: Any) -> Message:
    """Return a pending message of the bot."""
    return (await bot_answers(store, text, **more)).messages[0]


async def deliver(store: Store, conversation_id: str, provider_id: str | None = None) -> Delivery:
    """Send the next message of a conversation."""
    delivery = await claim_delivery(store, conversation_id)
    await store.settle_delivery(delivery, Finish("sent", provider_id=provider_id))
    return delivery


async def stored(store: Store, message: Message | str) -> Message:
    """Return a message as it is now."""
    found = await store.message(message if isinstance(message, str) else message.id)
    assert found is not None, "the message is stored"
    return found


async def texts_of(store: Store, conversation_id: str) -> list[str]:
    return [message.text for message in (await store.history(conversation_id, None, 100)).messages]


def names(events: Iterable[Event]) -> list[str]:
    """Return the events' names, sorted."""
    return sorted(event.name.value for event in events)


def soon(seconds: float = 3600) -> datetime:
    return now() + timedelta(seconds=seconds)


def about(moment: datetime | None, expected: datetime) -> bool:
    """Say whether two times are equal but for the seconds that a test may take."""
    return moment is not None and abs(moment - expected) < timedelta(seconds=5)
