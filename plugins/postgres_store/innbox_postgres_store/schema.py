"""The schema: numbered migrations, applied under a lock and recorded in a table."""

from collections.abc import Sequence

from innbox_postgres_store.pool import UNAVAILABLE, Database, unavailable
from innbox_postgres_store.queries import load_migrations


async def pending_migrations(database: Database) -> Sequence[str]:
    """Return the names of the migrations that are not applied yet, in order."""
    applied: set[str] = set()
    if await database.value("has_migrations"):
        applied = {name for (name,) in await database.rows("applied_migrations")}
    return [name for name in load_migrations() if name not in applied]


async def migrate(database: Database) -> Sequence[str]:
    """Apply what is pending in one transaction, all or nothing; return the names. A second process waits, and then has
    nothing to do."""
    queries = database.queries
    done: list[str] = []
    connection = await database.connect()
    try:
        async with connection, connection.transaction():
            await connection.execute(queries["lock_schema"])
            await connection.execute(queries["make_schema_migrations"])
            cursor = await connection.execute(queries["applied_migrations"])
            applied = {name for (name,) in await cursor.fetchall()}
            for name, statements in load_migrations().items():
                if name not in applied:
                    await connection.execute(statements)
                    await connection.execute(queries["record_migration"], (name,))
                    done.append(name)
    except UNAVAILABLE as error:
        raise unavailable(error) from error
    return done
