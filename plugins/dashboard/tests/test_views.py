"""The saved views, their counts, the labels in use, and who is there."""

from collections.abc import Callable
from typing import Any

import pytest

from innbox import User, View

READING = ("/get_view?view=all", "/get_counts", "/get_labels", "/get_people?hotel=miramar", "/get_canned")


@pytest.mark.parametrize("view", View)
async def test_a_view_is_of_the_asker_and_their_hotels(house: Any, view: View) -> None:
    async with house.client("ana") as client:
        answer = await client.get("/get_view", params={"view": view, "label": "vip", "cursor": "abc", "limit": "7"})
        assert answer.headers["cache-control"] == "no-store"
        assert [found["id"] for found in answer.json()["conversations"]] == [house.miramar]
        assert (answer.json()["next_cursor"], answer.json()["last_event"]) == (None, 2)
        (query,) = house.desk_store.views
        assert (query.view, query.user, query.hotels) == (view, "ana", {"miramar"})
        assert (query.label, query.cursor, query.limit) == ("vip", "abc", 7)


async def test_counts_and_labels_are_of_the_hotels_that_one_may_see(house: Any) -> None:
    async with house.client("ana") as ana, house.client("root") as root:
        assert (await ana.get("/get_counts")).json() == {"mine": 1, "unassigned": 1, "bot": 1000}
        assert (await root.get("/get_counts")).json()["unassigned"] == 0
        assert (await ana.get("/get_labels")).json() == {"labels": ["miramar"]}
        assert (await root.get("/get_labels")).json() == {"labels": ["miramar", "solmar"]}
        assert (await root.get("/get_labels?hotel=solmar")).json() == {"labels": ["solmar"]}


async def test_colleagues_are_those_who_may_see_the_hotel(running: Any) -> None:
    house = running.house
    house.app.accounts.known["gone"] = User("gone", "agent", None, disabled=True)
    desk = await running.desk("root")
    await desk.until(lambda: desk.last_status("root"))
    async with house.client("ana") as client:
        assert (await client.get("/get_people?hotel=miramar")).json() == {
            "people": [
                {"name": "ana", "online": False},
                {"name": "lea", "online": False},
                {"name": "root", "online": True},
            ]
        }


@pytest.mark.parametrize("path", READING)
async def test_nobody_reads_without_a_session(house: Any, path: str) -> None:
    async with house.client() as client:
        assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize("path", READING)
async def test_another_hotel_is_not_there(house: Any, path: str) -> None:
    path = path.replace("hotel=miramar", "")
    async with house.client("ana") as client:
        for hotel in ("solmar", "nowhere"):
            separator = "&" if "?" in path else "?"
            assert (await client.get(f"{path}{separator}hotel={hotel}")).status_code == 404


@pytest.mark.parametrize("query", ["", "view=", "view=MINE", "view=theirs", "view=all&limit=0", "view=all&cursor=%00"])
async def test_a_view_that_there_is_not_is_refused(house: Any, query: str) -> None:
    async with house.client("ana") as client:
        assert (await client.get(f"/get_view?{query}")).status_code == 400
        assert house.desk_store.views == []


@pytest.mark.parametrize("path", [path for path in READING if "people" not in path])
async def test_a_store_that_keeps_no_desk_is_said_so(make_house: Callable[..., Any], path: str) -> None:
    async with make_house(keeps_desk=False).client("ana") as client:
        answer = await client.get(path)
        assert (answer.status_code, "nothing of that kind" in answer.text) == (400, True)
