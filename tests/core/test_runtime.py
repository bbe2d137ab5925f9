"""What may change while the house runs: read as the file says, until the desk says otherwise."""

from typing import Any

import pytest

from innbox import BotMode, NotFound, Refused, User

HOTEL = {"staff_language": "pt", "urgent": {"on_call": ["Bea"], "ring_seconds": 30}}


async def test_the_file_speaks_until_the_desk_does(workshop: Any, ana: User) -> None:
    house = await workshop(hotel=HOTEL)
    await house.add_users(ana=None)
    before = await house.app.runtime.of("test")

    changes = {"staff_language": "de", "on_call": ["ana"], "ring_seconds": 60, "instructions": "The lift is broken."}
    await house.app.runtime.change("test", changes, ana)
    after = await house.app.runtime.of("test")
    await house.app.runtime.change("test", dict.fromkeys(changes), ana)

    assert (before.staff_language, before.on_call, before.ring_seconds) == ("pt", ("Bea",), 30)
    assert (after.staff_language, after.on_call, after.ring_seconds) == ("de", ("ana",), 60)
    assert after.instructions == "The lift is broken."
    assert await house.app.runtime.of("test") == before


async def test_staff_read_the_first_language_of_the_house(workshop: Any) -> None:
    house = await workshop()

    assert (await house.app.runtime.of("test")).staff_language == "en"


@pytest.mark.parametrize(
    ("bot", "bot_mode", "mode"),
    [(True, "auto", BotMode.AUTO), (True, "off", BotMode.OFF), (False, "auto", BotMode.OFF)],
)
async def test_a_bot_that_is_off_is_off_whatever_its_mode(
    workshop: Any, ana: User, bot: bool, bot_mode: str, mode: BotMode
) -> None:
    house = await workshop()

    await house.app.runtime.change("test", {"bot": bot, "bot_mode": bot_mode}, ana)

    assert (await house.app.runtime.of("test")).mode is mode


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("bot", "on"),
        ("bot_mode", "loud"),
        ("instructions", "x" * 4001),
        ("handover_text", 1),
        ("staff_language", "german"),
        ("on_call", "ana"),
        ("on_call", ["nobody"]),
        ("on_call", [1]),
        ("ring_seconds", 1),
        ("ring_seconds", True),
        ("colour", "blue"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_written(workshop: Any, ana: User, key: str, value: Any) -> None:
    house = await workshop()
    before = await house.app.runtime.of("test")

    with pytest.raises(Refused, match=key if key != "on_call" or value != ["nobody"] else "nobody called nobody"):
        await house.app.runtime.change("test", {"instructions": "fine", key: value}, ana)

    assert await house.app.runtime.of("test") == before


async def test_drafts_need_a_store_that_keeps_them(workshop: Any, ana: User) -> None:
    house = await workshop(plain=True)

    with pytest.raises(Refused) as refused:
        await house.app.runtime.change("test", {"bot_mode": "draft"}, ana)

    assert refused.value.code == "no_desk"


async def test_settings_are_an_admins_of_that_hotel(workshop: Any) -> None:
    house = await workshop()

    with pytest.raises(Refused, match="admin"):
        await house.app.runtime.change("test", {"bot": False}, User("Bea", "lead"))
    with pytest.raises(NotFound):
        await house.app.runtime.change("test", {"bot": False}, User("Bea", "admin", frozenset({"other"})))


async def test_who_changed_what_is_kept_but_not_to_what(workshop: Any, ana: User) -> None:
    house = await workshop()

    await house.app.runtime.change("test", {"bot": False, "instructions": "The code of the safe is 1234."}, ana)

    (entry,) = await house.app.desk_store.audit_log(None, None, 10)
    assert (entry.user, entry.action, entry.hotel) == ("ana", "settings", "test")
    assert entry.detail == {"changed": ["bot", "instructions"]}
