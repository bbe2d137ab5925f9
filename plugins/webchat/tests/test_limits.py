"""How much one guest, and one network address, may ask."""

from collections.abc import Callable

import pytest

from innbox import Throttled
from innbox_webchat.limits import CONNECTS_PER_MINUTE, REQUESTS_PER_MINUTE, Limits


@pytest.fixture
def limits(make_house: Callable[..., object]) -> Limits:
    house = make_house(messages_per_minute=2, messages_per_minute_per_address=3, new_guests_per_hour_per_address=2)
    return Limits(house.app, house.settings)  # type: ignore[attr-defined]


async def test_a_guest_who_writes_too_fast_is_told_when_to_go_on(limits: Limits) -> None:
    await limits.message("guest", "192.0.2.1")
    await limits.message("guest", "192.0.2.1")

    with pytest.raises(Throttled) as caught:
        await limits.message("guest", "192.0.2.1")

    assert 1 <= caught.value.retry_after <= 60


async def test_guests_who_share_an_address_share_its_limit(limits: Limits) -> None:
    for guest in ("a", "b", "c"):
        await limits.message(guest, "192.0.2.1")

    with pytest.raises(Throttled):
        await limits.message("d", "192.0.2.1")
    await limits.message("d", "192.0.2.2")


async def test_an_address_cannot_bring_guests_without_end(limits: Limits) -> None:
    await limits.new_guest("192.0.2.1")
    await limits.new_guest("192.0.2.1")

    with pytest.raises(Throttled):
        await limits.new_guest("192.0.2.1")
    await limits.new_guest("192.0.2.2")


async def test_a_page_that_connects_or_asks_without_end_is_held_back(limits: Limits) -> None:
    for _ in range(CONNECTS_PER_MINUTE):
        await limits.connect("guest")
    for _ in range(REQUESTS_PER_MINUTE):
        await limits.request("guest")

    with pytest.raises(Throttled):
        await limits.connect("guest")
    with pytest.raises(Throttled):
        await limits.request("guest")
