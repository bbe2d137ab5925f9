"""What the desk's page reads."""

from typing import Any

import pytest

from innbox import Direction


async def test_staff_see_their_own_hotels_conversations(house: Any) -> None:
    async with house.client("ana") as ana, house.client("root") as root:
        mine = (await ana.get("/get_conversations")).json()
        assert [conversation["id"] for conversation in mine["conversations"]] == [house.miramar]
        assert mine["conversations"][0]["guest"]["name"] == "Guest One"
        assert (mine["next_cursor"], mine["last_event"]) == (None, 2)
        everything = (await root.get("/get_conversations")).json()
        assert {conversation["hotel"] for conversation in everything["conversations"]} == {"miramar", "solmar"}


async def test_filters_reach_the_store(house: Any) -> None:
    async with house.client("root") as client:
        await client.get("/get_conversations?hotel=solmar&status=open&handled_by=bot&q=%20late%20&cursor=abc&limit=7")
        query = house.store.queries[-1]
        assert query.hotels == {"solmar"}
        assert (query.status, query.handled_by, query.q, query.cursor, query.limit) == ("open", "bot", "late", "abc", 7)


async def test_an_empty_filter_is_none(house: Any) -> None:
    async with house.client("ana") as client:
        await client.get("/get_conversations?hotel=&status=&handled_by=&q=&cursor=&limit=")
        query = house.store.queries[-1]
        assert query.hotels == {"miramar"}
        assert (query.status, query.handled_by, query.q, query.cursor, query.limit) == (None, None, None, None, 50)


async def test_another_hotel_is_not_there(house: Any) -> None:
    async with house.client("ana") as client:
        for hotel in ("solmar", "nowhere"):
            assert (await client.get("/get_conversations", params={"hotel": hotel})).status_code == 404
        assert house.store.queries == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=ten",
        "limit=1.5",
        "limit=１０",
        "limit=1_0",
        "limit=" + "9" * 200,
        "status=closed",
        "status=OPEN",
        "handled_by=nobody",
        "q=" + "x" * 201,
        "q=%00",
        "cursor=" + "x" * 201,
    ],
)
async def test_what_cannot_be_asked_is_400_with_a_sentence(house: Any, query: str) -> None:
    async with house.client("ana") as client:
        answer = await client.get(f"/get_conversations?{query}")
        assert answer.status_code == 400
        assert answer.json()["error"].endswith(".")


async def test_messages_come_oldest_first_and_page_by_page(house: Any) -> None:
    for number in range(4):
        house.say(house.miramar, f"message {number}", Direction.IN, "Guest One")
    async with house.client("ana") as client:
        newest = (await client.get("/get_messages", params={"conversation_id": house.miramar, "limit": 2})).json()
        assert [message["seq"] for message in newest["messages"]] == [4, 5]
        assert newest["next_before"] == 4
        older = (
            await client.get("/get_messages", params={"conversation_id": house.miramar, "before": 4, "limit": 100})
        ).json()
        assert [message["seq"] for message in older["messages"]] == [1, 2, 3]
        assert older["next_before"] is None


async def test_another_hotels_conversation_and_a_guessed_one_are_404(house: Any) -> None:
    async with house.client("ana") as client:
        for conversation_id in (house.solmar, "0190c0de-0000-7000-8000-000000000000", "' OR 1=1", "../x"):
            answer = await client.get("/get_messages", params={"conversation_id": conversation_id})
            assert answer.status_code == 404
            assert answer.json() == {"error": "There is no such conversation."}


@pytest.mark.parametrize("query", ["", "conversation_id=", "conversation_id=x&before=0", "conversation_id=x&limit=no"])
async def test_messages_need_a_conversation_and_real_numbers(house: Any, query: str) -> None:
    async with house.client("ana") as client:
        assert (await client.get(f"/get_messages?{query}")).status_code == 400


async def test_answers_are_kept_by_nobody(house: Any) -> None:
    async with house.client("ana") as client:
        for path in ("/get_conversations", f"/get_messages?conversation_id={house.miramar}"):
            assert (await client.get(path)).headers["cache-control"] == "no-store"


async def test_with_the_store_away_data_is_503(house: Any) -> None:
    house.store.away = True
    async with house.client("ana") as client:
        assert (await client.get("/get_conversations")).status_code == 503
