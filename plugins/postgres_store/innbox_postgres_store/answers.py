"""What staff write: replies with all that may come with them, notes, and what they make of the bot's drafts."""

import json
from collections.abc import Sequence
from dataclasses import replace

from innbox import Author, AuthorKind, Changed, Conflict, Direction, Draft, StaffReply, TurnFacts
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs


class Answers(Verbs):
    """The verbs of `Store` and `KeepsDesk` for what staff write, and for how the bot came to write what it did."""

    async def staff_message(
        self, conversation_id: str, user: str, drafts: Sequence[Draft], client_id: str | None
    ) -> Changed:
        return await self.reply(StaffReply(conversation_id, user, tuple(drafts), client_id=client_id))

    async def reply(self, reply: StaffReply) -> Changed:
        added = rows.drafts_json(reply.drafts, Direction.OUT)
        if reply.files:
            added[0]["attachments"] = _kept_here(reply, added[0]["id"])
        facts = await self._change_facts(
            "staff_reply",
            reply.conversation_id,
            reply.user,
            json.dumps(added),
            reply.client_id,
            reply.seen_seq,
            rows.as_id(reply.suggestion_id),
            [file.data for file in reply.files],
            [file.content_type for file in reply.files],
            [file.name for file in reply.files],
        )
        if facts.get("unseen"):
            raise Conflict("The guest has written something that you have not seen yet.")
        return rows.changed(facts)

    async def staff_note(self, conversation_id: str, user: str, text: str, client_id: str | None) -> Changed:
        return await self.note(conversation_id, user, text, client_id, ())

    async def note(
        self, conversation_id: str, user: str, text: str, client_id: str | None, mentions: Sequence[str]
    ) -> Changed:
        note = Draft(text, Author(AuthorKind.STAFF, user), meta={"mentions": list(mentions)} if mentions else {})
        added = json.dumps(rows.drafts_json([note], Direction.NOTE))
        return await self._change("staff_note", conversation_id, added, client_id)

    async def dismiss_suggestion(self, conversation_id: str, suggestion_id: str, user: str) -> Changed:
        return await self._change("dismiss_suggestion", conversation_id, rows.as_id(suggestion_id), user)

    async def turn(self, turn_id: str) -> TurnFacts | None:
        known = rows.as_id(turn_id)
        facts = await self._database.value("turn", known) if known else None
        return rows.turn(facts) if facts else None

    async def save_translation(
        self, message_id: str, language: str, text: str, source: str | None = None
    ) -> Changed | None:
        known = rows.as_id(message_id)
        facts = await self._database.value("save_translation", known, language, text, source) if known else None
        return rows.changed(facts) if facts else None


def _kept_here(reply: StaffReply, message_id: str) -> list[dict[str, object]]:
    """Return the attachments of the first draft as rows, ready to be fetched from this house."""
    attachments = zip(reply.drafts[0].attachments, reply.files, strict=True)
    return [
        replace(attachment, state="ready", url=f"/media/{message_id}/{position}").as_row()
        for position, (attachment, _) in enumerate(attachments)
    ]
