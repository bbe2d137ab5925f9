"""Whose a conversation is, and how it is dealt with."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from innbox.errors import Refused
from innbox.messages import BotMode, User, now
from innbox.pipeline.staff.acting import Acting
from innbox.pipeline.wakes import Step
from innbox.ports import Changed
from innbox.text import clean_text

MAX_LABELS, MAX_LABEL = 20, 40
LONGEST_SNOOZE = timedelta(days=366)
MOST_MINUTES = 7 * 24 * 60


class Handling(Acting):
    """Take over, give back, assign, lay aside, resolve."""

    async def take_over(self, user: User, conversation_id: str, minutes: int | None = None) -> Changed:
        """Take the conversation from the bot, for so many minutes where they are given. Raises `Conflict` naming the
        colleague who has it, and `Refused` (`minutes`)."""
        await self._seen_by(user, conversation_id)
        back_at = self._back_at(minutes)
        changed = self._told("taken over", await self._app.store.take_over(conversation_id, user.name))
        if back_at is not None:
            timed = self._told("bot comes back", await self._desk.set_bot_back(conversation_id, back_at))
            changed = Changed(timed.conversation, changed.messages, (*changed.events, *timed.events))
        if changed.events:
            await self._app.record(user, "take_over", changed.conversation.hotel, conversation_id)
        return changed

    async def return_to_bot(self, user: User, conversation_id: str) -> Changed:
        """Give the conversation back to the bot. Raises `Refused` (`bot_off`) where the bot is off here."""
        conversation = await self._seen_by(user, conversation_id)
        rules = await self._app.door.rules_of(conversation)
        if not rules.bot_on:
            where = "for this conversation" if conversation.bot_mode is BotMode.OFF else "of this hotel"
            raise Refused(f"The bot {where} is switched off.", "bot_off")
        changed = await self._app.store.return_to_bot(conversation_id, rules)
        self._app.wakes.wake(Step.ANSWER, conversation_id)
        return await self._recorded(user, "return_to_bot", changed)

    async def resolve(self, user: User, conversation_id: str) -> Changed:
        """Close the conversation; a guest's next message opens it again."""
        await self._seen_by(user, conversation_id)
        return await self._recorded(user, "resolve", await self._app.store.resolve(conversation_id))

    async def mark_read(self, user: User, conversation_id: str) -> Changed:
        """Say that staff have read all messages."""
        await self._seen_by(user, conversation_id)
        return self._told("read", await self._app.store.mark_read(conversation_id))

    async def set_labels(self, user: User, conversation_id: str, labels: Sequence[str]) -> Changed:
        """Set the labels, each once and in the order given. Raises `Refused` (`labels`)."""
        await self._seen_by(user, conversation_id)
        return self._told("labelled", await self._desk.set_labels(conversation_id, _labels(labels)))

    async def assign(self, user: User, conversation_id: str, assignee: str | None) -> Changed:
        """Give the conversation to a colleague, or to staff as a whole. Raises `Refused` (`assignee`) for one who is
        disabled, unknown, or may not see the hotel."""
        conversation = await self._seen_by(user, conversation_id)
        desk = self._desk
        if assignee is not None:
            found = await self._app.store.user(clean_text(assignee))
            if found is None or found[0].disabled or not found[0].may_see(conversation.hotel):
                raise Refused("There is nobody of that name who may see this hotel.", "assignee")
            assignee = found[0].name
        return await self._recorded(user, "assign", await desk.assign(conversation_id, assignee), assignee=assignee)

    async def snooze(self, user: User, conversation_id: str, until: datetime) -> Changed:
        """Lay the conversation aside until a time or a guest's message. Raises `Refused` (`time`)."""
        await self._seen_by(user, conversation_id)
        if not now() < until <= now() + LONGEST_SNOOZE:
            raise Refused("A conversation sleeps until a time in the next 366 days.", "time")
        return await self._recorded(user, "snooze", await self._desk.snooze(conversation_id, until))

    async def set_bot_mode(self, user: User, conversation_id: str, mode: BotMode | None) -> Changed:
        """Say how the bot deals with this conversation; None: as its hotel does."""
        await self._seen_by(user, conversation_id)
        changed = await self._desk.set_bot_mode(conversation_id, mode)
        self._app.wakes.wake(Step.ANSWER, conversation_id)
        return await self._recorded(user, "set_bot_mode", changed, mode=mode.value if mode else None)

    async def set_bot_back(self, user: User, conversation_id: str, minutes: int | None) -> Changed:
        """Set in how many minutes the bot has the conversation again; None: not by itself. Raises `Refused`
        (`minutes`)."""
        await self._seen_by(user, conversation_id)
        changed = await self._desk.set_bot_back(conversation_id, self._back_at(minutes))
        return await self._recorded(user, "set_bot_back", changed, minutes=minutes)

    async def acknowledge(self, user: User, conversation_id: str) -> Changed:
        """Say that they have heard of an urgent conversation: it rings no more."""
        await self._seen_by(user, conversation_id)
        return await self._recorded(user, "acknowledge", await self._desk.acknowledge(conversation_id, user.name))

    async def set_opt_out(self, user: User, conversation_id: str, out: bool) -> Changed:
        """Keep that the guest wants no messages that they did not ask for, or wants them again."""
        await self._seen_by(user, conversation_id)
        return await self._recorded(user, "set_opt_out", await self._desk.set_opt_out(conversation_id, out), out=out)

    def _back_at(self, minutes: int | None) -> datetime | None:
        if minutes is None:
            return None
        _ = self._desk
        if not 1 <= minutes <= MOST_MINUTES:
            raise Refused(f"The bot comes back after 1 to {MOST_MINUTES} minutes.", "minutes")
        return now() + timedelta(minutes=minutes)


def _labels(labels: Sequence[str]) -> list[str]:
    kept = list(dict.fromkeys(" ".join(clean_text(label).split()) for label in labels))
    if len(kept) > MAX_LABELS:
        raise Refused(f"A conversation has at most {MAX_LABELS} labels.", "labels")
    if any(not 1 <= len(label) <= MAX_LABEL for label in kept):
        raise Refused(f"A label has 1 to {MAX_LABEL} characters.", "labels")
    return kept
