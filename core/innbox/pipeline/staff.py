"""What staff do: reply, note, take over, give back, resolve, read. Each checks who may, acts once, and tells."""

from typing import TYPE_CHECKING

import structlog

from innbox.errors import NotFound, Refused
from innbox.messages import Author, AuthorKind, Conversation, User, now
from innbox.pipeline.wakes import Step
from innbox.ports import Changed, Draft
from innbox.text import clean_text, split_text

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

MAX_NOTE = 8000


class Staff:
    """The actions of staff. Each takes the user who acts; a conversation that they may not see is `NotFound`."""

    def __init__(self, app: "App") -> None:
        self._app = app

    async def reply(self, user: User, conversation_id: str, text: str, client_id: str | None = None) -> Changed:
        """Send a reply and take the conversation over. Raises `Refused` (`empty`, `too_long`, `window_closed`)."""
        conversation = await self._seen_by(user, conversation_id)
        parts = self._parts(conversation, text)
        window = conversation.window_closes_at
        if window is not None and window <= now():
            raise Refused("The guest wrote more than 24 hours ago: only a template may be sent.", "window_closed")
        author = Author(AuthorKind.STAFF, user.name)
        changed = await self._app.store.staff_message(
            conversation_id, user.name, [Draft(part, author) for part in parts], client_id
        )
        if not changed.duplicate:
            self._app.metrics.message("out", conversation.channel)
            self._app.wakes.wake(Step.DELIVER, conversation_id)
        return self._told("staff replied", changed)

    async def note(self, user: User, conversation_id: str, text: str, client_id: str | None = None) -> Changed:
        """Leave a note for colleagues, which no channel is given. Raises `Refused` (`empty`, `too_long`)."""
        await self._seen_by(user, conversation_id)
        text = clean_text(text).strip()
        if not text:
            raise Refused("The note is empty.", "empty")
        if len(text) > MAX_NOTE:
            raise Refused(f"The note is too long: {len(text)} of {MAX_NOTE} characters.", "too_long")
        return self._told("note left", await self._app.store.staff_note(conversation_id, user.name, text, client_id))

    async def take_over(self, user: User, conversation_id: str) -> Changed:
        """Take the conversation from the bot. Raises `Conflict` naming the colleague who has it."""
        await self._seen_by(user, conversation_id)
        return self._told("taken over", await self._app.store.take_over(conversation_id, user.name))

    async def return_to_bot(self, user: User, conversation_id: str) -> Changed:
        """Give the conversation back to the bot. Raises `Refused` (`bot_off`) where the hotel's bot is off."""
        conversation = await self._seen_by(user, conversation_id)
        rules = await self._app.door.rules(conversation.hotel, conversation.channel)
        if not rules.bot_on:
            raise Refused("The bot of this hotel is switched off.", "bot_off")
        changed = await self._app.store.return_to_bot(conversation_id, rules)
        self._app.wakes.wake(Step.ANSWER, conversation_id)
        return self._told("returned to the bot", changed)

    async def resolve(self, user: User, conversation_id: str) -> Changed:
        """Close the conversation; a guest's next message opens it again."""
        await self._seen_by(user, conversation_id)
        return self._told("resolved", await self._app.store.resolve(conversation_id))

    async def mark_read(self, user: User, conversation_id: str) -> Changed:
        """Say that staff have read all messages."""
        await self._seen_by(user, conversation_id)
        return self._told("read", await self._app.store.mark_read(conversation_id))

    async def _seen_by(self, user: User, conversation_id: str) -> Conversation:
        conversation = await self._app.store.conversation(conversation_id)
        if conversation is None or not user.may_see(conversation.hotel):
            raise NotFound("There is no such conversation.")
        return conversation

    def _parts(self, conversation: Conversation, text: str) -> list[str]:
        channel = self._app.channels.get(conversation.channel)
        if channel is None:
            raise Refused(f"The channel {conversation.channel} is not enabled.", "no_channel")
        text = clean_text(text).strip()
        if not text:
            raise Refused("The message is empty.", "empty")
        parts, whole = split_text(text, channel.traits.max_chars, channel.traits.max_parts)
        if not whole:
            most = (channel.traits.max_chars or 0) * channel.traits.max_parts
            raise Refused(f"The message is too long: {len(text)} of about {most} characters.", "too_long")
        return parts

    def _told(self, what: str, changed: Changed) -> Changed:
        if changed.events:
            self._app.publisher.publish(changed.events)
            log.info(what, conversation=changed.conversation.id, epoch=changed.conversation.epoch)
        return changed
