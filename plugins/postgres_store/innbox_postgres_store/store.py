"""The store: all verbs of the port in one object."""

from collections.abc import Sequence

from innbox_postgres_store import schema
from innbox_postgres_store.answers import Answers
from innbox_postgres_store.deliveries import Deliveries
from innbox_postgres_store.erasing import Erasing
from innbox_postgres_store.figures import Counting
from innbox_postgres_store.guests import Guests
from innbox_postgres_store.house import House
from innbox_postgres_store.people import People
from innbox_postgres_store.pool import Database
from innbox_postgres_store.reading import Reading
from innbox_postgres_store.staff import Staff
from innbox_postgres_store.timers import Timers
from innbox_postgres_store.tools import Tools
from innbox_postgres_store.turns import Turns
from innbox_postgres_store.views import Views


class DatabaseStore(
    Guests, Erasing, Turns, Deliveries, Staff, Answers, Reading, Views, Tools, Timers, Counting, People, House
):
    """Innbox's `Store` on PostgreSQL. What each verb promises stands in the port; how it is kept, in `migrations/`."""

    def __init__(self, name: str, database: Database) -> None:
        super().__init__(database)
        self.name = name

    async def open(self) -> None:
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    async def migrate(self) -> Sequence[str]:
        return await schema.migrate(self._database)

    async def pending_migrations(self) -> Sequence[str]:
        return await schema.pending_migrations(self._database)

    async def ping(self) -> None:
        await self._database.rows("ping")

    async def version(self) -> str:
        """Return the server's version, as it calls it."""
        version: str = await self._database.value("version")
        return version
