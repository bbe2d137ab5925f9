"""The WhatsApp channel, against the stand-in for Twilio, keeps the contract of channels."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from innbox import Address, now
from innbox.testing.channel_contract import (
    BROKEN,
    BUSY,
    LOST_ANSWER,
    REJECTED,
    UNREACHABLE,
    ChannelContract,
    ChannelProvider,
)
from innbox.testing.twilio_wire import GUEST_NUMBER, TwilioWire
from innbox_whatsapp_twilio.channel import WhatsAppChannel

WIRE_FAULTS = {BUSY: "429", BROKEN: "500", LOST_ANSWER: "accept_then_drop", REJECTED: "21211"}


class WireProvider:
    """The stand-in for Twilio as the contract sees it."""

    faults = frozenset({UNREACHABLE, *WIRE_FAULTS})
    address = Address("whatsapp", GUEST_NUMBER)
    hotel = "miramar"

    def __init__(self, wire: TwilioWire) -> None:
        self.wire = wire
        self.written = 0

    async def accepted(self) -> Sequence[str]:
        return [message.body for message in self.wire.messages]

    async def fail(self, fault: str) -> None:
        if fault == UNREACHABLE:
            await self.wire.stop()
        else:
            self.wire.fail(WIRE_FAULTS[fault])

    async def recover(self) -> None:
        self.wire.recover()
        await self.wire.stop()
        await self.wire.start()

    async def guest_writes(self, text: str) -> None:
        self.written += 1
        at = now() - timedelta(seconds=30) + timedelta(milliseconds=self.written)
        self.wire.receive(self.wire.inbound_form(text), at=at)


class TestWhatsApp(ChannelContract):
    @pytest.fixture
    async def provider(self, twilio: TwilioWire, channel: WhatsAppChannel) -> ChannelProvider:
        return WireProvider(twilio)
