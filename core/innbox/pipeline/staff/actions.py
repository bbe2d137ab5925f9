"""What plugins let staff do with a message."""

import asyncio

import structlog

from innbox.errors import InnboxError, NotFound, Refused
from innbox.messages import User
from innbox.pipeline.staff.acting import Acting

log = structlog.get_logger(__name__)

ACTION_SECONDS = 15.0


class Actions(Acting):
    """Have a plugin do something."""

    async def act(self, user: User, conversation_id: str, message_id: str, name: str) -> str:
        """Run the action of a plugin on a message and return its line for staff. Raises `NotFound` for an unknown one,
        `Refused` (`action_failed`, or as the plugin says) where it could not be done."""
        conversation, message = await self._message_seen_by(user, conversation_id, message_id)
        action = self._app.actions.get(name)
        if action is None:
            raise NotFound("There is no such action.")
        try:
            async with asyncio.timeout(ACTION_SECONDS):
                line = await action.run(user, conversation, message)
        except InnboxError:
            raise
        except Exception as error:
            log.warning("action failed", action=name, error=type(error).__name__)
            self._app.metrics.provider_error(name, type(error).__name__)
            raise Refused(f"{action.label} did not work. Please try again.", "action_failed") from error
        await self._app.record(user, "act", conversation.hotel, conversation_id, what=name, message=message_id)
        return line
