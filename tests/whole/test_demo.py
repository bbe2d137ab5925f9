"""The embedded default, as `make demo` runs it: one process, SQLite, no keys, no other server."""

import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import socketio

from innbox.testing.processes import InnboxProcess
from innbox.testing.services import free_port

OpenDesk = Callable[..., Awaitable[Any]]
LINES = ("Desk", "Guest chat", "Name", "Password")


class Demo:
    """`innbox demo` in a folder of its own, and what it printed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process = self._new()

    def _new(self) -> InnboxProcess:
        env = {"HOST": "127.0.0.1", "PORT": str(self.port)}
        return InnboxProcess("demo", log=self.folder / "demo.log", env=env, cwd=self.folder)

    async def start(self) -> dict[str, str]:
        """Start it, wait until it is ready, and return the lines that it printed by their names."""
        self.process = self._new()
        self.process.start()
        await self.process.wait_for_http(f"http://127.0.0.1:{self.port}/readyz")
        text = self.process.tail(1_000_000)
        return {name: re.findall(rf"^{name}: (.+)$", text, re.MULTILINE)[-1].strip() for name in LINES}

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.signal(signal.SIGINT)
        return self.process.stop()


class GuestChat:
    """A guest at the hotel's page: a live socket that remembers what it heard."""

    def __init__(self) -> None:
        self.socket = socketio.AsyncClient(reconnection=False)
        self.welcome: dict[str, Any] = {}
        self.heard: list[dict[str, Any]] = []
        self.socket.on("welcome", self._welcomed, namespace="/webchat")
        self.socket.on("new_message", self.heard.append, namespace="/webchat")

    async def open(self, url: str, hotel: str, token: str | None = None) -> None:
        auth = {"hotel": hotel, **({"token": token} if token else {})}
        await self.socket.connect(url, namespaces=["/webchat"], auth=auth, transports=["websocket"])

    async def say(self, text: str, client_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self.socket.call(
            "user_message", {"text": text, "client_id": client_id}, namespace="/webchat", timeout=10
        )
        return answer

    def texts(self, kind: str) -> list[str]:
        return [message["text"] for message in self.heard if message["author"]["kind"] == kind]

    def _welcomed(self, data: dict[str, Any]) -> None:
        self.welcome = data


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    made = Demo(tmp_path)
    yield made
    made.process.kill()


@pytest.fixture
async def guest_chat() -> AsyncIterator[Callable[[], GuestChat]]:
    chats: list[GuestChat] = []

    def new() -> GuestChat:
        chats.append(GuestChat())
        return chats[-1]

    yield new
    for chat in chats:
        await chat.socket.disconnect()


async def test_the_demo_answers_hands_over_and_remembers(
    demo: Demo, desk_at: OpenDesk, guest_chat: Callable[[], GuestChat], eventually: Any
) -> None:
    # Given the demo, a desk signed in with what it printed, and a guest at the chat that it printed
    printed = await demo.start()
    url = f"http://127.0.0.1:{demo.port}"
    assert printed["Desk"].startswith(url)
    hotel = printed["Guest chat"].rsplit("/", 1)[1]
    desk = await desk_at(url, printed["Name"], printed["Password"])
    guest = guest_chat()
    await guest.open(url, hotel)
    await eventually(lambda: guest.welcome)

    # When the guest asks something that the facts hold
    said = await guest.say("What time is breakfast?", "c-1")

    # Then the answer comes from the facts, live at both ends
    assert said["ok"], said
    (answer,) = await eventually(lambda: guest.texts("bot"))
    assert "breakfast" in answer.lower()
    assert guest.texts("guest") == ["What time is breakfast?"]
    await eventually(lambda: [m for m in desk.messages("out") if m["status"] in ("sent", "delivered", "read")])

    # When staff take over and reply
    (conversation,) = (await desk.get("/get_conversations"))["conversations"]
    assert (await desk.ask("take_over", conversation_id=conversation["id"]))["ok"]
    reply = {"conversation_id": conversation["id"], "text": "Shall I book you a table?", "client_id": "d-1"}
    assert (await desk.ask("agent_message", **reply))["ok"]

    # Then the guest has it, and the bot is silent
    await eventually(lambda: guest.texts("staff") == ["Shall I book you a table?"])
    await guest.say("Yes please", "c-2")
    note = await desk.ask("agent_note", conversation_id=conversation["id"], text="Table 4", client_id="d-2")
    assert note["ok"], note
    await eventually(lambda: [m for m in desk.messages("note") if m["text"] == "Table 4"])
    assert guest.texts("bot") == [answer]

    # When the demo is stopped with Ctrl-C and started again
    assert demo.interrupt() == 0
    again = await demo.start()

    # Then name and password are the same, and both ends find the conversation again, the guest without the note
    assert again == printed
    desk = await desk_at(url, again["Name"], again["Password"])
    (found,) = (await desk.get("/get_conversations"))["conversations"]
    assert (found["id"], found["handled_by"]) == (conversation["id"], "staff")
    returned = guest_chat()
    await returned.open(url, hotel, guest.welcome["token"])
    await eventually(lambda: returned.welcome)
    assert [m["text"] for m in returned.welcome["messages"]] == [
        "What time is breakfast?",
        answer,
        "Shall I book you a table?",
        "Yes please",
    ]


async def test_a_question_that_the_facts_do_not_hold_goes_to_staff(
    demo: Demo, desk_at: OpenDesk, guest_chat: Callable[[], GuestChat], eventually: Any
) -> None:
    printed = await demo.start()
    url = f"http://127.0.0.1:{demo.port}"
    desk = await desk_at(url, printed["Name"], printed["Password"])
    guest = guest_chat()
    await guest.open(url, printed["Guest chat"].rsplit("/", 1)[1])

    await guest.say("My husband fell in the shower and does not move", "c-1")

    await eventually(lambda: guest.texts("bot"))
    (conversation,) = (await desk.get("/get_conversations", handled_by="staff"))["conversations"]
    assert conversation["last_message"]["direction"] in ("out", "note")
    assert demo.interrupt() == 0
