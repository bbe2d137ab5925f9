"""Sockets opened by strangers, and by staff and guests who ask for what is not theirs."""

import asyncio
import time
from typing import Any

import pytest
from socketio.exceptions import ConnectionError as ConnectionFailed

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLUGINS: dict[str, Any] = {"webchat": {"messages_per_minute": 20, "new_guests_per_hour_per_address": 1000}}
NOBODYS = "018f0000-0000-7000-8000-000000000000"
FOREIGN = ["https://evil.example", "null", "http://[", "http://127.0.0.1.evil.example", "file://"]


async def conversation_with(house: Any, hotel: str, number: str | None = None) -> Any:
    """Let a new guest write to a hotel, wait for the answer, and return the conversation."""
    form = house.form("Hello", **({"to": number} if number else {}))
    guest = form["From"].removeprefix("whatsapp:")
    assert (await house.post(form)).status_code == 200
    await house.answered(guest, hotel=hotel)
    return await house.conversation(guest, hotel=hotel)


# Who may connect


@pytest.mark.parametrize("cookie", [None, "innbox_session=", "innbox_session=made-up", "innbox_session=" + "x" * 3000])
async def test_no_cookie(connect: Any, cookie: str | None) -> None:
    with pytest.raises(ConnectionFailed):
        await connect(headers={"Cookie": cookie} if cookie else None)


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_origin_at_the_desk(connect: Any, origin: str) -> None:
    with pytest.raises(ConnectionFailed):
        await connect(as_user="bo", headers={"Origin": origin})


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_origin_at_the_chat(connect: Any, origin: str) -> None:
    with pytest.raises(ConnectionFailed):
        await connect("/webchat", auth={"hotel": "miramar"}, headers={"Origin": origin})


@pytest.mark.parametrize("auth", [None, {}, {"hotel": "ritz"}, {"hotel": ["miramar"]}, {"hotel": None}, "miramar", 7])
async def test_a_chat_with_no_hotel(connect: Any, auth: Any) -> None:
    with pytest.raises(ConnectionFailed):
        await connect("/webchat", auth=auth)


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, 7, ["x"], "miramar:somebody.AAAA.BBBB", "farol"])
async def test_a_chat_with_a_token_that_is_none_begins_anew(
    house: Any, connect: Any, eventually: Any, token: Any
) -> None:
    if token == "farol":  # one of ours, of the other hotel
        other = await connect("/webchat", auth={"hotel": "farol"})
        token = (await eventually(lambda: other.heard))[0][1]["token"]
    client = await connect("/webchat", auth={"hotel": "miramar", "token": token})

    event, welcome = (await eventually(lambda: client.heard))[0]
    assert (event, welcome["messages"]) == ("welcome", [])
    assert welcome["token"] != token


# What is another's


async def test_another_hotels_room(house: Any, connect: Any, farol_number: str) -> None:
    theirs = await conversation_with(house, "farol", farol_number)
    client = await connect(as_user="bo")
    client.heard.clear()

    for event in ("join_conversation", "typing", "leave_conversation"):
        answer = await client.call(event, {"conversation_id": theirs.id, "room": "hotel:farol"})
        assert answer == {"ok": False, "error": "not found"}
    again = await conversation_with(house, "farol", farol_number)
    ours = await conversation_with(house, "miramar")

    told = {data.get("conversation_id") or data.get("id") for event, data in client.heard if "agent" not in event}
    assert ours.id in told
    assert not told & {theirs.id, again.id}
    synced = await client.call("sync", {"since": 0})
    assert {event["data"].get("hotel", "miramar") for event in synced["events"]} == {"miramar"}
    assert theirs.id not in str(synced)


@pytest.mark.parametrize("whose", ["nobody's", "another hotel's"])
@pytest.mark.parametrize("event", ["take_over", "return_to_bot", "resolve", "mark_read", "agent_message", "agent_note"])
async def test_a_guessed_conversation(house: Any, connect: Any, farol_number: str, whose: str, event: str) -> None:
    theirs = await conversation_with(house, "farol", farol_number)
    guessed = NOBODYS if whose == "nobody's" else theirs.id
    client = await connect(as_user="bo")

    answer = await client.call(event, {"conversation_id": guessed, "text": "Hi", "client_id": "c"})

    assert answer == {"ok": False, "error": "not found"}
    after = await house.app.store.conversation(theirs.id)
    assert (after.epoch, after.unread, after.handled_by) == (theirs.epoch, theirs.unread, theirs.handled_by)


async def test_a_guest_hears_nothing_of_another(house: Any, connect: Any, eventually: Any) -> None:
    one = await connect("/webchat", auth={"hotel": "miramar"})
    other = await connect("/webchat", auth={"hotel": "miramar"})
    await eventually(lambda: one.heard and other.heard)

    answer = await one.call("user_message", {"text": "My room is 412", "client_id": "1"}, namespace="/webchat")
    assert answer["ok"] is True
    await eventually(
        lambda: [data for event, data in one.heard if event == "new_message" and data["direction"] == "out"]
    )

    assert [event for event, _ in other.heard] == ["welcome"]
    assert (await other.call("sync", {}, namespace="/webchat"))["messages"] == []


async def test_a_guest_may_not_ask_what_staff_may(connect: Any) -> None:
    client = await connect("/webchat", auth={"hotel": "miramar"})

    for event in ("take_over", "sync_all", "agent_message", "connect", "disconnect", "__class__", "trigger_event"):
        assert (await client.call(event, {"conversation_id": "x"}, namespace="/webchat"))["ok"] is False
    assert client.connected


# Too much


@pytest.mark.parametrize("namespace", ["/", "/webchat"])
async def test_a_frame_of_two_megabytes(house: Any, connect: Any, eventually: Any, namespace: str) -> None:
    who: dict[str, Any] = {"as_user": "bo"} if namespace == "/" else {"auth": {"hotel": "miramar"}}
    client = await connect(namespace, **who)

    await client.emit("agent_message" if namespace == "/" else "user_message", "x" * 2_000_000, namespace=namespace)

    await eventually(lambda: not client.connected)
    assert (await house.running.http.get("/healthz")).status_code == 200


async def test_a_flood_at_the_desk(house: Any, connect: Any) -> None:
    mine = await conversation_with(house, "miramar")
    client = await connect(as_user="bo")
    started = time.monotonic()

    answers = await asyncio.gather(*(client.call("typing", {"conversation_id": mine.id}) for _ in range(300)))

    allowed = 61 + 30 * (time.monotonic() - started)
    assert 60 <= sum(answer["ok"] for answer in answers) <= allowed
    assert {answer.get("error") for answer in answers} == {None, "too fast"}


async def test_a_flood_at_the_chat(house: Any, connect: Any, eventually: Any) -> None:
    client = await connect("/webchat", auth={"hotel": "miramar"})

    answers = await asyncio.gather(
        *(
            client.call("user_message", {"text": "x", "client_id": f"{number}"}, namespace="/webchat")
            for number in range(60)
        )
    )

    assert [answer["ok"] for answer in answers].count(True) == 20
    refused = [answer for answer in answers if not answer["ok"]]
    assert {answer["code"] for answer in refused} == {"too_fast"}
    assert all(0 < answer["retry_after"] <= 60 for answer in refused)


# Payloads that are none

ONE = {"conversation_id": "ID"}
WRITTEN = {"conversation_id": "ID", "text": "Hi", "client_id": "c"}
DESK: dict[str, dict[str, Any]] = {
    "join_conversation": ONE,
    "leave_conversation": ONE,
    "agent_message": WRITTEN,
    "agent_note": WRITTEN,
    "take_over": ONE,
    "return_to_bot": ONE,
    "resolve": ONE,
    "mark_read": ONE,
    "typing": ONE,
    "sync": {"since": 0},
}
MISTYPED: list[Any] = [None, 7, 1.5, True, ["x"], {"$ne": ""}, "", "x" * 30_000]


@pytest.mark.parametrize("event", DESK)
async def test_a_field_that_is_missing_or_mistyped_at_the_desk(house: Any, connect: Any, event: str) -> None:
    mine = await conversation_with(house, "miramar")
    before = await house.history(mine.guest.handle)
    client = await connect(as_user="bo")
    right = {name: mine.id if value == "ID" else value for name, value in DESK[event].items()}
    payloads: list[Any] = [None, 7, "x", [], [right], {}]
    for name in right:
        payloads.append({key: value for key, value in right.items() if key != name})
        payloads += [{**right, name: value} for value in MISTYPED if not (event == "sync" and value == 7)]

    for payload in payloads:
        answer = await client.call(event, payload)
        assert answer["ok"] is False, (payload, answer)
        assert answer["error"]
        await asyncio.sleep(0.03)  # below the limit of speed

    assert client.connected
    assert await house.app.store.conversation(mine.id) == mine
    assert await house.history(mine.guest.handle) == before


async def test_an_event_that_is_none(connect: Any) -> None:
    client = await connect(as_user="bo")

    for event in ("", "connect", "disconnect", "drop_tables", "__init__", "x" * 5000):
        assert (await client.call(event, {}))["ok"] is False
    assert client.connected


CHAT: dict[str, list[Any]] = {
    "text": [None, 7, ["x"], {}, "", "   ", "\u200b", "x" * 30_000],
    "client_id": [None, 7, ["x"], {}, "", "a\nb", "\x00", "x" * 30_000],
}


@pytest.mark.parametrize("name", CHAT)
async def test_a_field_that_is_missing_or_mistyped_at_the_chat(house: Any, connect: Any, name: str) -> None:
    client = await connect("/webchat", auth={"hotel": "miramar"})
    taken = house.rows("SELECT count(*) FROM raw_inbound")
    right = {"text": "Hello", "client_id": "1"}
    lacking = {key: value for key, value in right.items() if key != name}

    for payload in [None, 7, "x", [], [right], {}, lacking, *({**right, name: value} for value in CHAT[name])]:
        answer = await client.call("user_message", payload, namespace="/webchat")
        assert answer["ok"] is False, (payload, answer)
        assert answer["error"]

    assert client.connected
    assert house.rows("SELECT count(*) FROM raw_inbound") == taken


@pytest.mark.parametrize("payload", [None, {}, {"seq": "1"}, {"seq": None}, {"seq": True}, {"seq": 1.5}, [1]])
async def test_a_place_that_is_none(connect: Any, payload: Any) -> None:
    client = await connect("/webchat", auth={"hotel": "miramar"})

    assert (await client.call("read", payload, namespace="/webchat"))["ok"] is False
