"""What every action of staff begins and ends with: may they, and who must hear of it?"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from innbox.desk import KeepsDesk
from innbox.errors import NotFound, Refused
from innbox.messages import Conversation, Message, User, now
from innbox.pipeline.leaving import NO_CHANNEL, OPTED_OUT, WINDOW_CLOSED, window_closed
from innbox.ports import Changed, Channel
from innbox.text import clean_text, split_text

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)


class Acting:
    """The ground that the actions of staff stand on."""

    def __init__(self, app: "App") -> None:
        self._app = app

    @property
    def _desk(self) -> KeepsDesk:
        """The store, as one that keeps a desk."""
        if self._app.desk_store is None:
            raise Refused("The store of this house keeps nothing of that kind.", "no_desk")
        return self._app.desk_store

    async def _seen_by(self, user: User, conversation_id: str) -> Conversation:
        conversation = await self._app.store.conversation(conversation_id)
        if conversation is None or not user.may_see(conversation.hotel):
            raise NotFound("There is no such conversation.")
        return conversation

    async def _message_seen_by(self, user: User, conversation_id: str, message_id: str) -> tuple[Conversation, Message]:
        conversation = await self._seen_by(user, conversation_id)
        message = await self._app.store.message(message_id)
        if message is None or message.conversation_id != conversation.id:
            raise NotFound("There is no such message.")
        return conversation, message

    async def _with_message(self, changed: Changed, message_id: str) -> Changed:
        """Return a change of one message with that message, as it is now."""
        message = await self._app.store.message(message_id)
        return replace(changed, messages=(message,) if message else ())

    def _channel_of(self, conversation: Conversation) -> Channel:
        channel = self._app.channels.get(conversation.channel)
        if channel is None:
            raise Refused(NO_CHANNEL.text, NO_CHANNEL.code)
        return channel

    def _parts(self, conversation: Conversation, text: str) -> list[str]:
        """Return a text as the messages that its channel takes; `Refused` (`empty`, `too_long`)."""
        traits = self._channel_of(conversation).traits
        text = clean_text(text).strip()
        if not text:
            raise Refused("The message is empty.", "empty")
        parts, whole = split_text(text, traits.max_chars, traits.max_parts)
        if not whole:
            most = (traits.max_chars or 0) * traits.max_parts
            raise Refused(f"The message is too long: {len(text)} of about {most} characters.", "too_long")
        return parts

    def _told(self, what: str, changed: Changed) -> Changed:
        """Publish a change."""
        if changed.events:
            self._app.publisher.publish(changed.events)
            log.info(what, conversation=changed.conversation.id, epoch=changed.conversation.epoch)
        return changed

    async def _recorded(self, user: User, action: str, changed: Changed, **detail: Any) -> Changed:
        """Publish a change and keep it in the audit log, where it was one."""
        self._told(action, changed)
        if changed.events:
            conversation = changed.conversation
            await self._app.record(user, action, conversation.hotel, conversation.id, **detail)
        return changed


def check_window(conversation: Conversation) -> None:
    """Raise `Refused` (`window_closed`) where the channel lets no free text leave any more."""
    if window_closed(conversation.window_closes_at, now()):
        raise Refused(WINDOW_CLOSED.text, WINDOW_CLOSED.code)


def check_opt_out(conversation: Conversation) -> None:
    """Raise `Refused` (`opted_out`) where the guest wants no message that they did not ask for."""
    if conversation.guest.opted_out:
        raise Refused(OPTED_OUT.text, OPTED_OUT.code)
