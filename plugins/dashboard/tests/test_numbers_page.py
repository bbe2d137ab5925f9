"""The figures of a house."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from innbox import Figures, User

AS_JSON = {"Accept": "application/json"}
MARCH = "from=2026-03-28&to=2026-03-30"


def quarter(at: datetime, hotel: str = "miramar", **counts: Any) -> Figures:
    return Figures(hotel, at, **counts)


@pytest.fixture
def quarters(house: Any) -> None:
    """Two hotels around the night in which the clocks of Lisbon and Madrid go forward."""
    house.desk_store.quarters += [
        quarter(datetime(2026, 3, 28, 23, 45, tzinfo=UTC), guest_messages=3),
        quarter(datetime(2026, 3, 29, 0, 0, tzinfo=UTC), guest_messages=5, bot_messages=4, cost_usd=0.25),
        quarter(datetime(2026, 3, 29, 22, 45, tzinfo=UTC), guest_messages=1, waits_by_bot=(3, *[0] * 10)),
        quarter(datetime(2026, 3, 29, 23, 0, tzinfo=UTC), guest_messages=2, waits_by_staff=(1, *[0] * 10)),
        quarter(datetime(2026, 3, 28, 23, 0, tzinfo=UTC), "solmar", guest_messages=100),
    ]


async def test_days_are_those_of_the_hotel(house: Any, quarters: None) -> None:
    async with house.client("lea") as client:
        told = (await client.get(f"/get_numbers?{MARCH}")).json()
        assert (told["from"], told["to"], told["hotels"]) == ("2026-03-28", "2026-03-30", ["miramar"])
        assert [day["guest_messages"] for day in told["days"]] == [3, 6, 2]
        assert told["total"]["answered_by_bot"] == 0.75
        assert (told["hours"][6][0], told["hours"][5][23]) == (5, 3)
    async with house.client("root") as client:
        told = (await client.get(f"/get_numbers?{MARCH}")).json()
        assert [day["guest_messages"] for day in told["days"]] == [3, 106, 2]  # in Madrid it is Sunday an hour earlier
        only = (await client.get(f"/get_numbers?{MARCH}&hotel=solmar")).json()
        assert [day["guest_messages"] for day in only["days"]] == [0, 100, 0]


async def test_the_page_draws_them_without_a_script_or_a_style(house: Any, quarters: None) -> None:
    async with house.client("root") as client:
        page = (await client.get(f"/numbers?{MARCH}")).text
    assert len(re.findall(r'<rect class="series-0"[^>]*height="[1-9]', page)) > 3
    assert "2026-03-29: guests 106, bot 4, staff 0" in page
    assert "75%" in page
    assert "$0.2500" in page
    assert '<td class="level-5">105</td>' in page
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", page)
    assert page.count("<tr>") == 1 + 11 + 1 + 7 + 1 + 3


@pytest.mark.parametrize(
    ("language", "share", "cost"), [("de", "75\u202f%", "0,2500\u202fUS$"), ("en", "75%", "$0.2500")]
)
async def test_numbers_are_written_as_the_language_does(
    house: Any, quarters: None, language: str, share: str, cost: str
) -> None:
    async with house.client("root") as client:
        page = (await client.get(f"/numbers?{MARCH}", headers={"Accept-Language": language})).text
    assert share in page
    assert cost in page


async def test_the_usual_days_end_today_by_the_hotels_clocks(house: Any) -> None:
    today = datetime.now(ZoneInfo("Europe/Lisbon")).date()
    async with house.client("lea") as client:
        told = (await client.get("/get_numbers")).json()
    if datetime.now(ZoneInfo("Europe/Lisbon")).date() == today:
        assert told["to"] == today.isoformat()
    assert date.fromisoformat(told["to"]) - date.fromisoformat(told["from"]) == timedelta(days=27)
    assert len(told["days"]) == 28


async def test_as_csv_which_is_kept_in_the_log(house: Any, quarters: None) -> None:
    async with house.client("root") as client:
        answer = await client.get(f"/numbers.csv?{MARCH}")
    assert answer.headers["content-disposition"] == 'attachment; filename="numbers-2026-03-28-2026-03-30.csv"'
    head, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head[:2] == ["day", "guest_messages"]
    assert [row[:2] for row in rows] == [["2026-03-28", "3"], ["2026-03-29", "106"], ["2026-03-30", "2"]]
    detail = {"what": "numbers", "first": "2026-03-28", "last": "2026-03-30"}
    assert house.recorded == [("root", "export", hotel, detail) for hotel in ("miramar", "solmar")]


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-03-30&to=2026-03-28",
        "from=2020-01-01&to=2026-01-01",
        "from=yesterday",
        "to=2026-02-30",
        "to=0001-01-01",
        "from=9999-12-31&to=9999-12-31",
        "to=20260301",
        "from=2026-03-01%00",
    ],
)
async def test_days_that_there_are_not(house: Any, query: str) -> None:
    async with house.client("lea") as client:
        assert (await client.get(f"/get_numbers?{query}")).status_code == 400
        assert (await client.get(f"/numbers.csv?{query}")).status_code == 400
        page = await client.get(f"/numbers?{query}")
        assert page.status_code == 400
        assert 'role="alert"' in page.text
    assert house.recorded == []


async def test_who_may_see_no_hotel_that_is_left_sees_no_figures(house: Any, quarters: None) -> None:
    house.app.accounts.known["old"] = User("old", "lead", frozenset({"sold"}))
    async with house.client("old") as client:
        assert (await client.get(f"/get_numbers?{MARCH}")).json()["total"]["guest_messages"] == 0
        for path in ("/numbers", "/audit", "/canned"):
            assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/numbers", "/get_numbers", "/numbers.csv"])
async def test_for_leads_and_their_hotels_alone(house: Any, path: str) -> None:
    async with house.client("ana") as agent, house.client("lea") as lead, house.client() as nobody:
        assert (await agent.get(path)).status_code == 403
        assert (await lead.get(path)).status_code == 200
        assert (await lead.get(f"{path}?hotel=solmar")).status_code == 404
        assert (await nobody.get(path, headers=AS_JSON)).status_code == 401
