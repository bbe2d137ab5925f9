"""The schema: numbered migrations, applied under a lock and recorded in a table."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from itertools import groupby

from psycopg import AsyncConnection, errors

from innbox import NotReady
from innbox_postgres_store.pool import UNAVAILABLE, Database, Row, unavailable
from innbox_postgres_store.queries import load_migrations

PATIENCE_SECONDS = 60.0
GAVE_WAY = (errors.LockNotAvailable, errors.DeadlockDetected)


async def pending_migrations(database: Database) -> Sequence[str]:
    """Return the names of the migrations that are not applied yet, in order."""
    applied: set[str] = set()
    if await database.value("has_migrations"):
        applied = {name for (name,) in await database.rows("applied_migrations")}
    return [name for name in load_migrations() if name not in applied]


async def migrate(database: Database) -> Sequence[str]:
    """Apply what is pending and return the names. A second process waits, and then has nothing to do.

    What follows one another is applied in one transaction, all or nothing, but for migrations that begin with
    `-- concurrently`: each of their statements is on its own and may be repeated, so that an index is built while
    everybody works. An empty database gets everything at once.

    Processes may go on working meanwhile: a migration that does not get its locks at once gives way, and begins anew.
    Raises `NotReady` where that did not help for a minute.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    done: list[str] = []
    while True:
        try:
            if await _apply(database, done):
                return done
        except GAVE_WAY as error:
            if time.monotonic() > deadline:
                raise NotReady(
                    "The schema's tables are too busy to be changed. Try again, or stop the workers first."
                ) from error
        except UNAVAILABLE as error:
            raise unavailable(error) from error
        await asyncio.sleep(random.uniform(0.2, 1.0))


async def _apply(database: Database, done: list[str]) -> bool:
    """Apply what is pending, and add its names to `done` as it is; return False where another process is at it."""
    queries = database.queries
    async with await database.connect() as connection:
        await connection.set_autocommit(True)
        if not await _first_value(connection, queries["lock_schema"]):
            return False
        await connection.execute(queries["make_schema_migrations"])
        applied = {name for (name,) in await (await connection.execute(queries["applied_migrations"])).fetchall()}
        pending = {name: text for name, text in load_migrations().items() if name not in applied}
        for concurrent, names in groupby(pending, key=lambda name: bool(applied) and _is_concurrent(pending[name])):
            group = {name: pending[name] for name in names}
            await (_one_by_one if concurrent else _together)(connection, queries, group)
            done += group
    return True


async def _together(connection: AsyncConnection[Row], queries: Mapping[str, bytes], group: Mapping[str, bytes]) -> None:
    async with connection.transaction():
        await connection.execute(queries["give_way"])
        for name, text in group.items():
            await connection.execute(text.replace(b" CONCURRENTLY", b""))
            await connection.execute(queries["record_migration"], (name,))


async def _one_by_one(
    connection: AsyncConnection[Row], queries: Mapping[str, bytes], group: Mapping[str, bytes]
) -> None:
    for name, text in group.items():
        for statement in text.split(b";\n"):
            if statement.strip():
                await connection.execute(statement)
        await connection.execute(queries["record_migration"], (name,))


def _is_concurrent(text: bytes) -> bool:
    return text.startswith(b"-- concurrently\n")


async def _first_value(connection: AsyncConnection[Row], query: bytes) -> object:
    row = await (await connection.execute(query)).fetchone()
    return row[0] if row else None
