"""The desk in a real house: the whole app behind a real server, with a store, a channel and nothing made up."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import socketio
from socketio.exceptions import ConnectionError as ConnectionFailed

from innbox import Address, Inbound, new_id

OpenDesk = Callable[..., Awaitable[socketio.AsyncClient]]


@pytest.fixture
async def house(run_innbox: Any, built: Path) -> Any:
    """A hotel with one guest, who has asked something while the bot is off, and two members of staff."""
    running = await run_innbox({"webchat": {}, "dashboard": {"static_dir": str(built)}})
    await running.add_user("ana")
    await running.add_user("bo", "agent", ["elsewhere"])
    await running.app.store.change_settings("test", {"bot": False}, "ana")
    return running


async def ask(house: Any, text: str) -> Any:
    """Let a guest write; return what the core made of it."""
    return await house.app.ingest(Inbound("test", Address("webchat", "guest-1"), new_id(), text, guest_name="Guest"))


@pytest.fixture
async def open_desk(house: Any) -> AsyncIterator[OpenDesk]:
    """A function that connects a desk with the session of the HTTP client."""
    clients: list[socketio.AsyncClient] = []

    async def open_desk(heard: list[Any] | None = None, **headers: str) -> socketio.AsyncClient:
        client = socketio.AsyncClient(reconnection=False)
        clients.append(client)
        if heard is not None:
            client.on("*", lambda event, data: heard.append((event, data)))
        await client.connect(house.url, headers={"Cookie": house.cookies, **headers}, transports=["websocket"])
        return client

    yield open_desk
    for client in clients:
        await client.disconnect()
        if client.eio.http is not None:
            await client.eio.http.close()


async def test_from_the_sign_in_to_a_reply(house: Any, open_desk: OpenDesk) -> None:
    asked = await ask(house, "Is there a late breakfast?")
    assert (await house.http.get("/")).headers["location"] == "/login"
    await house.sign_in("ana")
    assert (await house.http.get("/dashboard")).status_code == 200

    inbox = (await house.http.get("/get_conversations", params={"q": "breakfast"})).json()
    assert [conversation["id"] for conversation in inbox["conversations"]] == [asked.conversation.id]

    heard: list[Any] = []
    client = await open_desk(heard, Origin=house.url)
    payload = {"conversation_id": asked.conversation.id, "text": "Until eleven.", "client_id": "c1"}
    first, second = await client.call("agent_message", payload), await client.call("agent_message", payload)
    assert first["ok"] is second["ok"] is True
    assert first["message"]["id"] == second["message"]["id"]
    assert first["conversation"]["assignee"] == "ana"

    missed = await client.call("sync", {"since": inbox["last_event"]})
    assert "Until eleven." in [event["data"].get("text") for event in missed["events"]]

    page = (await house.http.get("/get_messages", params={"conversation_id": asked.conversation.id})).json()
    assert [message["text"] for message in page["messages"]] == ["Is there a late breakfast?", "Until eleven."]


async def test_live_events_are_those_of_sync(house: Any, open_desk: OpenDesk) -> None:
    await house.sign_in("ana")
    heard: list[Any] = []
    client = await open_desk(heard)
    asked = await ask(house, "Hello?")
    for _ in range(300):
        if len([event for event, _ in heard if event != "agent_status_update"]) >= 2:
            break
        await client.sleep(0.01)
    synced = (await client.call("sync", {"since": 0}))["events"]
    live = {data["event"]: data for event, data in heard if event != "agent_status_update"}
    assert [event["event"] for event in synced] == sorted(live)
    assert synced[0]["data"]["id"] == live[min(live)]["id"] == asked.message.id


async def test_staff_of_another_hotel_see_nothing(house: Any, open_desk: OpenDesk) -> None:
    asked = await ask(house, "Hello?")
    await house.sign_in("bo")
    assert (await house.http.get("/get_conversations")).json()["conversations"] == []
    hidden = await house.http.get("/get_messages", params={"conversation_id": asked.conversation.id})
    assert hidden.status_code == 404
    client = await open_desk()
    answer = await client.call("take_over", {"conversation_id": asked.conversation.id})
    assert answer == {"ok": False, "error": "not found"}
    assert (await client.call("sync", {"since": 0}))["events"] == []


async def test_hostile_requests(house: Any, open_desk: OpenDesk) -> None:
    foreign = {"Origin": "https://evil.example"}
    right = {"username": "ana", "password": "correct horse battery"}
    assert (await house.http.post("/login", data=right, headers=foreign)).status_code == 403
    await house.sign_in("ana")
    assert (await house.http.post("/logout", headers=foreign)).status_code == 403
    assert (await house.http.post("/settings", data={"bot_test": "on"}, headers=foreign)).status_code == 403
    with pytest.raises(ConnectionFailed):
        await open_desk(**foreign)
    for path in ("/get_messages?conversation_id=%27", "/media/%27/0", "/media/x/99999999999999999999"):
        assert (await house.http.get(path)).status_code == 404
    assert (await house.http.get("/get_conversations?cursor=garbage")).status_code in (200, 400)
    assert (await house.http.get("/get_conversations?q=%22%20OR%20*%20%27(")).status_code == 200


async def test_settings_change_what_the_bot_does(house: Any) -> None:
    await house.sign_in("ana")
    answer = await house.http.post("/settings", data={"bot_test": ["off", "on"], "instructions_test": "Be brief."})
    assert answer.status_code == 303
    assert (await house.app.runtime.of("test")).bot is True
    assert "Be brief.</textarea>" in (await house.http.get("/settings")).text


async def test_a_disabled_member_of_staff_is_out_within_five_seconds(house: Any, open_desk: OpenDesk) -> None:
    await house.sign_in("ana")
    client = await open_desk()
    await house.app.accounts.disable("ana")
    for _ in range(500):
        if not client.connected:
            break
        await client.sleep(0.01)
    assert not client.connected
    assert (await house.http.get("/get_conversations")).status_code == 401
