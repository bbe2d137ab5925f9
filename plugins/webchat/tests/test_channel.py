"""The web chat as a channel: messages of the house go to all tabs of a guest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from innbox import Address, AuthorKind, Channel, Inbound, Outgoing, Rejected, Sent, now, rfc3339
from innbox.testing.channel_contract import ChannelContract, ChannelProvider
from innbox_webchat.channel import MAX_CHARS, WebChatChannel


@dataclass
class Pages:
    """A guest's open pages, as the contract sees them: they ignore a message whose id they have."""

    house: Any
    address: Address
    hotel: str = "miramar"
    faults: frozenset[str] = frozenset()

    async def accepted(self) -> Sequence[str]:
        shown = {data["id"]: data["text"] for name, data, _, _ in self.house.emitted if name == "new_message"}
        return list(shown.values())

    async def fail(self, fault: str) -> None:
        raise AssertionError("there is nobody between the house and its pages who could fail")

    async def recover(self) -> None:
        """There is nothing to recover from."""

    async def guest_writes(self, text: str) -> None:
        raise AssertionError("the web chat misses nothing while we are down: its pages keep what they could not send")


class TestContract(ChannelContract):
    @pytest.fixture
    def provider(self, house: Any, guest_address: Address) -> ChannelProvider:
        return Pages(house, guest_address)

    @pytest.fixture
    def channel(self, provider: Pages) -> Channel:
        return WebChatChannel(provider.house.app)


async def guest_of(house: Any, handle: str) -> Any:
    await house.ingest(Inbound("miramar", Address("webchat", handle), f"{handle}:1", "Hello"))
    return house.conversation(handle)


async def test_a_reply_goes_to_the_guests_room_in_the_guests_shape(house: Any) -> None:
    conversation = await guest_of(house, "h1")

    message, _ = await house.says(conversation, "Good evening", AuthorKind.STAFF)

    ((name, data, room, namespace),) = house.emitted
    assert (name, room, namespace) == ("new_message", "guest:h1", "/webchat")
    assert data == message.as_guest_json()


async def test_it_says_sent_although_nobody_looks(house: Any) -> None:
    _, outgoing = await house.says(await guest_of(house, "h1"), "Good evening")

    assert await WebChatChannel(house.app).send(outgoing) == Sent()


async def test_the_store_is_not_asked_again(house: Any) -> None:
    message, outgoing = await house.says(await guest_of(house, "h1"), "Good evening")
    house.store.away = True

    assert await WebChatChannel(house.app).send(outgoing) == Sent()
    assert [data for _, data, _, _ in house.emitted] == [message.as_guest_json()] * 2


async def test_a_message_that_is_not_stored_is_shown_at_the_end(house: Any, guest_address: Address) -> None:
    outgoing = Outgoing("m", "c", "miramar", guest_address, "The pool is closed.", 1, now())

    assert await WebChatChannel(house.app).send(outgoing) == Sent()

    ((_, data, _, _),) = house.emitted
    assert (data["seq"], data["author"], data["text"]) == (
        None,
        {"kind": "system", "name": None},
        "The pool is closed.",
    )
    assert data["created_at"] == rfc3339(outgoing.sending_since)


async def test_too_long_a_text_is_rejected(house: Any, guest_address: Address) -> None:
    outgoing = Outgoing("m", "c", "miramar", guest_address, "x" * (MAX_CHARS + 1), 1, now())

    outcome = await WebChatChannel(house.app).send(outgoing)

    assert isinstance(outcome, Rejected)
    assert outcome.failure.code == "too_long"
    assert house.emitted == []
