"""What is measured: Innbox as a hotel runs it, in production or embedded, on servers that a run has started."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import psutil
import psycopg
import redis

from bench.load import Plan, identity, put_on
from innbox.testing.services import PostgresServer, free_port, postgres_server, redis_server

PASSWORD = "a long password for measuring"
STAFF = "bench"
HOTEL = "bench"
CONFIG = "innbox.yaml"
READY_SECONDS = 40.0
WARM_UP = 40
PLUGINS = """
  openai_llm: {api_key: "${OPENAI_API_KEY}", base_url: "${OPENAI_BASE_URL}"}
  whatsapp_twilio:
    account_sid: "${TWILIO_ACCOUNT_SID}"
    auth_token: "${TWILIO_AUTH_TOKEN}"
    api_base_url: "${TWILIO_API_BASE}"
    numbers: {"+14155238886": bench}
  dashboard: {}
"""
HOUSE = """
public_url: "${PUBLIC_URL}"
secret_key: a-key-for-measuring-only
hotels:
  bench: {name: Bench Hotel, timezone: UTC, languages: [en], facts: facts.md}
turns: {wait_seconds: 0, wait_at_most_seconds: 0}
"""
FACTS = "# Bench Hotel\n\nCheck-in from 15:00, check-out by 11:00. Breakfast 7:00 to 10:30.\n"


class Program:
    """A command in a group of processes of its own, which writes to a log."""

    def __init__(self, command: Sequence[str], cwd: Path, env: Mapping[str, str], log: Path) -> None:
        self._command = list(command)
        self._cwd, self._env, self._log = cwd, dict(env), log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._cwd,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End the whole group at once, as a crash would."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def check(self) -> None:
        """Raise `RuntimeError` with the log's end where the program has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            lines = self._log.read_text(errors="replace").splitlines()[-20:]
            raise RuntimeError(f"{' '.join(self._command)} ended:\n" + "\n".join(lines))


class Ground:
    """The servers of a run: stand-ins for Twilio and the model and, once they are asked for, PostgreSQL and Redis."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="innbox-bench-")))
        wires = self._stack.enter_context(
            subprocess.Popen([sys.executable, "-m", "bench.wires"], stdout=subprocess.PIPE)
        )
        self._stack.callback(wires.kill)
        self._servers: dict[str, int] = {}
        assert wires.stdout is not None
        addresses = json.loads(wires.stdout.readline())
        self.control, self.twilio_url, self.openai_url = (addresses[key] for key in ("control", "twilio", "openai"))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @cached_property
    def postgres(self) -> PostgresServer:
        server = self._stack.enter_context(postgres_server())
        with psycopg.connect(server.url) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row is not None
            self._servers["postgres"] = psutil.Process(row[0]).ppid()
        return server

    @cached_property
    def redis_url(self) -> str:
        url = self._stack.enter_context(redis_server())
        with redis.Redis.from_url(url) as client:
            self._servers["redis"] = int(client.info("server")["process_id"])
        return url

    @property
    def pids(self) -> dict[str, int]:
        """Return the servers that run, by name."""
        return dict(self._servers)

    @contextmanager
    def cleared(self) -> Iterator[str]:
        """Yield the URL of an empty database beside an empty Redis, and drop it at the end."""
        url = self.postgres.new_database()
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()
        try:
            yield url
        finally:
            self.postgres.drop_database(url)

    def latency(self, model: float, twilio: float) -> None:
        """Set how many seconds the model and Twilio take, and forget what they were sent."""
        body = json.dumps({"model": model, "twilio": twilio}).encode()
        request = urllib.request.Request(f"{self.control}/latency", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()

    def environment(self, base_url: str, database_url: str | None) -> dict[str, str]:
        """Return what a deployment is told, by the names that the targets of the kit use too. Without a database there
        is no Redis either."""
        servers = {"DATABASE_URL": database_url, "REDIS_URL": self.redis_url} if database_url else {}
        return {
            **os.environ,
            **identity(),
            **servers,
            "PUBLIC_URL": base_url,
            "OPENAI_API_KEY": "sk-bench",
            "OPENAI_BASE_URL": self.openai_url,
            "TWILIO_API_BASE": self.twilio_url,
        }


@dataclass
class Deployment:
    """Something that runs and can be written to. `crashing` names the programs that a crash kills."""

    ground: Ground
    base_url: str
    database_url: str  # "" where there is none
    programs: dict[str, Program]
    crashing: tuple[str, ...] = ()
    ready_path: str = "/readyz"
    coalesced: bool = True
    folder: Path = field(default_factory=Path)

    @property
    def pids(self) -> dict[str, int]:
        return {**{name: program.pid for name, program in self.programs.items()}, **self.ground.pids}

    def own(self, usage: Mapping[str, Mapping[str, float]], what: str) -> float:
        """Return the sum of a figure over the programs that are the deployment's own."""
        return round(sum(usage[name][what] for name in self.programs if name in usage), 2)

    async def write(self, rate: float, seconds: float, **more: Any) -> dict[str, Any]:
        """Let guests write, and return the outcome of `bench.load`."""
        webhook = f"{self.base_url}/whatsapp"
        return await put_on(Plan(webhook, self.ground.control, rate, seconds, **{"coalesced": self.coalesced, **more}))

    async def crash(self, away_seconds: float) -> None:
        """Kill what a crash kills, and start it again a little later."""
        for name in self.crashing:
            self.programs[name].kill()
        await asyncio.sleep(away_seconds)
        for name in self.crashing:
            self.programs[name].start()

    async def begin(self) -> None:
        """Start everything, wait until it is ready, and warm it up."""
        for program in self.programs.values():
            program.start()
        await self.ready()
        self.ground.latency(0, 0)
        outcome = await self.write(WARM_UP, 1, guests=WARM_UP)
        if outcome["lost"] or outcome["accepted"] < outcome["offered"]:
            raise RuntimeError(f"the warm-up was not answered: {outcome}")

    async def ready(self) -> float:
        """Wait until the deployment answers, and return how many seconds that took."""
        began = time.monotonic()
        while not await asyncio.to_thread(_answers, self.base_url + self.ready_path):
            for program in self.programs.values():
                program.check()
            if time.monotonic() - began > READY_SECONDS:
                raise RuntimeError(f"{self.base_url} did not become ready")
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    def end(self) -> None:
        for program in self.programs.values():
            program.kill()


class Target(Protocol):
    """Something that can be deployed."""

    name: str
    embedded: bool  # needs no servers

    def deploy(self, ground: Ground, database_url: str) -> Deployment:
        """Prepare a deployment; nothing of it runs yet."""
        ...


@contextmanager
def deployed(target: Target, ground: Ground) -> Iterator[Deployment]:
    """Yield a deployment on an empty database, not started; it ends with the block."""
    with nullcontext("") if target.embedded else ground.cleared() as database_url:
        deployment = target.deploy(ground, database_url)
        try:
            yield deployment
        finally:
            deployment.end()


@asynccontextmanager
async def running(target: Target, ground: Ground) -> AsyncIterator[Deployment]:
    """Run a deployment of a target, warmed up; it ends with the block."""
    with deployed(target, ground) as deployment:
        await deployment.begin()
        yield deployment


class Innbox:
    """Innbox: one web process and one worker on PostgreSQL and Redis, or one process on SQLite."""

    def __init__(self, *, embedded: bool = False) -> None:
        self.name = "embedded" if embedded else "innbox"
        self.embedded = embedded

    def deploy(self, ground: Ground, database_url: str) -> Deployment:
        folder = Path(tempfile.mkdtemp(dir=ground.folder))
        (folder / "facts.md").write_text(FACTS)
        config = folder / CONFIG
        config.write_text(self._config())
        base_url = f"http://127.0.0.1:{free_port()}"
        env = ground.environment(base_url, database_url)

        def innbox(*arguments: str, name: str) -> Program:
            command = [sys.executable, "-m", "innbox", *arguments, "-c", str(config)]
            return Program(command, folder, env, folder / f"{name}.log")

        port = str(urlsplit(base_url).port)
        programs = {"web": innbox("serve", "--port", port, name="web")}
        deployment = Deployment(ground, base_url, database_url, programs, ("worker",), folder=folder)
        if not self.embedded:
            _run(["migrate", "-c", str(config)], folder, env)
            add_staff(deployment)
            programs["worker"] = innbox("worker", name="worker")
        return deployment

    def _config(self) -> str:
        if self.embedded:
            return f"{HOUSE}plugins:\n  sqlite_store: {{path: innbox.db}}{PLUGINS}"
        queue = 'queue: {url: "${REDIS_URL}"}\n'
        stores = '\n  postgres_store: {url: "${DATABASE_URL}"}\n  redis_cache: {url: "${REDIS_URL}"}'
        return f"{HOUSE}{queue}plugins:{stores}{PLUGINS}"


def add_staff(deployment: Deployment) -> None:
    """Add the member of staff who signs in, to a deployment of Innbox that has none yet."""
    env = deployment.ground.environment(deployment.base_url, deployment.database_url or None)
    _run(
        ["users", "add", STAFF, "--role", "admin", "-c", str(deployment.folder / CONFIG)],
        deployment.folder,
        env,
        PASSWORD,
    )


def _run(arguments: Sequence[str], cwd: Path, env: Mapping[str, str], typed: str = "") -> None:
    command = [sys.executable, "-m", "innbox", *arguments]
    done = subprocess.run(command, cwd=cwd, env=dict(env), input=typed + "\n", capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False
