"""The working tools of the desk."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import errors

from innbox import BotMode, CannedReply, Changed, Conflict, NotFound
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs


class Tools(Verbs):
    """The verbs of `KeepsDesk` that staff use on one conversation, and their canned replies."""

    async def set_labels(self, conversation_id: str, labels: Sequence[str]) -> Changed:
        given = list(dict.fromkeys(labels))
        return await self._change("set_labels", conversation_id, given, [label.casefold() for label in given])

    async def assign(self, conversation_id: str, assignee: str | None) -> Changed:
        return await self._change("assign", conversation_id, assignee)

    async def snooze(self, conversation_id: str, until: datetime) -> Changed:
        facts = await self._change_facts("snooze", conversation_id, until)
        if "refused" in facts:
            raise Conflict("This conversation is resolved.")
        return rows.changed(facts)

    async def set_bot_mode(self, conversation_id: str, mode: BotMode | None) -> Changed:
        return await self._change("set_bot_mode", conversation_id, mode.value if mode else None)

    async def set_bot_back(self, conversation_id: str, at: datetime | None) -> Changed:
        facts = await self._change_facts("set_bot_back", conversation_id, at)
        if "refused" in facts:
            raise Conflict("Staff do not have this conversation.")
        return rows.changed(facts)

    async def acknowledge(self, conversation_id: str, user: str) -> Changed:
        return await self._change("acknowledge", conversation_id, user)

    async def canned_replies(self, hotels: frozenset[str] | None) -> Sequence[CannedReply]:
        wanted = None if hotels is None else sorted(hotels)
        return [CannedReply(*row) for row in await self._database.rows("canned_replies", wanted)]

    async def save_canned(self, reply: CannedReply) -> None:
        known = rows.as_id(reply.id)
        key = reply.shortcut.casefold()
        try:
            saved = known and await self._database.value(
                "save_canned", known, reply.hotel, reply.shortcut, key, reply.text
            )
        except errors.UniqueViolation as error:
            raise Conflict(f"/{reply.shortcut} is another canned reply.") from error
        if not saved:
            raise NotFound("There is no such canned reply.")

    async def remove_canned(self, canned_id: str) -> None:
        known = rows.as_id(canned_id)
        if known is None or not await self._database.value("remove_canned", known):
            raise NotFound("There is no such canned reply.")
