"""The whole house on real parts: PostgreSQL, Redis, processes, and stand-ins on the wire for Twilio and OpenAI."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio

from innbox.testing.openai_wire import OpenAIWire
from innbox.testing.processes import InnboxProcess
from innbox.testing.services import free_port
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, TwilioWire

ROOT = Path(__file__).parents[2]
PASSWORD = "a long password for tests"


async def eventually(what: Callable[[], Any], seconds: float = 15.0) -> Any:
    """Wait until `what` returns something true (or stops raising `AssertionError`), and return it."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = what()
            if found:
                return found
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        await asyncio.sleep(0.02)


@dataclass
class House:
    """A deployment: its configuration, its environment, and the processes that were started."""

    folder: Path
    config: Path
    env: dict[str, str]
    ports: list[int]
    processes: list[InnboxProcess] = field(default_factory=list)

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Run a command of `innbox` to its end and return what it printed."""
        import os

        done = subprocess.run(
            [sys.executable, "-m", "innbox", *arguments, "-c", str(self.config)],
            env={**os.environ, **self.env},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def url(self, web: int = 0) -> str:
        return f"http://127.0.0.1:{self.ports[web]}"

    async def serve(self, web: int = 0) -> InnboxProcess:
        """Start a web process and wait until it is ready."""
        process = self._process(f"web-{web}", "serve", "--port", str(self.ports[web]))
        await process.wait_for_http(self.url(web) + "/readyz")
        return process

    async def work(self, number: int = 0) -> InnboxProcess:
        """Start a worker process and wait until it is ready."""
        process = self._process(f"worker-{number}", "worker")
        await process.wait_for_log("worker ready")
        return process

    def _process(self, name: str, *arguments: str) -> InnboxProcess:
        process = InnboxProcess(*arguments, "-c", str(self.config), log=self.folder / f"{name}.log", env=self.env)
        process.start()
        self.processes.append(process)
        return process


class Desk:
    """A member of staff at the desk: signed in, with a live socket that remembers what it heard."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.AsyncClient(base_url=url, timeout=10)
        self.socket = socketio.AsyncClient(reconnection=False)
        self.heard: list[tuple[str, dict[str, Any]]] = []
        for name in ("new_message", "message_update", "conversation_update", "agent_status_update"):
            self.socket.on(name, self._listener(name))

    async def sign_in(self, name: str, password: str = PASSWORD) -> None:
        answer = await self.http.post("/login", data={"username": name, "password": password})
        assert answer.status_code == 303, answer.text
        cookies = "; ".join(f"{key}={value}" for key, value in self.http.cookies.items())
        await self.socket.connect(self.url, headers={"Cookie": cookies}, transports=["websocket"])

    async def ask(self, name: str, **data: Any) -> dict[str, Any]:
        """Send an event and return its acknowledgement."""
        answer: dict[str, Any] = await self.socket.call(name, data, timeout=10)
        return answer

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        answer = await self.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def messages(self, direction: str | None = None) -> list[dict[str, Any]]:
        """Return the messages heard of, newest state of each, in the order of their first hearing."""
        known: dict[str, dict[str, Any]] = {}
        for name, data in self.heard:
            if name in ("new_message", "message_update"):
                known[data["id"]] = data
        return [message for message in known.values() if direction in (None, message["direction"])]

    async def leave(self) -> None:
        await self.socket.disconnect()
        await self.http.aclose()

    def _listener(self, name: str) -> Callable[[dict[str, Any]], None]:
        return lambda data: self.heard.append((name, data))


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioWire]:
    async with TwilioWire() as wire:
        yield wire


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIWire]:
    async with OpenAIWire() as wire:
        yield wire


@pytest.fixture
def house(tmp_path: Path, database_url: str, redis_url: str, twilio: TwilioWire, openai: OpenAIWire) -> Iterator[House]:
    """The production configuration, as it is in `config/hotel.yaml`, on servers of the test's own."""
    ports = [free_port(), free_port()]
    env = {
        "PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
        "INNBOX_SECRET_KEY": "a-key-for-tests-and-nothing-else",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "OPENAI_API_KEY": "test-key",
        "OPENAI_BASE_URL": openai.url,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_API_BASE_URL": twilio.url,
    }
    made = House(tmp_path, ROOT / "config" / "hotel.yaml", env, ports)
    yield made
    for process in reversed(made.processes):
        process.kill()


@pytest.fixture
async def desk_at() -> AsyncIterator[Callable[..., Awaitable[Desk]]]:
    """A function that signs a member of staff in at a web process."""
    desks: list[Desk] = []

    async def open_desk(url: str, name: str, password: str = PASSWORD) -> Desk:
        desk = Desk(url)
        desks.append(desk)
        await desk.sign_in(name, password)
        return desk

    yield open_desk
    for desk in desks:
        await desk.leave()


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., Awaitable[Any]]:
    """The function `eventually`, for tests, which cannot import from here."""
    return eventually
