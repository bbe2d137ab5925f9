"""Who may sign in, as what, and for which hotels."""

from typing import Any

import pytest

from innbox import User

AS_JSON = {"Accept": "application/json"}
ZOE = {"do": "add", "name": "zoe", "password": "long enough", "role": "lead"}


@pytest.fixture(autouse=True)
def carla(house: Any) -> None:
    """An admin of one hotel."""
    house.app.accounts.known["carla"] = User("carla", "admin", frozenset({"miramar"}))


async def test_an_admin_adds_somebody_for_some_hotels(house: Any) -> None:
    async with house.client("root") as client:
        answer = await client.post("/people", data={**ZOE, "hotel_solmar": "on"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/people?saved=zoe")
        assert house.app.accounts.changes == [("add", "zoe", "lead", ["solmar"], "root")]
        page = (await client.get("/people?saved=zoe")).text
        assert "Saved: zoe." in page
        assert "<strong>zoe</strong>" in page


async def test_every_hotel_is_said_and_never_meant_by_saying_nothing(house: Any) -> None:
    async with house.client("root") as client:
        nothing = await client.post("/people", data=ZOE)
        assert nothing.status_code == 400
        assert "Choose at least one hotel" in nothing.text
        assert 'value="zoe"' in nothing.text
        assert "long enough" not in nothing.text
        wrong: tuple[Any, ...] = ([], ["nowhere"], "miramar", [7], {})
        for hotels in wrong:
            assert (await client.post("/people", json={**ZOE, "hotels": hotels})).status_code == 400
        assert house.app.accounts.changes == []
        assert (await client.post("/people", data={**ZOE, "all_hotels": "on"})).status_code == 303
        assert house.app.accounts.changes == [("add", "zoe", "lead", None, "root")]


async def test_role_hotels_password_and_whether_they_may_sign_in(house: Any) -> None:
    async with house.client("root") as client:
        await client.post("/people", data={"do": "change", "name": "ana", "role": "lead", "hotel_miramar": "on"})
        await client.post("/people", data={"do": "password", "name": "ana", "password": "long enough"})
        await client.post("/people", data={"do": "disable", "name": "ana"})
        assert '<span class="chip chip-bad">Disabled</span>' in (await client.get("/people")).text
        await client.post("/people", data={"do": "enable", "name": "ana"})
    assert house.app.accounts.changes == [
        ("change", "ana", "lead", ["miramar"], "root"),
        ("password", "ana", "root"),
        ("disable", "ana", "root"),
        ("enable", "ana", "root"),
    ]


async def test_what_cannot_be_is_said_on_the_page(house: Any) -> None:
    async with house.client("root") as client:
        for form, said in (
            ({**ZOE, "name": "ana", "all_hotels": "on"}, "Somebody has this name already."),
            ({**ZOE, "password": "short", "all_hotels": "on"}, "A password has 8 to 1024 characters."),
            ({"do": "disable", "name": "root"}, "This is the only admin of all hotels"),
            ({"do": "promote", "name": "ana"}, "do is one of"),
            ({"do": "disable"}, "name is missing"),
        ):
            answer = await client.post("/people", data=form)
            assert (answer.status_code, said in answer.text) == (400, True), form
        assert (await client.post("/people", data={"do": "disable", "name": "nobody"})).status_code == 404
    assert house.app.accounts.changes == []


async def test_as_data(house: Any) -> None:
    async with house.client("root") as client:
        told = await client.post("/people", json={**ZOE, "hotels": ["miramar"]}, headers=AS_JSON)
        zoe = {"name": "zoe", "role": "lead", "hotels": ["miramar"], "disabled": False, "created_at": None}
        assert zoe in told.json()["people"]
        assert told.json() == (await client.get("/people", headers=AS_JSON)).json()
        assert (await client.post("/people", json={**ZOE, "hotels": None}, headers=AS_JSON)).status_code == 409
        for body in (b"{", b"[]", b'{"do": "add"}', b'{"do": ["add"], "name": "a"}'):
            headers = {**AS_JSON, "Content-Type": "application/json"}
            assert (await client.post("/people", content=body, headers=headers)).status_code == 400


async def test_an_admin_of_one_hotel_sees_those_alone_who_may_see_no_other(house: Any) -> None:
    async with house.client("carla") as client:
        told = (await client.get("/people", headers=AS_JSON)).json()
        assert [one["name"] for one in told["people"]] == ["ana", "carla", "lea"]
        page = (await client.get("/people")).text
        assert "hotel_miramar" in page
        assert "hotel_solmar" not in page
        assert "all_hotels" not in page


@pytest.mark.parametrize("name", ["ana", "lea"])
async def test_only_admins(house: Any, name: str) -> None:
    async with house.client(name) as client:
        page = await client.get("/people")
        assert (page.status_code, "<strong>" in page.text) == (403, False)
        assert (await client.post("/people", json={**ZOE, "hotels": ["miramar"]})).status_code == 403
        assert (await client.post("/people", data={**ZOE, "hotel_miramar": "on"})).status_code == 403
    assert house.app.accounts.changes == []


async def test_names_are_texts_and_no_more(house: Any) -> None:
    evil = '"><img src=x onerror=alert(1)>'
    house.app.accounts.known[evil] = User(evil, "agent", None)
    async with house.client("root") as client:
        for page in (
            await client.get("/people"),
            await client.get("/people", params={"saved": evil}),
            await client.post("/people", data={**ZOE, "name": evil, "role": evil}),
        ):
            assert "<img" not in page.text
            assert "&lt;img" in page.text
