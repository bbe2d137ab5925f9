"""What all verbs of the store share."""

from typing import Any

from innbox import Changed, NotFound
from innbox_postgres_store import rows
from innbox_postgres_store.batches import Batches
from innbox_postgres_store.claims import LostClaims
from innbox_postgres_store.pool import Database


class Verbs:
    """The base of the store's parts. Each verb is one statement: one round trip, one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches = Batches(database)
        self._lost = LostClaims()

    async def _change(self, name: str, conversation_id: str, *parameters: Any) -> Changed:
        """Run a verb that changes a conversation; `NotFound` where there is none."""
        return rows.changed(await self._change_facts(name, conversation_id, *parameters))

    async def _change_facts(self, name: str, conversation_id: str, *parameters: Any) -> rows.Facts:
        known = rows.as_id(conversation_id)
        facts: rows.Facts | None = await self._database.value(name, known, *parameters) if known else None
        if facts is None:
            raise NotFound("There is no such conversation.")
        return facts

    async def _message_facts(self, name: str, message_id: str, *parameters: Any) -> rows.Facts:
        """Run a verb that changes a message; `NotFound` where there is none."""
        known = rows.as_id(message_id)
        facts: rows.Facts | None = await self._database.value(name, known, *parameters) if known else None
        if facts is None:
            raise NotFound("There is no such message.")
        return facts

    async def _claim(self, name: str, worker: str, conversation_id: str, token: str, *parameters: Any) -> Any:
        """Make a claim, or return None. One whose answer does not arrive is given back with the next heartbeat."""
        known = rows.as_id(conversation_id)
        if known is None:
            return None
        try:
            return await self._batches.value(name, worker, known, token, *parameters)
        except BaseException:
            self._lost.add(known, token)
            raise
