"""A conversation as a file for spreadsheets."""

import csv
import io
from typing import Any

import pytest

from innbox import Direction
from innbox_dashboard.export import PAGE
from innbox_dashboard.sheets import harmless


def rows(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


async def test_everything_that_was_said_is_in_it_oldest_first(house: Any) -> None:
    for number in range(PAGE + 5):
        house.say(house.miramar, f"message {number}", Direction.IN, "Guest One")

    async with house.client("ana") as client:
        answer = await client.get("/export_messages", params={"conversation_id": house.miramar})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    head, *lines = rows(answer.text)
    assert head == ["time", "direction", "author", "text", "attachments", "status"]
    assert [line[3] for line in lines][-PAGE - 5 :] == [f"message {number}" for number in range(PAGE + 5)]
    assert house.recorded == [("ana", "export", "miramar", house.miramar, {"what": "conversation"})]


async def test_names_and_texts_stay_in_their_cells(house: Any) -> None:
    house.say(house.miramar, 'a "quote", a comma\nand a line', Direction.IN, '=HYPERLINK("https://evil.example")')

    async with house.client("ana") as client:
        answer = await client.get("/export_messages", params={"conversation_id": house.miramar})

    line = rows(answer.text)[-1]
    assert line[2] == '\'=HYPERLINK("https://evil.example")'
    assert line[3] == 'a "quote", a comma\nand a line'


@pytest.mark.parametrize("cell", ["=1+1", "+351911222333", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\u200b=1", "＝1"])
def test_what_a_spreadsheet_would_work_out_is_led_by_an_apostrophe(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Hello", "1 + 1 = 2", "ana@hotel.example"])
def test_everything_else_is_as_it_was(cell: str) -> None:
    assert harmless(cell) == cell


async def test_another_hotels_conversation_and_a_guessed_one_are_404(house: Any) -> None:
    async with house.client("ana") as client:
        for conversation_id in (house.solmar, "0190c0de-0000-7000-8000-000000000000", "' OR 1=1"):
            answer = await client.get("/export_messages", params={"conversation_id": conversation_id})
            assert answer.status_code == 404


@pytest.mark.parametrize("query", ["", "conversation_id=", "conversation_id=%00", "conversation_id=" + "x" * 65])
async def test_a_conversation_must_be_named(house: Any, query: str) -> None:
    async with house.client("ana") as client:
        assert (await client.get(f"/export_messages?{query}")).status_code == 400
