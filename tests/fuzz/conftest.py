"""A whole house for senseless input: the real app on a real socket, in an event loop that runs while a check does.

`make test` tries the same examples each time; `make fuzz SECONDS=300` tries others for that long, and says with which
seed it found something.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Coroutine, Iterator, MutableMapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import httpx
import hypothesis
import pytest
import socketio
import structlog
from argon2 import PasswordHasher
from hypothesis import HealthCheck, Phase
from hypothesis.strategies import SearchStrategy

from innbox.testing.running import Running, running_innbox
from innbox.testing.services import PostgresServer
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, HOTEL_NUMBER, TwilioWire

SECONDS = float(os.environ.get("INNBOX_FUZZ_SECONDS", "0"))  # for all checks together; 0: the short form
OLD_CLIENT = "The client is using an unsupported version"  # what engineio says, as an error, of any request to its path
DEADLINE = 8.0  # seconds; whatever takes longer hangs

Check = Callable[[Any], Coroutine[Any, Any, None]]


class Ears:
    """Hears every line that is logged, by us or by a library, and remembers what should never be heard."""

    def __init__(self) -> None:
        self.bad: list[str] = []

    def hear(self, _logger: Any, method: str, event: MutableMapping[str, Any]) -> NoReturn:
        if method in ("error", "critical", "exception") or event.get("exc_info"):
            self.bad.append(f"{method}: {event}")
        raise structlog.DropEvent

    def handler(self) -> logging.Handler:
        ears = self

        class Handler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                text = record.getMessage()
                if record.exc_info or (record.levelno >= logging.ERROR and not text.startswith(OLD_CLIENT)):
                    ears.bad.append(self.format(record))

        return Handler()


@dataclass
class House:
    """The running app, the loop that it runs in, and what its logs said."""

    runner: asyncio.Runner
    ears: Ears
    database_url: str | None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    running: Running = field(init=False)
    twilio: TwilioWire = field(init=False)

    async def open(self, folder: Path, store: dict[str, Any]) -> None:
        self.twilio = await self.stack.enter_async_context(TwilioWire(callbacks=False))
        whatsapp = {
            "account_sid": ACCOUNT_SID,
            "auth_token": AUTH_TOKEN,
            "api_base_url": self.twilio.url,
            "numbers": {HOTEL_NUMBER: "test"},
        }
        webchat = dict.fromkeys(
            ("messages_per_minute", "messages_per_minute_per_address", "new_guests_per_hour_per_address"), 1_000_000
        )
        plugins = {**store, "whatsapp_twilio": whatsapp, "webchat": webchat, "faq_llm": {}, "dashboard": {}}
        self.running = await self.stack.enter_async_context(running_innbox(folder, plugins))
        await self.running.add_user()
        await self.running.sign_in()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work within the deadline; nothing bad may be heard meanwhile."""
        try:
            self.runner.run(asyncio.wait_for(work, DEADLINE))
        except TimeoutError:
            raise AssertionError(f"it hangs: nothing within {DEADLINE} s") from None
        bad, self.ears.bad = self.ears.bad, []
        assert not bad, "\n".join(bad)

    async def post(self, path: str, content: bytes, **headers: str) -> httpx.Response:
        return await self.running.http.post(path, content=content, headers=headers)

    async def socket(self, namespace: str, auth: Any = None) -> socketio.AsyncClient:
        """Open a socket, as staff or as a guest, until the house is closed."""
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(
            self.running.url,
            headers={"Cookie": self.running.cookies},
            transports=["websocket"],
            namespaces=[namespace],
            auth=auth,
        )
        self.stack.push_async_callback(_closed, client)
        return client


async def _closed(client: socketio.AsyncClient) -> None:
    await client.disconnect()
    if client.eio.http is not None:
        await client.eio.http.close()


@pytest.fixture(scope="module")
def ears() -> Iterator[Ears]:
    """What is logged, heard in place of being written."""
    ears = Ears()
    handler = ears.handler()
    logging.getLogger().addHandler(handler)
    structlog.configure(processors=[ears.hear])
    yield ears
    structlog.reset_defaults()
    logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="module", params=["sqlite_store", "postgres_store"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, ears: Ears
) -> Iterator[House]:
    """A house with all its channels and the desk, once on either store."""
    folder = tmp_path_factory.mktemp("fuzz")
    url = postgres.new_database() if request.param == "postgres_store" else None
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setattr("innbox.accounts.PasswordHasher", lambda: PasswordHasher(time_cost=1, memory_cost=64))
        patch.setattr("innbox_dashboard.bucket.Bucket.take", lambda bucket: True)  # it would keep most of it away
        if url:
            runner.run(_migrate(url))
        house = House(runner, ears, url)
        store = {"postgres_store": {"url": url, "pool_max": 6}} if url else {}
        try:
            runner.run(house.open(folder, store))
            yield house
        finally:
            runner.run(house.stack.aclose())
    if url:
        postgres.drop_database(url)
    assert not ears.bad, "\n".join(ears.bad)


async def _migrate(url: str) -> None:
    from innbox_postgres_store.pool import Database
    from innbox_postgres_store.store import DatabaseStore

    await DatabaseStore("postgres_store", Database(url, pool_min=1, pool_max=2, statement_timeout_seconds=5)).migrate()


Fuzz = Callable[..., None]


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> Fuzz:
    """A function that tries a check on examples: `fuzz(check, strategy, examples=100, known=[…])`."""
    return partial(_fuzz, SECONDS / len(request.session.items))


def _fuzz(
    seconds: float, check: Callable[[Any], None], values: SearchStrategy[Any], examples: int, known: Sequence[Any] = ()
) -> None:
    for value in known:
        check(value)
    if not seconds:
        _tried(check, values, examples, None)
        return
    end, seed = time.monotonic() + seconds, time.time_ns()
    while time.monotonic() < end:
        seed += 1
        _tried(check, values, 200, seed)


def _tried(check: Callable[[Any], None], values: SearchStrategy[Any], examples: int, seed: int | None) -> None:
    @hypothesis.settings(
        max_examples=examples,
        derandomize=seed is None,
        database=None,
        deadline=None,  # the house has its own, for what hangs
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @hypothesis.given(values)
    def run(value: Any) -> None:
        check(value)

    (hypothesis.seed(seed)(run) if seed is not None else run)()
