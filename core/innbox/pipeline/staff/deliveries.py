"""What staff decide about messages that did not arrive as they should have."""

from innbox.messages import User
from innbox.pipeline.staff.acting import Acting, check_opt_out, check_window
from innbox.pipeline.wakes import Step
from innbox.ports import Changed


class Deliveries(Acting):
    """Send again, say what became of a message, download again. Each returns the message among its `messages`."""

    async def retry(self, user: User, conversation_id: str, message_id: str) -> Changed:
        """Make a new attempt at a failed message. Raises `Conflict` where it has not failed, `Refused`
        (`window_closed`, `opted_out`) where it would fail again."""
        conversation, message = await self._message_seen_by(user, conversation_id, message_id)
        proactive = bool(message.meta.get("template") or message.meta.get("proactive"))
        if proactive:
            check_opt_out(conversation)
        if not message.meta.get("template"):
            check_window(conversation)
        changed = await self._desk.retry(message_id)
        self._app.wakes.wake(Step.DELIVER, conversation_id)
        changed = await self._recorded(user, "retry", changed, message=message_id)
        return await self._with_message(changed, message_id)

    async def decide(self, user: User, conversation_id: str, message_id: str, arrived: bool) -> Changed:
        """Say whether a message of which nobody can tell has arrived; where not, it is sent again. Raises `Conflict`
        where it waits for no decision."""
        await self._message_seen_by(user, conversation_id, message_id)
        changed = await self._desk.decide(message_id, arrived)
        self._app.wakes.wake(Step.DELIVER, conversation_id)
        changed = await self._recorded(user, "decide", changed, message=message_id, arrived=arrived)
        return await self._with_message(changed, message_id)

    async def retry_media(self, user: User, conversation_id: str, message_id: str, position: int) -> Changed:
        """Try once more to download a guest's file. Raises `Conflict` where its download has not failed."""
        await self._message_seen_by(user, conversation_id, message_id)
        changed = self._told("file asked for again", await self._desk.retry_media(message_id, position))
        return await self._with_message(changed, message_id)
