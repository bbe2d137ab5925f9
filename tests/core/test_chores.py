"""Backfill: what the provider lists comes in through the same door, once, and nothing stands in another's way."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from innbox import Address, Inbound, new_id, now
from innbox.pipeline.chores import Chores


class Provider:
    """Lists what guests wrote."""

    def __init__(self, *listed: Inbound) -> None:
        self.listed = list(listed)

    async def fetch_missed(self, since: datetime) -> Sequence[Inbound]:
        return list(self.listed)


def listed(text: str, handle: str = "guest-1", hotel: str = "test") -> Inbound:
    return Inbound(hotel, Address("scripted", handle), new_id(), text)


async def backfilled(house: Any, chores: Chores, provider: Provider) -> list[str]:
    """Run one backfill and return the provider's ids that came to the door."""
    came: list[str] = []
    door = house.app.door.ingest

    async def watched(inbound: Inbound) -> Any:
        came.append(inbound.provider_id)
        return await door(inbound)

    house.app.door.ingest = watched
    await chores._backfill("scripted", provider)
    house.app.door.ingest = door
    return came


async def test_what_was_missed_comes_in_and_what_the_list_still_holds_is_not_stored_twice(workshop: Any) -> None:
    house = await workshop()
    provider = Provider(listed("Is there a sauna?"))
    chores = Chores(house.app)

    first = await backfilled(house, chores, provider)
    provider.listed.append(listed("And a pool?"))
    second = await backfilled(house, chores, provider)

    assert first == [provider.listed[0].provider_id]
    assert second == [provider.listed[1].provider_id], "what the last backfill brought is not brought again"
    asked = [message.text for message in await house.history() if message.direction == "in"]
    assert asked == ["Is there a sauna?", "And a pool?"]


async def test_another_process_brings_them_again_and_changes_nothing(workshop: Any) -> None:
    house = await workshop()
    provider = Provider(listed("Is there a sauna?"))

    for _ in range(2):
        assert len(await backfilled(house, Chores(house.app), provider)) == 1

    assert [message.text for message in await house.history() if message.direction == "in"] == ["Is there a sauna?"]


async def test_a_message_that_cannot_be_stored_is_in_no_others_way(workshop: Any) -> None:
    house = await workshop()
    provider = Provider(listed("For nobody", hotel="elsewhere"), listed("Is there a sauna?"))
    before, chores = now(), Chores(house.app)

    await backfilled(house, chores, provider)
    again = await backfilled(house, chores, provider)

    assert again == [provider.listed[0].provider_id], "and it is tried again while it is listed"
    assert [message.text for message in await house.history() if message.direction == "in"] == ["Is there a sauna?"]
    watermark = await house.app.store.watermark("backfill:scripted")
    assert watermark is not None
    assert watermark >= before - timedelta(seconds=1)
