"""The web chat as a channel: messages of the house go to all tabs of a guest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from innbox import Address, AuthorKind, Channel, Inbound, Outgoing, Rejected, Sent, TryLater, now
from innbox.testing.channel_contract import UNREACHABLE, ChannelContract, ChannelProvider
from innbox_webchat.channel import MAX_CHARS, WebChatChannel


@dataclass
class Pages:
    """A guest's open pages, as the contract sees them: they ignore a message whose id they have."""

    house: Any
    address: Address
    hotel: str = "miramar"
    faults: frozenset[str] = frozenset({UNREACHABLE})

    async def accepted(self) -> Sequence[str]:
        shown = {data["id"]: data["text"] for name, data, _, _ in self.house.emitted if name == "new_message"}
        return list(shown.values())

    async def fail(self, fault: str) -> None:
        self.house.store.away = True

    async def recover(self) -> None:
        self.house.store.away = False

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


async def test_with_the_store_away_it_is_tried_later(house: Any) -> None:
    _, outgoing = await house.says(await guest_of(house, "h1"), "Good evening")
    house.store.away = True

    assert isinstance(await WebChatChannel(house.app).send(outgoing), TryLater)


async def test_too_long_a_text_is_rejected(house: Any, guest_address: Address) -> None:
    outgoing = Outgoing("m", "c", "miramar", guest_address, "x" * (MAX_CHARS + 1), 1, now())

    outcome = await WebChatChannel(house.app).send(outgoing)

    assert isinstance(outcome, Rejected)
    assert outcome.failure.code == "too_long"
    assert house.emitted == []
