"""Deliveries: once, in order, and honest about what nobody knows."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from innbox import Absent, DeliveryStatus, Failure, Rejected, Sent, TryLater, Uncertain
from innbox.pipeline import deliver, points

FULL = Failure("429", "Too many requests")
DARK = Failure("timeout", "No answer")


async def states(house: Any) -> list[DeliveryStatus | None]:
    return [message.status for message in await house.history() if message.direction == "out"]


async def reached(house: Any, *wanted: DeliveryStatus) -> None:
    async def there() -> bool:
        return await states(house) == list(wanted)

    await house.eventually(there)


async def test_what_surely_failed_is_sent_again_with_back_off(workshop: Any) -> None:
    house = await workshop()
    house.channel.outcomes = [TryLater(FULL)]

    await house.guest_writes("Hello")

    await reached(house, DeliveryStatus.SENT)
    assert house.channel.texts == ["re: Hello"]
    assert house.channel.sent[0].attempt == 2


async def test_a_final_error_is_failed_with_its_reason(workshop: Any) -> None:
    house = await workshop()
    house.channel.outcomes = [Rejected(Failure("21211", "That is no phone number."))]

    await house.guest_writes("Hello")

    await reached(house, DeliveryStatus.FAILED)
    assert (await house.history())[-1].error == Failure("21211", "That is no phone number.")


@pytest.mark.parametrize("outcome", [Uncertain(DARK), RuntimeError("boom")], ids=["uncertain", "raised"])
async def test_what_may_have_arrived_is_parked_where_nobody_can_be_asked(workshop: Any, outcome: Any) -> None:
    house = await workshop()
    house.channel.outcomes = [outcome]

    await house.guest_writes("Hello")

    await reached(house, DeliveryStatus.PARKED)
    await asyncio.sleep(0.3)
    assert house.channel.texts == []


async def test_what_may_have_arrived_is_asked_for_and_found(
    workshop: Any, finding_channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "FIND_GRACE", timedelta(seconds=0.1))
    house = await workshop(channel=finding_channel)
    house.channel.outcomes = [Uncertain(DARK)]
    house.channel.finds = [Sent("found", DeliveryStatus.DELIVERED)]

    await house.guest_writes("Hello")

    await reached(house, DeliveryStatus.DELIVERED)
    assert house.channel.texts == []
    assert (await house.history())[-1].provider_id == "found"


async def test_what_is_absent_twice_is_sent_again(
    workshop: Any, finding_channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "FIND_GRACE", timedelta(seconds=0.1))
    monkeypatch.setattr(deliver, "ASK_AGAIN", timedelta(seconds=0.1))
    house = await workshop(channel=finding_channel)
    house.channel.outcomes = [Uncertain(DARK)]
    house.channel.finds = [Absent(), Absent()]

    await house.guest_writes("Hello")

    await reached(house, DeliveryStatus.SENT)
    assert house.channel.texts == ["re: Hello"]
    assert house.channel.finds == []


async def test_a_process_that_stood_still_does_not_send_on_its_old_claim(
    workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a worker that is frozen once, between its claim and its call
    frozen_for = [deliver.CLAIM_SECONDS + 1]
    clock = time.monotonic

    def reached_point(name: str) -> None:
        if name == "delivery.before_send" and frozen_for:
            offset = frozen_for.pop()
            monkeypatch.setattr(deliver, "monotonic", lambda: clock() + offset)

    monkeypatch.setattr(points, "reached", reached_point)
    house = await workshop()

    await house.guest_writes("Hello")

    # Then it claims anew before it sends, and sends once
    await reached(house, DeliveryStatus.SENT)
    assert house.channel.texts == ["re: Hello"]
    assert house.channel.sent[0].attempt == 2


async def test_what_cannot_be_decided_waits_for_staff(
    workshop: Any, finding_channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "FIND_GRACE", timedelta(seconds=0.1))
    house = await workshop(channel=finding_channel)
    house.channel.outcomes = [Uncertain(DARK)]
    house.channel.finds = [Uncertain(Failure("twins", "Two of the same text."))]

    await house.guest_writes("Hello")

    await reached(house, DeliveryStatus.PARKED)
    assert house.channel.texts == []


async def test_what_a_guest_did_not_ask_for_stays_in_the_house_where_they_opted_out(workshop: Any, ana: Any) -> None:
    house = await workshop()
    asked = await house.guest_writes("Hello")
    await reached(house, DeliveryStatus.SENT)
    claim = house.app.store.claim_delivery

    async def of_one_who_opted_out(worker: str, conversation_id: str) -> Any:
        delivery = await claim(worker, conversation_id)
        outgoing = replace(delivery.outgoing, proactive=True, opted_out=True) if delivery else None
        return replace(delivery, outgoing=outgoing) if delivery else None

    house.app.store.claim_delivery = of_one_who_opted_out

    await house.app.staff.reply(ana, asked.conversation_id, "Come again!")

    await reached(house, DeliveryStatus.SENT, DeliveryStatus.FAILED)
    assert (await house.history())[-1].error.code == "opted_out"
    assert house.channel.texts == ["re: Hello"]


async def test_nothing_overtakes_a_message_that_waits(workshop: Any, ana: Any) -> None:
    house = await workshop()
    house.channel.outcomes = [TryLater(FULL)]
    message = await house.guest_writes("Hello")
    await house.eventually(lambda: not house.channel.outcomes)

    await house.app.staff.reply(ana, message.conversation_id, "one")
    await house.app.staff.reply(ana, message.conversation_id, "two")

    await house.eventually(lambda: len(house.channel.texts) >= 2)
    assert house.channel.texts == ["one", "two"], "the bot's waiting answer was cancelled by the takeover"
    assert (await states(house))[0] is DeliveryStatus.CANCELLED


async def test_fifty_conversations_keep_their_order(workshop: Any) -> None:
    house = await workshop()

    async def talk(number: int) -> None:
        for turn in range(4):
            await house.guest_writes(f"<{number}/{turn}>", handle=f"guest-{number}")
            await asyncio.sleep(0.01)

    await asyncio.gather(*(talk(number) for number in range(50)))

    def answered() -> bool:
        said = "\n".join(house.channel.texts)
        return all(f"<{number}/3>" in said for number in range(50))

    await house.eventually(answered, 30)
    for number in range(50):
        said = "\n".join(o.text for o in house.channel.sent if o.address.handle == f"guest-{number}")
        places = [said.index(f"<{number}/{turn}>") for turn in range(4)]
        assert places == sorted(places)
        assert all(said.count(f"<{number}/{turn}>") == 1 for turn in range(4))
