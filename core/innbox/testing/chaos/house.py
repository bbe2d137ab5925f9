"""A house for chaos: processes, servers and stand-ins of its own, and a look at what is inside."""

import asyncio
import json
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg

from innbox.app import App
from innbox.config import load_config
from innbox.errors import StoreUnavailable
from innbox.ports import InboxQuery
from innbox.testing.chaos.counting import Count, Result, count, marks
from innbox.testing.chaos.guests import Guests, phone
from innbox.testing.chaos.plan import Plan
from innbox.testing.chaos.servers import KillableRedis
from innbox.testing.chaos.starting import ChaosProcess
from innbox.testing.chaos.wires import ChaosOpenAI, ChaosTwilio
from innbox.testing.running import write_config
from innbox.testing.services import free_port
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, HOTEL_NUMBER

READY_SECONDS = 60.0
COMMAND_SECONDS = 60.0
POLL_SECONDS = 0.2
ASK_SECONDS = 5.0
POOL = 3  # connections of a process: PostgreSQL has 100, and a house may have a dozen processes
REST_SECONDS = 120.0  # enough for a doubtful delivery, or for a provider's limit, at the back of a queue


class House:
    """One deployment. Open it with `open_house`."""

    def __init__(
        self,
        folder: Path,
        plan: Plan,
        redis: KillableRedis,
        twilio: ChaosTwilio,
        openai: ChaosOpenAI,
    ) -> None:
        self.folder, self._plan = folder, plan
        self.redis = redis
        self.twilio, self.openai = twilio, openai
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.guests = Guests(lambda: self.url, self.url, plan.dice)
        self.web: ChaosProcess | None = None
        self.workers: list[ChaosProcess] = []
        self.kills = 0
        self.app: App  # of our own, for looking inside and for what staff do
        self.database_url = ""
        self._config: Path
        self._started = 0
        self._processes: list[ChaosProcess] = []
        self._queries = _load_queries()
        self._asking = asyncio.Lock()
        self._connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None

    def configure(self, plugins: Mapping[str, Any], **core: Any) -> None:
        """Write the configuration: the production parts on our servers, with `plugins` on top."""
        self.database_url = self._plan.postgres.new_database()
        chosen = production(self.database_url, self.redis.url, self.openai.url, self.twilio.url)
        for name, settings in plugins.items():
            chosen[name] = {**chosen.get(name, {}), **settings}
        self._config = write_config(
            self.folder,
            chosen,
            **{
                "public_url": self.url,
                "queue": {"url": self.redis.url, "slots": 200},
                "logs": {"format": "json"},
                **core,
            },
        )
        self.app = App.from_config(load_config(self._config))

    def first_answer_at(self, since: float) -> float | None:
        """Return when the provider took the first reply to a message acknowledged after `since`, on the same clock."""
        times = [
            taken
            for message in self.twilio.messages
            if (taken := self.twilio.accepted_at.get(message.sid)) is not None
            and any(self.guests.acknowledged.get(marked, 0.0) > since for marked in marks(message.body))
        ]
        return min(times, default=None)

    # processes

    async def serve(self, *crashing: str) -> ChaosProcess:
        """Start the web process (again) and wait until it is ready."""
        web = self.start_web(*crashing)
        await web.wait_for_http(self.url + "/healthz", READY_SECONDS)
        return web

    def start_web(self, *crashing: str) -> ChaosProcess:
        """Start the web process (again) without waiting for it."""
        self.web = self._start("web", "serve", "--port", str(self.port), crashing=crashing)
        return self.web

    async def serve_at(self, port: int, env: Mapping[str, str] | None = None) -> ChaosProcess:
        """Start one more web process, on a port of its own, and wait until it is ready."""
        web = self._start("web", "serve", "--port", str(port), env=env)
        await web.wait_for_http(f"http://127.0.0.1:{port}/healthz", READY_SECONDS)
        return web

    async def work(self, *crashing: str, env: Mapping[str, str] | None = None) -> ChaosProcess:
        """Start one more worker and wait until it is ready."""
        worker = self._start("worker", "worker", crashing=crashing, env=env)
        await worker.wait_for_log("worker ready", READY_SECONDS)
        self.workers.append(worker)
        return worker

    async def open_for_business(self, workers: int) -> None:
        """Start the web process and `workers` workers at once."""
        await asyncio.gather(self.serve(), *(self.work() for _ in range(workers)))

    async def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Run a command of `innbox` to its end and return what it said."""
        process = self._start(arguments[0], *arguments, env=env)
        ended = await process.ended(COMMAND_SECONDS)
        assert ended, f"innbox {' '.join(arguments)} did not end:\n{process.tail()}"
        assert process.stop() == 0, process.tail()
        return process.tail()

    def kill(self, process: ChaosProcess) -> None:
        """SIGKILL a process, and count it."""
        process.kill()
        self.kills += 1
        if process in self.workers:
            self.workers.remove(process)

    async def released(self, process: ChaosProcess, seconds: float = 40.0) -> float:
        """Wait until nothing is held in a dead worker's name any more; return how long that took."""
        started = time.monotonic()
        name = process.worker
        assert name is not None, "the worker died before it was one"
        while time.monotonic() - started < seconds:
            if (await self.ask("held_by", name, name))[0][0] == 0:
                break
            await asyncio.sleep(POLL_SECONDS)
        return time.monotonic() - started

    def _start(
        self, name: str, *arguments: str, crashing: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> ChaosProcess:
        """Start a process; one with an environment of its own is no fork, which has imported everything already."""
        self._started += 1
        log = self.folder / f"{name}-{self._started}.log"
        whole = (*arguments, "-c", str(self._config))
        if env is None:
            process = self._plan.start(*whole, log=log, crashing=crashing)
        else:
            process = ChaosProcess(*whole, log=log, crashing=crashing, env=env)
        process.start()
        self._processes.append(process)
        return process

    def end(self) -> None:
        """End every process."""
        for process in self._processes:
            if process.running:
                process.signal(signal.SIGCONT)
            process.kill()

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return the lines of all processes' logs that tell of an event."""
        found = []
        for path in sorted(self.folder.glob("*.log")):
            for line in path.read_text(errors="replace").splitlines():
                if f'"{event}"' in line and line.startswith("{"):
                    entry = json.loads(line)
                    if entry.get("event") == event:
                        found.append(entry)
        return found

    # looking inside

    async def ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask PostgreSQL one of `queries.sql`; waits where the server is away."""
        while True:
            try:
                async with self._asking, asyncio.timeout(ASK_SECONDS):
                    if self._connection is None:
                        self._connection = await psycopg.AsyncConnection.connect(self.database_url, autocommit=True)
                    cursor = await self._connection.execute(self._queries[query], parameters)
                    return await cursor.fetchall()
            except (psycopg.OperationalError, TimeoutError):
                await self.stop_asking()
                await asyncio.sleep(POLL_SECONDS)

    async def stop_asking(self) -> None:
        """Close the connection that `ask` keeps."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def count(self) -> Count:
        """Count what came of the guests' messages."""
        with_staff = [text for (text,) in await self.ask("texts_with_staff")]
        return count(self.guests.acknowledged, self.twilio.messages, with_staff)

    async def conversation_of(self, guest: int) -> str:
        """Return the id of a guest's conversation."""
        page = await self.app.store.inbox(InboxQuery(q=phone(guest), limit=1))
        return page.conversations[0].id

    async def at_rest(self, seconds: float) -> bool:
        """Wait until every acknowledged message is answered and nothing is on its way; say whether it came to that.

        Another second shows what comes after that should not.
        """
        done = await eventually(self._is_at_rest, seconds)
        await asyncio.sleep(1.0)
        return done

    async def _is_at_rest(self) -> bool:
        if (await self.count()).lost:
            return False
        try:
            pulse = await self.app.store.pulse()
        except StoreUnavailable:
            return False
        on_their_way = {state: number for state, number in pulse.deliveries.items() if state != "parked"}
        return not any(on_their_way.values())


def production(database_url: str, redis_url: str, openai_url: str, twilio_url: str) -> dict[str, Any]:
    """Return the plugins of a hotel in production with their settings, on these servers."""
    return {
        "postgres_store": {"url": database_url, "pool_min": 1, "pool_max": POOL},
        "redis_cache": {"url": redis_url},
        "openai_llm": {
            "api_key": "test-key",
            "base_url": openai_url,
            "timeout_seconds": 10,
            "max_retries": 0,
            "cache_answers": False,
            "history_tokens": 100_000,
        },
        "whatsapp_twilio": {
            "account_sid": ACCOUNT_SID,
            "auth_token": AUTH_TOKEN,
            "api_base_url": twilio_url,
            "numbers": {HOTEL_NUMBER: "test"},
            "timeout_seconds": 3,
        },
    }


@asynccontextmanager
async def open_house(
    plan: Plan,
    plugins: Mapping[str, Any] | None = None,
    *,
    twilio_latency: float = 0.02,
    openai_latency: float = 0.05,
    **core: Any,
) -> AsyncIterator[House]:
    """Yield a house whose schema is up to date and whose processes are still to be started; all ends with the block."""
    redis = KillableRedis()
    folder = Path(tempfile.mkdtemp(prefix="innbox-chaos-"))
    try:
        await asyncio.to_thread(redis.start)
        async with (
            ChaosTwilio(plan.dice, latency=twilio_latency) as twilio,
            ChaosOpenAI(latency=openai_latency) as openai,
        ):
            house = House(folder, plan, redis, twilio, openai)
            await asyncio.to_thread(house.configure, plugins or {}, **core)
            async with house.app.lifespan(check_schema=False):
                await house.app.store.migrate()
                async with house.guests.writing():
                    try:
                        yield house
                    finally:
                        house.end()
                        await house.stop_asking()
    finally:
        redis.close()
        shutil.rmtree(folder, ignore_errors=True)


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Wait until something holds; say whether it came to that."""
    deadline = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True


def _load_queries() -> dict[str, bytes]:
    text = (files(__package__) / "queries.sql").read_text()
    statements: dict[str, bytes] = {}
    for part in text.split("-- name: ")[1:]:
        name, _, body = part.partition("\n")
        lines = [line for line in body.splitlines() if not line.startswith("--")]
        statements[name.strip()] = "\n".join(lines).strip().encode()
    return statements


async def conclude(house: House, result: Result, seconds: float = REST_SECONDS) -> None:
    """Wait for rest, count, and say what is wrong."""
    rest = await house.at_rest(seconds)
    result.count = await house.count()
    result.kills = house.kills
    parked = [message for message, status, _ in await house.ask("outgoing") if status == "parked"]
    result.figures["parked for staff"] = len(parked)
    result.expect(rest, "the house did not come to rest")
    result.expect_whole()
