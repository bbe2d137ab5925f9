"""Connections: every statement within one deadline, whatever the server does (stopped, restarted, frozen)."""

import asyncio
import os
import select
import socket
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor, errors
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8Dumper
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from innbox import NotReady, StoreUnavailable
from innbox_postgres_store.queries import load_queries

DEADLINE_SECONDS = 1.6  # the port promises an answer, or StoreUnavailable, within 2
TRIES = 3  # of a transaction that met another one's
RECONNECT_SECONDS = 3.0  # psycopg's pool doubles its waits up to this; then the next call begins afresh

# What libpq is told where the URL says nothing else (PostgreSQL's manual, "Parameter Key Words"). A peer that has
# vanished is noticed within seconds rather than hours.
CONNECTION = {
    "application_name": "innbox",
    "connect_timeout": "2",
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "5000",
}

MEETINGS = (errors.SerializationFailure, errors.DeadlockDetected)
UNAVAILABLE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.ReadOnlySqlTransaction,  # a standby, before it has been promoted
    PoolTimeout,
    PoolClosed,
    OSError,
)
BEHIND = (errors.UndefinedTable, errors.UndefinedFunction, errors.UndefinedColumn)

Row = tuple[Any, ...]


class Database:
    """A pool of connections on which single statements run, each a transaction of its own."""

    def __init__(self, url: str, *, pool_min: int, pool_max: int, statement_timeout_seconds: float) -> None:
        self._url = url
        self._sizes = (pool_min, pool_max)
        self._options = {
            "statement_timeout": f"{int(statement_timeout_seconds * 1000)}",
            "timezone": "UTC",
            "client_min_messages": "warning",
            # planning the short statements of the verbs anew each time would cost several times their run
            "plan_cache_mode": "force_generic_plan",
            "random_page_cost": "1.1",
        }
        self.queries: Mapping[str, bytes] = load_queries()
        self._pool: AsyncConnectionPool[AsyncConnection[Row]] | None = None

    async def open(self) -> None:
        """Begin to connect. Returns at once: a server that is away shows in the first call, and when it is back."""
        self._pool = AsyncConnectionPool(
            conninfo(self._url, self._options),
            kwargs={
                "autocommit": True,
                "cursor_factory": AsyncRawCursor,
                "prepare_threshold": 0,
                "context": _adapters(),
            },
            min_size=self._sizes[0],
            max_size=self._sizes[1],
            reconnect_timeout=RECONNECT_SECONDS,
            open=False,
            name="innbox",
        )
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close all connections; calls after it raise `StoreUnavailable`."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close(timeout=DEADLINE_SECONDS)

    async def connect(self) -> AsyncConnection[Row]:
        """Return a connection outside the pool and without time limits, for migrations."""
        try:
            return await AsyncConnection.connect(
                conninfo(self._url, {"timezone": "UTC"}), cursor_factory=AsyncRawCursor, context=_adapters()
            )
        except UNAVAILABLE as error:
            raise unavailable(error) from error

    async def rows(self, name: str, *parameters: Any) -> list[Row]:
        """Run the statement called `name` and return its rows.

        Raises `StoreUnavailable` within `DEADLINE_SECONDS`, `NotReady` where the schema is behind, and psycopg's
        `IntegrityError` as it comes.
        """
        return await self.rows_by(deadline_from_now(), name, *parameters)

    async def rows_by(self, deadline: float, name: str, *parameters: Any) -> list[Row]:
        """As `rows`, with `StoreUnavailable` at `deadline`, a time of the event loop's clock."""
        query = self.queries[name]
        for left in reversed(range(TRIES)):
            try:
                return await self._run(query, parameters, deadline)
            except MEETINGS as error:
                if not left:
                    raise unavailable(error) from error
            except UNAVAILABLE as error:
                raise unavailable(error) from error
            except BEHIND as error:
                raise NotReady("The database's schema is behind. Run: innbox migrate") from error
        raise AssertionError("the last try returns or raises")

    async def value(self, name: str, *parameters: Any) -> Any:
        """Run a statement and return the first column of its first row; None where there is no row."""
        return await self.value_by(deadline_from_now(), name, *parameters)

    async def value_by(self, deadline: float, name: str, *parameters: Any) -> Any:
        """As `value`, with `StoreUnavailable` at `deadline`, a time of the event loop's clock."""
        rows = await self.rows_by(deadline, name, *parameters)
        return rows[0][0] if rows else None

    async def patiently(self, name: str, *parameters: Any) -> Any:
        """Run a statement on a connection of its own, without a time limit, and return its value: for what is rare and
        may be large. Raises as `value` does, where the server cannot be reached."""
        connection = await self.connect()
        try:
            async with connection:
                cursor = await connection.execute(self.queries[name], parameters)
                row = await cursor.fetchone()
        except UNAVAILABLE as error:
            raise unavailable(error) from error
        except BEHIND as error:
            raise NotReady("The database's schema is behind. Run: innbox migrate") from error
        return row[0] if row else None

    async def _run(self, query: bytes, parameters: Sequence[Any], deadline: float) -> list[Row]:
        loop = asyncio.get_running_loop()
        pool = self._pool
        if pool is None:
            raise PoolClosed("the store is not open")
        connection = await _living_connection(pool, deadline)
        cut = loop.call_at(deadline, _cut, connection)
        try:
            cursor = await connection.execute(query, parameters)
            return await cursor.fetchall() if cursor.description else []
        finally:
            cut.cancel()
            await pool.putconn(connection)


def deadline_from_now() -> float:
    """Return when a verb that begins now must have an answer, by the event loop's clock."""
    return asyncio.get_running_loop().time() + DEADLINE_SECONDS


async def _living_connection(pool: AsyncConnectionPool[AsyncConnection[Row]], deadline: float) -> AsyncConnection[Row]:
    """Take a connection, throwing away those that the server has closed meanwhile.

    The pool's own check costs a round trip each time and a second's pause after the first dead connection, so that a
    restart of the server would show as an error. Looking at the socket costs some microseconds.
    """
    loop = asyncio.get_running_loop()
    while True:
        connection = await pool.getconn(timeout=max(deadline - loop.time(), 0.001))
        if _is_living(connection):
            return connection
        await connection.close()
        await pool.putconn(connection)


def _is_living(connection: AsyncConnection[Row]) -> bool:
    """Say whether an idle connection is silent. What it may say without being asked (a parameter has changed) is taken
    in; the server's farewell ends with a closed socket, which stays readable."""
    for _ in range(3):
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        if not poll.poll(0):
            return True
        try:
            connection.pgconn.consume_input()
        except psycopg.OperationalError:
            return False
    return False


def _cut(connection: AsyncConnection[Row]) -> None:
    """End a statement whose time is up, from our side alone: a frozen server would not hear of a cancellation. libpq
    then finds the connection closed, and the pool replaces it."""
    if connection.closed:
        return
    with socket.socket(fileno=os.dup(connection.fileno())) as ours:
        ours.shutdown(socket.SHUT_RDWR)


def conninfo(url: str, options: Mapping[str, str]) -> str:
    """Return libpq's connection string for a URL, with our defaults and the server's `options` (`-c name=value`)."""
    given = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    settings = " ".join(f"-c {name}={value}" for name, value in options.items())
    own_options = given.pop("options", "")
    return make_conninfo(**{**CONNECTION, **given, "options": f"{settings} {own_options}".strip()})


def unavailable(error: BaseException) -> StoreUnavailable:
    """Return the error that callers know, without a word of the connection's details."""
    return StoreUnavailable(f"PostgreSQL is not available ({type(error).__name__}).")


def _adapters() -> AdaptersMap:
    """Every int is a bigint: psycopg would choose by size, and prepare a statement once for each choice."""
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(int, Int8Dumper)
    return adapters
