"""What staff do with a conversation."""

import json
from collections.abc import Sequence

from innbox import Author, AuthorKind, Changed, Conflict, Direction, Draft, IngestRules
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs


class Staff(Verbs):
    """The verbs of `Store` for the desk."""

    async def staff_message(
        self, conversation_id: str, user: str, drafts: Sequence[Draft], client_id: str | None
    ) -> Changed:
        added = json.dumps(rows.drafts_json(drafts, Direction.OUT))
        return await self._change("staff_message", conversation_id, user, added, client_id)

    async def staff_note(self, conversation_id: str, user: str, text: str, client_id: str | None) -> Changed:
        note = Draft(text, Author(AuthorKind.STAFF, user))
        added = json.dumps(rows.drafts_json([note], Direction.NOTE))
        return await self._change("staff_note", conversation_id, added, client_id)

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
