"""The contract of a channel: subclass `ChannelContract`, give it two fixtures, and it says whether all is right.

    class TestMyChannel(ChannelContract):
        @pytest.fixture
        async def provider(self) -> AsyncIterator[ChannelProvider]: ...

        @pytest.fixture
        async def channel(self, provider: ChannelProvider) -> AsyncIterator[Channel]: ...

`provider` stands for whatever is behind the channel: a wire fake, or a store of messages. It says what reached it, and
makes things go wrong on request. A fault that cannot happen to a channel (nothing is called, so nothing can be down)
is left out of `faults`, and then the channel must send through it unharmed; what a channel cannot do (ask for a sent
message, fetch missed ones) it must not offer half: the contract looks at the ports it implements, not at a promise.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Protocol

from innbox.ids import new_id
from innbox.messages import (
    Absent,
    Address,
    Inbound,
    Outgoing,
    Rejected,
    SendOutcome,
    Sent,
    TryLater,
    Uncertain,
    now,
)
from innbox.ports import Channel, ChannelTraits, FetchesMissed, FindsSent

UNREACHABLE = "unreachable"  # the connection is refused: the provider surely has nothing
BUSY = "busy"  # the provider answers that it is too much for now: 429
BROKEN = "broken"  # the provider answers with a fault of its own: 500
LOST_ANSWER = "lost_answer"  # the provider takes the message, and the connection is cut before it says so
REJECTED = "rejected"  # the provider will never take this message

_OUTCOMES: dict[str, type] = {
    UNREACHABLE: TryLater,
    BUSY: TryLater,
    BROKEN: Uncertain,
    LOST_ANSWER: Uncertain,
    REJECTED: Rejected,
}


class ChannelProvider(Protocol):
    """What is behind a channel, as a test sees it."""

    faults: frozenset[str]
    """Those of this module's faults that can happen to the channel."""

    address: Address
    """A guest whom the channel can reach."""

    hotel: str
    """A hotel that the channel can write for."""

    async def accepted(self) -> Sequence[str]:
        """Return the texts that the provider took, oldest first."""
        ...

    async def fail(self, fault: str) -> None:
        """Make the next sends go wrong, until `recover`. Only faults in `faults` are asked for."""
        ...

    async def recover(self) -> None:
        """Make all go well again."""
        ...

    async def guest_writes(self, text: str) -> None:
        """Have a guest write while we are down, so that only `fetch_missed` can tell. Asked for only where the channel
        offers it."""
        ...


class ChannelContract:
    """Tests that every channel passes. Supply the fixtures `channel` and `provider`."""

    # what it is

    def test_it_is_a_channel_with_a_short_lower_case_name(self, channel: Channel) -> None:
        assert isinstance(channel, Channel)
        assert channel.name
        assert channel.name == channel.name.lower()
        assert channel.name.replace("_", "").isalnum()
        assert len(channel.name) <= 30

    def test_its_traits_are_sane(self, channel: Channel) -> None:
        traits = channel.traits
        assert isinstance(traits, ChannelTraits)
        assert traits.max_chars is None or traits.max_chars >= 100
        assert 1 <= traits.max_parts <= 20
        assert traits.reply_window is None or traits.reply_window >= timedelta(minutes=1)
        json.dumps(asdict(traits), default=str)

    def test_the_provider_names_known_faults_only(self, provider: ChannelProvider) -> None:
        assert provider.faults <= set(_OUTCOMES)

    # sending

    async def test_a_message_reaches_the_provider_once(self, channel: Channel, provider: ChannelProvider) -> None:
        outcome = await channel.send(outgoing(provider, "Good evening"))

        assert isinstance(outcome, Sent)
        assert list(await provider.accepted()) == ["Good evening"]

    async def test_nothing_but_data_comes_back(self, channel: Channel, provider: ChannelProvider) -> None:
        outcome = await channel.send(outgoing(provider, "Só um momento, por favor 🙂"))

        assert isinstance(outcome, SendOutcome)
        json.dumps(asdict(outcome))
        assert list(await provider.accepted()) == ["Só um momento, por favor 🙂"]

    async def test_each_message_has_an_id_of_its_own(self, channel: Channel, provider: ChannelProvider) -> None:
        first = await channel.send(outgoing(provider, "One"))
        second = await channel.send(outgoing(provider, "Two"))

        assert isinstance(first, Sent)
        assert isinstance(second, Sent)
        assert first.provider_id is None or first.provider_id != second.provider_id

    async def test_the_longest_text_arrives_whole(self, channel: Channel, provider: ChannelProvider) -> None:
        text = "word " * ((channel.traits.max_chars or 5000) // 5 - 1) + "end"

        outcome = await channel.send(outgoing(provider, text))

        assert isinstance(outcome, Sent)
        assert list(await provider.accepted()) == [text]

    async def test_many_at_once_all_arrive(self, channel: Channel, provider: ChannelProvider) -> None:
        texts = [f"Message {number}" for number in range(20)]

        outcomes = await asyncio.gather(*(channel.send(outgoing(provider, text)) for text in texts))

        assert all(isinstance(outcome, Sent) for outcome in outcomes)
        assert sorted(await provider.accepted()) == sorted(texts)

    async def test_it_sends_from_the_outgoing_message_alone(self, channel: Channel, provider: ChannelProvider) -> None:
        message = outgoing(provider, "First word")
        copied = replace(message, message_id=new_id(), conversation_id=new_id(), text="Nobody wrote before")

        assert isinstance(await channel.send(copied), Sent)
        assert list(await provider.accepted()) == ["Nobody wrote before"]

    # sending when things go wrong

    async def test_every_fault_has_its_outcome(self, channel: Channel, provider: ChannelProvider) -> None:
        for fault in sorted(provider.faults):
            await provider.fail(fault)
            outcome = await channel.send(outgoing(provider, f"Through {fault}"))
            await provider.recover()

            assert isinstance(outcome, _OUTCOMES[fault]), f"{fault} gave {outcome}"
            assert not isinstance(outcome, Sent)
            assert outcome.failure.code
            assert outcome.failure.text.strip()
            assert "Traceback" not in outcome.failure.text

    async def test_one_attempt_is_one_attempt(self, channel: Channel, provider: ChannelProvider) -> None:
        for fault in sorted(provider.faults):
            await provider.fail(fault)
            await channel.send(outgoing(provider, f"Through {fault}"))
            await provider.recover()

        expected = [f"Through {LOST_ANSWER}"] if LOST_ANSWER in provider.faults else []
        assert list(await provider.accepted()) == expected

    async def test_it_works_again_after_a_fault(self, channel: Channel, provider: ChannelProvider) -> None:
        for fault in sorted(provider.faults):
            await provider.fail(fault)
            await channel.send(outgoing(provider, f"Through {fault}"))
            await provider.recover()
            assert isinstance(await channel.send(outgoing(provider, f"After {fault}")), Sent)

        assert {f"After {fault}" for fault in provider.faults} <= set(await provider.accepted())

    # repeating

    async def test_a_repeatable_channel_shows_a_message_once(self, channel: Channel, provider: ChannelProvider) -> None:
        message = outgoing(provider, "Once")
        for attempt in (1, 2) if channel.traits.repeatable else (1,):
            assert isinstance(await channel.send(replace(message, attempt=attempt)), Sent)

        assert list(await provider.accepted()) == ["Once"]

    def test_a_doubtful_message_can_be_settled(self, channel: Channel, provider: ChannelProvider) -> None:
        can_be_doubtful = bool(provider.faults & {BROKEN, LOST_ANSWER})
        assert not can_be_doubtful or channel.traits.repeatable or isinstance(channel, FindsSent)

    # asking about a sent message

    async def test_a_message_whose_answer_was_lost_is_found(self, channel: Channel, provider: ChannelProvider) -> None:
        if not (isinstance(channel, FindsSent) and LOST_ANSWER in provider.faults):
            assert not isinstance(channel, FindsSent) or not provider.faults
            return
        message = outgoing(provider, "Is it there?")
        await provider.fail(LOST_ANSWER)
        await channel.send(message)
        await provider.recover()

        found = await channel.find_sent(message)

        assert isinstance(found, Sent)
        assert found.provider_id
        assert list(await provider.accepted()) == ["Is it there?"]

    async def test_a_message_that_never_left_is_absent(self, channel: Channel, provider: ChannelProvider) -> None:
        if not isinstance(channel, FindsSent):
            assert not hasattr(channel, "find_sent")
            return
        await channel.send(outgoing(provider, "Another one"))

        assert isinstance(await channel.find_sent(outgoing(provider, "Never sent")), Absent)

    # what was missed

    async def test_missed_messages_come_back_oldest_first(self, channel: Channel, provider: ChannelProvider) -> None:
        if not isinstance(channel, FetchesMissed):
            assert not hasattr(channel, "fetch_missed")
            return
        since = now() - timedelta(minutes=1)
        await provider.guest_writes("Are you there?")
        await provider.guest_writes("Hello?")

        missed = await channel.fetch_missed(since)
        again = await channel.fetch_missed(since)

        assert [inbound.text for inbound in missed] == ["Are you there?", "Hello?"]
        assert [inbound.provider_id for inbound in again] == [inbound.provider_id for inbound in missed]
        for inbound in missed:
            _check_inbound(inbound, channel, provider)

    async def test_nothing_missed_is_an_empty_list(self, channel: Channel, provider: ChannelProvider) -> None:
        if not isinstance(channel, FetchesMissed):
            assert not hasattr(channel, "fetch_missed")
            return
        await provider.guest_writes("Long ago")

        assert list(await channel.fetch_missed(now() + timedelta(hours=1))) == []


def outgoing(provider: ChannelProvider, text: str) -> Outgoing:
    """Return a message to the provider's guest, in an open window, whose attempt begins now."""
    at = now()
    return Outgoing(
        message_id=new_id(),
        conversation_id=new_id(),
        hotel=provider.hotel,
        address=provider.address,
        text=text,
        attempt=1,
        sending_since=at,
        window_closes_at=at + timedelta(hours=1),
    )


def _check_inbound(inbound: Inbound, channel: Channel, provider: ChannelProvider) -> None:
    assert inbound.hotel == provider.hotel
    assert inbound.address == provider.address
    assert inbound.address.channel == channel.name
    assert inbound.provider_id
    json.dumps(dict(inbound.raw))
    json.dumps(dict(inbound.meta))
    assert inbound.sent_at is None or (isinstance(inbound.sent_at, datetime) and inbound.sent_at.tzinfo is not None)
