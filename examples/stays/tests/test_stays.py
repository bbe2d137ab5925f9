"""What staff see of a stay at the desk, and what they can do with it, through a running Innbox."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from innbox import Address, Inbound
from innbox_stays.register import Register

HEAD = "hotel,handle,room,arrival,departure\n"
HANDLE = "guest-1"


def today() -> date:
    return datetime.now(ZoneInfo("Europe/Lisbon")).date()


def line(room: str, arrival: int, departure: int, handle: str = HANDLE, hotel: str = "test") -> str:
    """Return a stay from so many days from today to so many."""
    days = (today() + timedelta(days=arrival), today() + timedelta(days=departure))
    return f"{hotel},{handle},{room},{days[0]},{days[1]}\n"


@pytest.fixture
def stays(tmp_path: Path) -> Path:
    file = tmp_path / "stays.csv"
    file.write_text(HEAD + line("12", -1, 2) + line("7", 0, 1, "other") + line("3", 0, 2, hotel="elsewhere"))
    return file


@pytest.fixture
async def desk(run_innbox: Any, stays: Path) -> Any:
    """A signed-in desk, at which a guest has asked for towels."""
    innbox = await run_innbox({"stays": {"file": str(stays)}, "webchat": {}, "dashboard": {}, "faq_llm": {}})
    await innbox.add_user()
    await innbox.sign_in()
    done = await innbox.app.ingest(Inbound("test", Address("webchat", HANDLE), "m1", "Two towels, please"))
    innbox.http.headers["Origin"] = innbox.url
    return innbox, done.message


async def guest(desk: Any) -> dict[str, Any]:
    innbox, message = desk
    answer = await innbox.http.get("/get_guest", params={"conversation_id": message.conversation_id})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def housekeeping(desk: Any) -> Any:
    innbox, message = desk
    ids = {"conversation_id": message.conversation_id, "message_id": message.id}
    return await innbox.http.post("/actions/housekeeping", json=ids)


async def test_room_and_nights_stand_beside_the_guest(desk: Any) -> None:
    shown = await guest(desk)

    until = today() + timedelta(days=2)
    assert [(fact["label"], fact["value"], fact["source"]) for fact in shown["facts"]] == [
        ("Room", "12", "stays"),
        ("Nights", f"3 until {until}", "stays"),
    ]
    assert shown["panels"] == [
        {
            "title": "Today",
            "items": [{"label": "Arrivals", "value": "7"}, {"label": "Departures", "value": "none"}],
            "source": "stays",
        }
    ]


async def test_a_wish_goes_to_housekeeping_once(desk: Any) -> None:
    innbox, message = desk

    answers = [await housekeeping(desk) for _ in range(2)]

    assert [answer.json() for answer in answers] == [{"ok": True, "text": "Housekeeping is told: room 12."}] * 2
    page = await innbox.app.store.history(message.conversation_id, None, 50)
    notes = [found.text for found in page.messages if found.direction == "note" and "Housekeeping" in found.text]
    assert notes == ["Housekeeping, room 12: Two towels, please"]
    offered = (await innbox.http.get("/get_actions")).json()
    assert offered == [{"name": "housekeeping", "label": "To housekeeping"}]


async def test_the_list_is_read_again_when_it_has_changed(desk: Any, stays: Path) -> None:
    await guest(desk)

    stays.write_text(HEAD)

    assert (await guest(desk))["facts"] == []
    answer = await housekeeping(desk)
    assert answer.status_code == 400
    assert "not in the house" in answer.json()["error"]


async def test_a_broken_list_shows_nothing_and_stops_nobody(desk: Any, stays: Path) -> None:
    stays.write_text("room;guest\n12;Ana\n")

    shown = await guest(desk)

    assert (shown["facts"], shown["panels"]) == ([], [])


async def test_the_bot_knows_the_stay(desk: Any) -> None:
    innbox, message = desk
    conversation = await innbox.app.store.conversation(message.conversation_id)
    turn: Any = type("Turn", (), {"conversation": conversation})()

    (snippet,) = await innbox.app.dispatch.gather_context(turn)

    assert "room 12" in snippet.text


def test_a_list_says_which_line_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "stays.csv"
    file.write_text(HEAD + line("12", 0, 1) + "test,x,13,tomorrow,later\n")

    with pytest.raises(ValueError, match="line 3 is no stay"):
        Register(file).stays()
