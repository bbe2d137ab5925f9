"""Canned replies."""

from typing import Any

import pytest

from innbox import CannedReply, new_id

REPLY = {"hotel": "miramar", "shortcut": "/Late_checkout", "text": " Dear {guest}, until noon. "}


async def test_a_lead_adds_one_that_every_agent_finds(house: Any) -> None:
    async with house.client("lea") as lead, house.client("ana") as agent:
        answer = (await lead.post("/canned", json=REPLY)).json()
        assert answer["ok"] is True
        found = (await agent.get("/get_canned?hotel=miramar")).json()["canned"]
        assert found == [answer["canned"]]
        assert (found[0]["shortcut"], found[0]["text"]) == ("late_checkout", "Dear {guest}, until noon.")
        assert house.recorded == [("lea", "save_canned", "miramar", {"shortcut": "late_checkout"})]


async def test_a_lead_changes_and_removes_one(house: Any) -> None:
    kept = house.desk_store.canned["c1"] = CannedReply("c1", "miramar", "wifi", "The password is on your card.")
    async with house.client("lea") as client:
        await client.post("/canned", json={**kept.as_json(), "text": "Ask at reception."})
        assert house.desk_store.canned["c1"].text == "Ask at reception."
        assert (await client.delete("/canned/c1")).json() == {"ok": True}
        assert house.desk_store.canned == {}
        assert (await client.delete("/canned/c1")).status_code == 404


async def test_two_of_a_hotel_have_two_shortcuts(house: Any) -> None:
    async with house.client("root") as client:
        assert (await client.post("/canned", json=REPLY)).status_code == 200
        assert (await client.post("/canned", json=REPLY)).status_code == 409
        assert (await client.post("/canned", json={**REPLY, "hotel": "solmar"})).status_code == 200


async def test_another_hotels_stay_as_they_are(house: Any) -> None:
    house.desk_store.canned["c1"] = CannedReply("c1", "solmar", "wifi", "Sol")
    async with house.client("lea") as client:
        assert (await client.post("/canned", json={**REPLY, "id": "c1"})).status_code == 404
        assert (await client.post("/canned", json={**REPLY, "hotel": "solmar"})).status_code == 404
        assert (await client.delete("/canned/c1")).status_code == 404
        assert "/wifi" not in (await client.get("/canned")).text
        assert house.desk_store.canned["c1"].text == "Sol"


@pytest.mark.parametrize(
    "change",
    [
        {"shortcut": ""},
        {"shortcut": "two words"},
        {"shortcut": "x" * 33},
        {"shortcut": 5},
        {"text": "  "},
        {"text": "x" * 4001},
        {"text": "\x00"},
        {"text": ["a"]},
        {"id": {}, "text": None},
    ],
)
async def test_what_does_not_fit_is_refused(house: Any, change: dict[str, Any]) -> None:
    async with house.client("lea") as client:
        assert (await client.post("/canned", json={**REPLY, **change})).status_code == 400
        assert house.desk_store.canned == {}


async def test_agents_only_read(house: Any) -> None:
    house.desk_store.canned["c1"] = CannedReply("c1", "miramar", "wifi", "Sol")
    async with house.client("ana") as client:
        assert (await client.post("/canned", json=REPLY)).status_code == 403
        assert (await client.delete("/canned/c1")).status_code == 403
        page = await client.get("/canned")
        assert (page.status_code, "/wifi" in page.text) == (403, False)
    async with house.client() as nobody:
        assert (await nobody.post("/canned", json=REPLY)).status_code == 401
        assert (await nobody.get("/canned")).headers["location"] == "/login?next=/canned"
    assert len(house.desk_store.canned) == 1


# the page


async def test_the_page_adds_changes_and_removes_without_a_script(house: Any) -> None:
    async with house.client("lea") as client:
        answer = await client.post("/canned", data={**REPLY, "text": "<b>One</b>\r\nTwo"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/canned?saved=1")
        (reply,) = house.desk_store.canned.values()
        assert reply.text == "<b>One</b>\nTwo"
        page = (await client.get("/canned?saved=1")).text
        assert "Saved." in page
        assert "&lt;b&gt;One&lt;/b&gt;\nTwo</textarea>" in page
        await client.post("/canned", data={**reply.as_json(), "remove": reply.id})
        assert house.desk_store.canned == {}


async def test_what_was_written_comes_back_with_the_fault(house: Any) -> None:
    house.desk_store.canned["c1"] = CannedReply("c1", "miramar", "wifi", "Sol")
    async with house.client("lea") as client:
        for form in ({"id": "c1"}, {}):
            answer = await client.post("/canned", data={**REPLY, **form, "shortcut": "a b"})
            assert answer.status_code == 400
            assert "A shortcut has 1 to 32" in answer.text
            assert 'value="a b"' in answer.text
        assert house.desk_store.canned["c1"].shortcut == "wifi"


async def test_a_form_for_one_that_is_gone(house: Any) -> None:
    async with house.client("lea") as client:
        assert (await client.post("/canned", data={**REPLY, "remove": new_id()})).status_code == 404
