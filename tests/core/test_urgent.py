"""Words of danger: staff have the guest at once, whatever the store keeps and the model says."""

import asyncio
from typing import Any

import pytest

from innbox import Direction, HandledBy, IngestRules, User

FIRE = "There is a fire in the corridor!"


class Spy:
    """The app's store, with a look at the rules by which messages come in."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.rules: list[IngestRules] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def ingest(self, inbound: Any, rules: IngestRules) -> Any:
        self.rules.append(rules)
        return await self._store.ingest(inbound, rules)


async def rules_of(house: Any, text: str) -> IngestRules:
    """Return the rules by which a guest's message is taken in."""
    house.app.store = spy = Spy(house.app.store)
    await house.guest_writes(text)
    return spy.rules[0]


async def test_in_a_plain_house_danger_goes_to_staff_without_a_model(workshop: Any) -> None:
    house = await workshop(plain=True)

    await house.guest_writes(FIRE)

    await house.eventually(lambda: house.channel.texts)
    assert house.llms[0].requests == []
    assert (await house.conversation()).handled_by is HandledBy.STAFF
    _, note, notice = await house.history()
    assert (note.direction, note.text) == (Direction.NOTE, "Urgent: the guest wrote fire.")
    assert notice.text.startswith("We have alerted our team")


async def test_danger_goes_to_staff_at_once_and_the_guest_is_told_once(workshop: Any) -> None:
    house = await workshop(wait_seconds=0.3)
    await house.guest_writes("Is the pool heated?")  # a burst whose answer is about to be thought of

    await house.guest_writes(FIRE)
    await house.guest_writes("Please come, there is fire everywhere")

    conversation = await house.conversation()
    assert (conversation.handled_by, conversation.urgent.words) == (HandledBy.STAFF, ("fire",))
    await house.eventually(lambda: house.channel.texts)
    await asyncio.sleep(0.6)
    assert len(house.channel.texts) == 1
    assert house.channel.texts[0].startswith("We have alerted our team")
    assert house.llms[0].requests == []


async def test_the_door_tells_the_store_of_danger_and_whom_to_call(workshop: Any) -> None:
    house = await workshop(hotel={"urgent": {"on_call": ["gone", "elsewhere", "Bea", "ana"], "ring_seconds": 30}})
    await house.add_users(ana=None, Bea="test", gone=None, elsewhere="other")
    await house.app.accounts.disable("gone")

    rules = await rules_of(house, "Fogo no quarto 12, socorro")

    assert rules.urgent == ("fogo", "socorro")
    assert (rules.ring_for, rules.ring_seconds) == ("Bea", 30)
    assert rules.notice.startswith("Alertámos")  # in the language of the word that was found


async def test_with_nobody_on_call_it_rings_for_everybody(workshop: Any) -> None:
    house = await workshop(hotel={"urgent": {"notice": "We are on our way."}})

    rules = await rules_of(house, FIRE)

    assert (rules.urgent, rules.ring_for, rules.ring_seconds) == (("fire",), None, None)
    assert rules.notice == "We are on our way."


@pytest.mark.parametrize("hotel", [{"urgent": {"enabled": False}}, {}])
async def test_what_is_no_danger_is_not_told_of(workshop: Any, hotel: dict[str, Any]) -> None:
    house = await workshop(hotel=hotel)

    rules = await rules_of(house, FIRE if hotel else "Is there a fireplace?")

    assert (rules.urgent, rules.notice) == ((), "")


async def test_the_desk_may_say_who_is_on_call_tonight(workshop: Any, ana: User) -> None:
    house = await workshop(hotel={"urgent": {"on_call": ["Bea"]}})
    await house.add_users(ana=None)

    await house.app.runtime.change("test", {"on_call": ["ana"], "ring_seconds": 60}, ana)

    rules = await rules_of(house, FIRE)
    assert (rules.ring_for, rules.ring_seconds) == ("ana", 60)


@pytest.mark.parametrize(("text", "wish"), [("Stop", True), ("START", False), ("Where does the bus stop?", None)])
async def test_the_door_hears_who_opts_out(workshop: Any, text: str, wish: bool | None) -> None:
    house = await workshop()

    assert (await rules_of(house, text)).opts_out is wish
