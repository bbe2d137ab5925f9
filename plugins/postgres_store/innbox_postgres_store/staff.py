"""What staff do with a conversation."""

from innbox import Changed, Conflict, IngestRules
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs


class Staff(Verbs):
    """The verbs of `Store` for the desk."""

    async def take_over(self, conversation_id: str, user: str) -> Changed:
        facts = await self._change_facts("take_over", conversation_id, user)
        if colleague := facts.get("taken_by"):
            raise Conflict(f"{colleague} has this conversation.")
        return rows.changed(facts)

    async def return_to_bot(self, conversation_id: str, rules: IngestRules) -> Changed:
        return await self._change("return_to_bot", conversation_id)

    async def resolve(self, conversation_id: str) -> Changed:
        return await self._change("resolve", conversation_id)

    async def mark_read(self, conversation_id: str) -> Changed:
        return await self._change("mark_read", conversation_id)
