"""What stands beside a conversation."""

from datetime import timedelta
from typing import Any

import pytest

from innbox import Scheduled, TurnFacts, new_id, now

READING = ("/get_guest", "/get_turn", "/get_scheduled", "/get_templates")


async def test_the_guest_with_what_plugins_know(house: Any) -> None:
    async with house.client("ana") as client:
        told = (await client.get("/get_guest", params={"conversation_id": house.miramar})).json()
        assert told["guest"]["name"] == "Guest One"
        assert told["facts"] == [{"label": "Room", "value": "12", "source": "stays"}]
        assert told["panels"] == [
            {"title": "Stay", "items": [{"label": "Arrival", "value": "Friday"}], "source": "stays"}
        ]


async def test_why_the_bot_answered_so(house: Any) -> None:
    turn = TurnFacts(new_id(), house.miramar, "reply", now(), {"model": "faq"}, ({"tool": "taxi"},))
    house.desk_store.turns[turn.id] = turn
    async with house.client("root") as client:
        asked = {"conversation_id": house.miramar, "turn_id": turn.id}
        assert (await client.get("/get_turn", params=asked)).json() == turn.as_json()
        for wrong in ({"conversation_id": house.solmar}, {"turn_id": new_id()}):
            assert (await client.get("/get_turn", params={**asked, **wrong})).status_code == 404


async def test_what_leaves_later(house: Any) -> None:
    kept = Scheduled(new_id(), house.miramar, "ana", "Welcome", now() + timedelta(hours=1), now())
    house.desk_store.waiting.append(kept)
    async with house.client("ana") as client:
        answer = await client.get("/get_scheduled", params={"conversation_id": house.miramar})
        assert answer.json() == {"scheduled": [kept.as_json()]}


async def test_what_may_be_sent(house: Any) -> None:
    async with house.client("ana") as client:
        answer = await client.get("/get_templates", params={"conversation_id": house.miramar})
        assert [offer["variables"] for offer in answer.json()["templates"]] == [["1"]]


@pytest.mark.parametrize("path", READING)
async def test_another_hotels_guest_is_not_there(house: Any, path: str) -> None:
    async with house.client("ana") as client:
        for conversation_id in (house.solmar, new_id(), "' OR 1=1"):
            asked = {"conversation_id": conversation_id, "turn_id": "t"}
            assert (await client.get(path, params=asked)).status_code == 404
        assert (await client.get(path, params={"turn_id": "t"})).status_code == 400
    async with house.client() as nobody:
        assert (await nobody.get(path, params={"conversation_id": house.miramar})).status_code == 401


# what plugins do with a message


async def test_the_actions_of_plugins(house: Any) -> None:
    message_id = house.store.messages[house.miramar][0].id
    asked = {"conversation_id": house.miramar, "message_id": message_id}
    async with house.client("ana") as client:
        assert (await client.get("/get_actions")).json() == [{"name": "porter", "label": "Call the porter"}]
        answer = await client.post("/actions/porter", json=asked)
        assert answer.json() == {"ok": True, "text": "The porter comes."}
        assert house.app.staff.done == [("act", "ana", house.miramar, message_id, "porter")]
        assert (await client.post("/actions/lift", json=asked)).status_code == 404
        assert (
            await client.post("/actions/porter", json={**asked, "conversation_id": house.solmar})
        ).status_code == 404
        for body in (b"", b"[]", b"{", b'{"conversation_id": 1}', b"[" * 5000):
            assert (await client.post("/actions/porter", content=body)).status_code == 400
        assert len(house.app.staff.done) == 1
