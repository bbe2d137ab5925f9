"""Messages that leave later."""

from datetime import datetime, timedelta

from innbox.desk import Scheduled
from innbox.errors import NotFound, Refused
from innbox.messages import User, now
from innbox.pipeline.staff.acting import Acting, check_opt_out
from innbox.ports import Changed
from innbox.text import clean_text

LONGEST_WAIT = timedelta(days=366)


class Scheduling(Acting):
    """Schedule a message, and call one back."""

    async def schedule(
        self, user: User, conversation_id: str, text: str, at: datetime, client_id: str | None = None
    ) -> tuple[Scheduled, Changed]:
        """Keep a message to be sent at a time; it changes no hands. Raises `Refused` (`empty`, `too_long`, `time`,
        `opted_out`). Whether the channel's window is open is seen when the time has come."""
        conversation = await self._seen_by(user, conversation_id)
        check_opt_out(conversation)
        self._parts(conversation, text)
        if not now() < at <= now() + LONGEST_WAIT:
            raise Refused("A message leaves at a time in the next 366 days.", "time")
        kept, changed = await self._desk.schedule(conversation_id, user.name, clean_text(text).strip(), at, client_id)
        return kept, await self._recorded(user, "schedule", changed, scheduled=kept.id)

    async def unschedule(self, user: User, conversation_id: str, scheduled_id: str) -> Changed:
        """Call a scheduled message back; `NotFound` where it has left already."""
        await self._seen_by(user, conversation_id)
        if all(kept.id != scheduled_id for kept in await self._desk.scheduled(conversation_id)):
            raise NotFound("There is no such message to call back; it may have left.")
        changed = await self._desk.unschedule(scheduled_id)
        return await self._recorded(user, "unschedule", changed, scheduled=scheduled_id)
