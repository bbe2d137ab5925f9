"""The schema: numbered migrations, applied under a lock and recorded in a table."""

import asyncio
import random
import time
from collections.abc import Sequence

from psycopg import errors

from innbox import NotReady
from innbox_postgres_store.pool import UNAVAILABLE, Database, unavailable
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
    """Apply what is pending in one transaction, all or nothing; return the names. A second process waits, and then has
    nothing to do.

    Processes may go on working meanwhile: a migration that does not get its locks at once gives way, and begins anew.
    Raises `NotReady` where that did not help for a minute.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await _apply(database)
        except GAVE_WAY as error:
            if time.monotonic() > deadline:
                raise NotReady(
                    "The schema's tables are too busy to be changed; nothing was. Try again, or stop the workers first."
                ) from error
            await asyncio.sleep(random.uniform(0.2, 1.0))
        except UNAVAILABLE as error:
            raise unavailable(error) from error


async def _apply(database: Database) -> Sequence[str]:
    queries = database.queries
    done: list[str] = []
    connection = await database.connect()
    async with connection, connection.transaction():
        await connection.execute(queries["lock_schema"])
        await connection.execute(queries["give_way"])
        await connection.execute(queries["make_schema_migrations"])
        cursor = await connection.execute(queries["applied_migrations"])
        applied = {name for (name,) in await cursor.fetchall()}
        for name, statements in load_migrations().items():
            if name not in applied:
                await connection.execute(statements)
                await connection.execute(queries["record_migration"], (name,))
                done.append(name)
    return done
