"""What time brings to conversations: snoozes that end, the bot's return, the next ring, messages that were scheduled.

Every process that works looks once a second; the store lets each timer happen once, whoever comes first.
"""

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from innbox.desk import KeepsDesk, Scheduled, Timer, TimerKind
from innbox.errors import StoreUnavailable
from innbox.messages import Author, AuthorKind, Conversation, Failure, now
from innbox.phrases import sentence_in
from innbox.pipeline.leaving import NO_CHANNEL, OPTED_OUT, WINDOW_CLOSED, window_closed
from innbox.pipeline.wakes import Step
from innbox.ports import Changed, Draft, IngestRules
from innbox.text import split_text

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

AT_ONCE = 100
AGAIN_SECONDS = 60.0  # after a timer has failed; it must not fill the log, nor stand in the way of others


class Timing:
    """Lets timers happen, for one process of an app whose store keeps a desk."""

    def __init__(self, app: "App", desk: KeepsDesk) -> None:
        self._app = app
        self._desk = desk
        self._failed: dict[tuple[TimerKind, str], float] = {}

    async def run(self) -> None:
        """Let happen what is due now. Raises `StoreUnavailable`; a timer that fails harms no other."""
        self._failed = {key: until for key, until in self._failed.items() if until > time.monotonic()}
        for timer in await self._desk.due_timers(AT_ONCE + len(self._failed)):
            if (timer.kind, timer.subject) not in self._failed:
                await self._try(timer)

    async def _try(self, timer: Timer) -> None:
        try:
            changed = await self._happen(timer)
        except StoreUnavailable:
            raise
        except Exception as error:
            self._failed[timer.kind, timer.subject] = time.monotonic() + AGAIN_SECONDS
            log.exception("timer failed", kind=timer.kind.value, subject=timer.subject, error=type(error).__name__)
            return
        if changed is not None:
            self._app.publisher.publish(changed.events)
            log.info("timer", kind=timer.kind.value, conversation=timer.conversation_id)

    async def _happen(self, timer: Timer) -> Changed | None:
        if timer.kind is TimerKind.WAKE:
            return await self._desk.wake_snoozed(timer.conversation_id)
        conversation = await self._app.store.conversation(timer.conversation_id)
        if conversation is None:
            return None
        match timer.kind:
            case TimerKind.BOT_BACK:
                return await self._bot_back(conversation)
            case TimerKind.RING:
                return await self._ring(conversation)
            case _:
                return await self._leave(conversation, timer.subject)

    async def _bot_back(self, conversation: Conversation) -> Changed | None:
        there = conversation.hotel in self._app.hotels and conversation.channel in self._app.channels
        rules = await self._app.door.rules_of(conversation) if there else IngestRules(bot_on=False)
        changed = await self._desk.bot_back(conversation.id, rules)
        if changed is not None:
            self._app.wakes.wake(Step.ANSWER, conversation.id)
        return changed

    async def _ring(self, conversation: Conversation) -> Changed | None:
        """Ring for the next one on call; after the last, for everybody until somebody has heard of it."""
        person: str | None = None
        again_at = None
        if conversation.urgent is not None and conversation.hotel in self._app.hotels:
            person = _next(await self._app.alarm.on_call(conversation.hotel), conversation.urgent.rings_for)
        if person is not None:
            runtime = await self._app.runtime.of(conversation.hotel)
            again_at = now() + timedelta(seconds=runtime.ring_seconds)
        return await self._desk.ring(conversation.id, person, again_at)

    async def _leave(self, conversation: Conversation, scheduled_id: str) -> Changed | None:
        """Let a scheduled message leave, or say in a note why it may not."""
        waiting = await self._desk.scheduled(conversation.id)
        scheduled = next((one for one in waiting if one.id == scheduled_id), None)
        if scheduled is None:
            return None
        if (why := self._refusal(conversation)) is not None:
            note = await self._note(conversation, scheduled, why)
            return await self._desk.send_scheduled(scheduled_id, [], note)
        traits = self._app.channels[conversation.channel].traits
        author = Author(AuthorKind.STAFF, scheduled.user)
        parts, _ = split_text(scheduled.text, traits.max_chars, traits.max_parts)
        drafts = [Draft(part, author, meta={"proactive": True}) for part in parts]
        changed = await self._desk.send_scheduled(scheduled_id, drafts)
        if changed is not None:
            self._app.metrics.message("out", conversation.channel)
            self._app.wakes.wake(Step.DELIVER, conversation.id)
        return changed

    def _refusal(self, conversation: Conversation) -> Failure | None:
        if conversation.channel not in self._app.channels:
            return NO_CHANNEL
        if conversation.guest.opted_out:
            return OPTED_OUT
        return WINDOW_CLOSED if window_closed(conversation.window_closes_at, now()) else None

    async def _note(self, conversation: Conversation, scheduled: Scheduled, why: Failure) -> str:
        language = "en"
        if conversation.hotel in self._app.hotels:
            language = (await self._app.runtime.of(conversation.hotel)).staff_language
        said = sentence_in("A scheduled message was not sent.", language)
        return f"{said} {sentence_in(why.text, language)}\n{scheduled.user}: {scheduled.text}"


def _next(on_call: tuple[str, ...], rang_for: str | None) -> str | None:
    """Return who is after somebody on the list; None after the last one, and after one who is not on it any more."""
    if rang_for not in on_call:
        return None
    place = on_call.index(rang_for) + 1
    return on_call[place] if place < len(on_call) else None
