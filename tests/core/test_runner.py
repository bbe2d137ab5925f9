"""Slots: how many turns are in flight, who waits for one, and who need not."""

import asyncio
from typing import Any

import pytest

from innbox import Completion, CompletionRequest
from innbox.pipeline import runner


@pytest.fixture
def _no_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "SWEEP_SECONDS", 60.0)


class Slow:
    """A model that takes its time, and counts how many ask it at once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked = self.most = 0

    async def __call__(self, request: CompletionRequest) -> Completion:
        self.asked += 1
        self.most = max(self.most, self.asked)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.asked -= 1
        return Completion(text="At last")


@pytest.mark.usefixtures("_no_sweeps")
async def test_who_waits_for_a_slot_begins_as_soon_as_one_is_free(workshop: Any) -> None:
    model = Slow(0.1)
    house = await workshop(model, slots=2)

    for number in range(9):
        await house.guest_writes("Hello?", f"guest-{number}")

    await house.eventually(lambda: len(house.channel.texts) == 9)
    assert model.most == 2


@pytest.mark.usefixtures("_no_sweeps")
async def test_staff_do_not_wait_until_a_slow_model_has_answered_others(workshop: Any, ana: Any) -> None:
    thinking, go_on = asyncio.Event(), asyncio.Event()

    async def hanging(request: CompletionRequest) -> Completion:
        thinking.set()
        await go_on.wait()
        return Completion(text="At last")

    house = await workshop(hanging, slots=1)
    await house.guest_writes("Hello?", "guest-1")
    await thinking.wait()
    other = await house.guest_writes("And me?", "guest-2")

    await house.app.staff.take_over(ana, other.conversation_id)
    await house.app.staff.reply(ana, other.conversation_id, "Good evening, this is Ana.")

    await house.eventually(lambda: house.channel.texts == ["Good evening, this is Ana."], seconds=2)
    go_on.set()


async def test_more_than_may_wait_are_found_by_the_sweeper(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "STANDING_LIMIT", 1)
    model = Slow(0.05)
    house = await workshop(model, slots=1)

    for number in range(6):  # one begins, one waits, the others are left to the store
        await house.guest_writes("Hello?", f"guest-{number}")

    await house.eventually(lambda: len(house.channel.texts) == 6)
    assert model.most == 1
