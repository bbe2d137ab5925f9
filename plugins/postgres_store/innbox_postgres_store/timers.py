"""What time brings: snoozes that end, the bot's return, the next ring, and scheduled messages."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from innbox import (
    Author,
    AuthorKind,
    Changed,
    Direction,
    Draft,
    IngestRules,
    NotFound,
    Scheduled,
    Timer,
    TimerKind,
    new_id,
)
from innbox_postgres_store import rows
from innbox_postgres_store.verbs import Verbs


class Timers(Verbs):
    """The verbs of `KeepsDesk` that time calls."""

    async def due_timers(self, limit: int) -> Sequence[Timer]:
        found = await self._database.rows("due_timers", max(limit, 0))
        return [Timer(TimerKind(kind), *where) for kind, *where in found]

    async def wake_snoozed(self, conversation_id: str) -> Changed | None:
        return await self._timed("wake_snoozed", conversation_id)

    async def bot_back(self, conversation_id: str, rules: IngestRules) -> Changed | None:
        return await self._timed("bot_back", conversation_id, rules.bot_on)

    async def ring(self, conversation_id: str, person: str | None, again_at: datetime | None) -> Changed | None:
        return await self._timed("ring", conversation_id, person, again_at)

    async def schedule(
        self, conversation_id: str, user: str, text: str, at: datetime, client_id: str | None
    ) -> tuple[Scheduled, Changed]:
        facts = await self._change_facts("schedule", conversation_id, new_id(), user, text, at, client_id)
        return _scheduled(facts["scheduled"]), rows.changed(facts["changed"])

    async def scheduled(self, conversation_id: str) -> Sequence[Scheduled]:
        known = rows.as_id(conversation_id)
        found = await self._database.value("scheduled", known) if known else None
        if found is None:
            raise NotFound("There is no such conversation.")
        return [_scheduled(one) for one in found]

    async def unschedule(self, scheduled_id: str) -> Changed:
        changed = await self._timed("unschedule", scheduled_id)
        if changed is None:
            raise NotFound("There is no such scheduled message.")
        return changed

    async def send_scheduled(
        self, scheduled_id: str, drafts: Sequence[Draft], note: str | None = None
    ) -> Changed | None:
        leaving = rows.drafts_json(drafts, Direction.OUT)
        if note is not None:
            leaving = rows.drafts_json([Draft(note, Author(AuthorKind.SYSTEM))], Direction.NOTE)
        return await self._timed("send_scheduled", scheduled_id, json.dumps(leaving))

    async def _timed(self, name: str, subject: str, *parameters: Any) -> Changed | None:
        """Run a verb on a conversation or a scheduled message; None where it says that there is nothing to do."""
        known = rows.as_id(subject)
        facts = await self._database.value(name, known, *parameters) if known else None
        return rows.changed(facts) if facts else None


def _scheduled(facts: rows.Facts) -> Scheduled:
    return Scheduled(
        id=facts["id"],
        conversation_id=facts["conversation_id"],
        user=facts["user"],
        text=facts["text"],
        at=datetime.fromisoformat(facts["at"]),
        created_at=datetime.fromisoformat(facts["created_at"]),
    )
