"""The channel contract lets a right channel pass, and catches those that are wrong."""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from innbox.messages import Absent, Address, Failure, FindOutcome, Outgoing, SendOutcome, Sent, TryLater, Uncertain
from innbox.ports import Channel, ChannelTraits
from innbox.testing.channel_contract import LOST_ANSWER, UNREACHABLE, ChannelContract, ChannelProvider

TESTS = sorted(name for name in vars(ChannelContract) if name.startswith("test_"))


class Postbox:
    """A provider in memory."""

    faults = frozenset({UNREACHABLE, LOST_ANSWER})
    address = Address("pigeon", "loft-7")
    hotel = "miramar"

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.fault: str | None = None

    async def accepted(self) -> Sequence[str]:
        return [text for _, text in self.taken]

    async def fail(self, fault: str) -> None:
        self.fault = fault

    async def recover(self) -> None:
        self.fault = None

    async def guest_writes(self, text: str) -> None:
        raise AssertionError("pigeons bring nothing back")


class Pigeons:
    """A right channel, which cannot tell what was missed."""

    name = "pigeon"
    traits = ChannelTraits(max_chars=200, reply_window=timedelta(days=1))

    def __init__(self, postbox: Postbox) -> None:
        self.postbox = postbox

    async def send(self, outgoing: Outgoing) -> SendOutcome:
        if self.postbox.fault == UNREACHABLE:
            return TryLater(Failure("fog", "There is fog."))
        self.postbox.taken.append((outgoing.message_id, outgoing.text))
        if self.postbox.fault == LOST_ANSWER:
            return Uncertain(Failure("lost", "The pigeon did not come back."))
        return Sent(outgoing.message_id)

    async def find_sent(self, outgoing: Outgoing) -> FindOutcome:
        found = outgoing.message_id in dict(self.postbox.taken)
        return Sent(outgoing.message_id) if found else Absent()


class TestPigeons(ChannelContract):
    @pytest.fixture
    def provider(self) -> ChannelProvider:
        return Postbox()

    @pytest.fixture
    def channel(self, provider: Postbox) -> Channel:
        return Pigeons(provider)


class SendsTwice(Pigeons):
    async def send(self, outgoing: Outgoing) -> SendOutcome:
        await super().send(outgoing)
        return await super().send(outgoing)


class Retries(Pigeons):
    async def send(self, outgoing: Outgoing) -> SendOutcome:
        outcome = await super().send(outgoing)
        return outcome if isinstance(outcome, Sent) else await super().send(outgoing)


class SaysSentTooSoon(Pigeons):
    async def send(self, outgoing: Outgoing) -> SendOutcome:
        await super().send(outgoing)
        return Sent(outgoing.message_id)


class SendsNothing(Pigeons):
    async def send(self, outgoing: Outgoing) -> SendOutcome:
        return Sent("anything")


class CutsTexts(Pigeons):
    async def send(self, outgoing: Outgoing) -> SendOutcome:
        return await super().send(replace(outgoing, text=outgoing.text[:50]))


class TakesAmbiguousForFailed(Pigeons):
    async def send(self, outgoing: Outgoing) -> SendOutcome:
        outcome = await super().send(outgoing)
        return TryLater(outcome.failure) if isinstance(outcome, Uncertain) else outcome


class FindsEverything(Pigeons):
    async def find_sent(self, outgoing: Outgoing) -> FindOutcome:
        return Sent("anything")


class FindsNothing(Pigeons):
    async def find_sent(self, outgoing: Outgoing) -> FindOutcome:
        return Absent()


class Shouts(Pigeons):
    name = "Pigeon Post"


class ClaimsToBeRepeatable(Pigeons):
    traits = ChannelTraits(repeatable=True)


class HasNoRoom(Pigeons):
    traits = ChannelTraits(max_chars=3)


class Loses(Pigeons):
    """One that loses its message when two leave at once."""

    flying = 0

    async def send(self, outgoing: Outgoing) -> SendOutcome:
        self.flying += 1
        await asyncio.sleep(0)
        collided = self.flying > 1
        self.flying -= 1
        return Sent("lost") if collided else await super().send(outgoing)


@pytest.mark.parametrize(
    "wrong",
    [
        SendsTwice,
        Retries,
        SaysSentTooSoon,
        SendsNothing,
        CutsTexts,
        TakesAmbiguousForFailed,
        FindsEverything,
        FindsNothing,
        Shouts,
        ClaimsToBeRepeatable,
        HasNoRoom,
        Loses,
    ],
)
async def test_a_wrong_channel_is_caught(wrong: Callable[[Postbox], Channel]) -> None:
    assert await failures_of(wrong)


async def test_the_right_one_is_not() -> None:
    assert await failures_of(Pigeons) == []


async def failures_of(make: Callable[[Postbox], Channel]) -> list[str]:
    """Return the names of the contract's tests that a channel fails."""
    failed = []
    for name in TESTS:
        postbox = Postbox()
        test: Any = getattr(ChannelContract(), name)
        offered: dict[str, Any] = {"channel": make(postbox), "provider": postbox}
        try:
            result = test(**{wanted: offered[wanted] for wanted in inspect.signature(test).parameters})
            if inspect.isawaitable(result):
                await result
        except AssertionError:
            failed.append(name)
    return failed
