"""What an admin may change while the house runs."""

from collections.abc import Callable
from typing import Any

import pytest

from innbox import User

AS_JSON = {"Accept": "application/json"}


async def test_the_page_shows_every_hotel_that_the_admin_may_see(house: Any) -> None:
    async with house.client("root") as client:
        page = await client.get("/settings")
        assert page.status_code == 200
        for field in ("bot_miramar", "instructions_miramar", "handover_text_miramar", "bot_solmar"):
            assert f'name="{field}"' in page.text
        assert "Sol &amp; &#34;Mar&#34;" in page.text


async def test_a_form_changes_one_hotel_and_leaves_the_other(house: Any) -> None:
    form = {
        "bot_miramar": ["off"],
        "instructions_miramar": "The pool is closed.\r\nUntil Friday.",
        "handover_text_miramar": "",
    }
    async with house.client("root") as client:
        answer = await client.post("/settings", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings?saved=miramar")
        settings = house.app.runtime.settings
        assert settings["miramar"].bot is False
        assert settings["miramar"].instructions == "The pool is closed.\nUntil Friday."
        assert settings["solmar"].bot is True
        assert house.app.runtime.changed_by == ["root"]
        page = (await client.get("/settings?saved=miramar")).text
        assert "Saved." in page
        assert "The pool is closed.\nUntil Friday.</textarea>" in page


async def test_a_ticked_box_follows_the_hidden_off(house: Any) -> None:
    async with house.client("root") as client:
        for sent, bot in ((["off"], False), (["off", "on"], True)):
            await client.post("/settings", data={"bot_miramar": sent})
            assert house.app.runtime.settings["miramar"].bot is bot


async def test_what_was_written_comes_back_with_the_fault(house: Any) -> None:
    async with house.client("root") as client:
        answer = await client.post("/settings", data={"instructions_miramar": "<b>" + "x" * 4001})
        assert answer.status_code == 400
        assert "at most 4000 characters" in answer.text
        assert "&lt;b&gt;xxx" in answer.text
        assert house.app.runtime.settings["miramar"].instructions == ""


async def test_the_bots_mode_the_language_and_who_is_on_call(house: Any) -> None:
    form = {
        "bot_mode_miramar": "draft",
        "staff_language_miramar": "pt",
        "on_call_miramar": ["", "lea", "", "ana", "lea"],
        "ring_seconds_miramar": "90",
    }
    async with house.client("root") as client:
        assert (await client.post("/settings", data=form)).status_code == 303
        settings = house.app.runtime.settings["miramar"]
        assert (settings.bot_mode, settings.staff_language) == ("draft", "pt")
        assert (settings.on_call, settings.ring_seconds) == (["lea", "ana"], 90)
        page = (await client.get("/settings")).text
        assert '<option value="draft" selected>' in page
        assert '<option value="pt" lang="pt" selected>' in page
        assert page.count('<select name="on_call_miramar"') == 4
        assert page.index('<option value="lea" selected>') < page.index('<option value="ana" selected>')
        await client.post("/settings", data={"on_call_miramar": [""]})
        assert house.app.runtime.settings["miramar"].on_call == []


@pytest.mark.parametrize("seconds", ["", "soon", "-5", "1e3", "9" * 9])
async def test_seconds_are_a_whole_number(house: Any, seconds: str) -> None:
    async with house.client("root") as client:
        answer = await client.post("/settings", data={"ring_seconds_miramar": seconds})
        assert answer.status_code == 400
        assert house.app.runtime.changed_by == []


async def test_without_a_desks_store_there_are_no_drafts_to_choose(make_house: Callable[..., Any]) -> None:
    async with make_house(keeps_desk=False).client("root") as client:
        page = (await client.get("/settings")).text
        assert "bot_miramar" in page
        assert "bot_mode_miramar" not in page
        assert "on_call_miramar" not in page


@pytest.mark.parametrize("value", ["maybe", "", "ON"])
async def test_a_bot_is_on_or_off(house: Any, value: str) -> None:
    async with house.client("root") as client:
        assert (await client.post("/settings", data={"bot_miramar": value})).status_code == 400
        assert house.app.runtime.changed_by == []


async def test_as_data(house: Any) -> None:
    async with house.client("root") as client:
        shown = (await client.get("/settings", headers=AS_JSON)).json()
        assert shown["hotels"]["miramar"] == {
            "name": "Hotel Miramar",
            "bot": True,
            "instructions": "",
            "handover_text": "",
            "bot_mode": "auto",
            "staff_language": "en",
            "on_call": [],
            "ring_seconds": 120.0,
        }
        answer = await client.post("/settings", json={"hotels": {"miramar": {"bot": False}}}, headers=AS_JSON)
        assert answer.status_code == 200
        assert answer.json()["hotels"]["miramar"]["bot"] is False
        answer = await client.post("/settings", data={"bot_miramar": "on"}, headers=AS_JSON)
        assert answer.json()["hotels"]["miramar"]["bot"] is True


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'{"hotels": []}', 400),
        (b'{"hotels": {"miramar": 1}}', 400),
        (b'{"hotels": {"miramar": {"bot": "off"}}}', 400),
        (b'{"hotels": {"nowhere": {"bot": false}}}', 404),
        (b"\xff", 400),
    ],
)
async def test_data_that_does_not_fit_is_refused(house: Any, body: bytes, status: int) -> None:
    async with house.client("root") as client:
        answer = await client.post("/settings", content=body, headers={**AS_JSON, "Content-Type": "application/json"})
        assert answer.status_code == status
        assert "error" in answer.json()
        assert house.app.runtime.changed_by == []


async def test_only_admins(house: Any) -> None:
    async with house.client("ana") as client:
        page = await client.get("/settings")
        assert page.status_code == 403
        assert "Only an admin" in page.text
        assert "bot_miramar" not in page.text
        assert (await client.post("/settings", data={"bot_miramar": "off"})).status_code == 403
        assert (await client.get("/settings", headers=AS_JSON)).json() == {
            "error": "Only an admin may see and change the settings."
        }
        assert house.app.runtime.changed_by == []


async def test_an_admin_of_one_hotel_stays_there(house: Any) -> None:
    house.app.accounts.known["carla"] = User("carla", "admin", frozenset({"miramar"}))
    async with house.client("carla") as client:
        assert "bot_solmar" not in (await client.get("/settings")).text
        await client.post("/settings", data={"bot_solmar": "off"})
        assert (await client.post("/settings", json={"hotels": {"solmar": {"bot": False}}})).status_code == 404
        assert house.app.runtime.settings["solmar"].bot is True
