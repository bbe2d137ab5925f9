"""Answer: claim a turn, decide who deals with it, think, and end it in one commit that holds only if it is ours."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from innbox.messages import Author, AuthorKind, BotMode, Route, Turn, TurnRecord, now
from innbox.phrases import words_of
from innbox.pipeline import points
from innbox.pipeline.deliver import Claim
from innbox.pipeline.handing_over import HandingOver
from innbox.pipeline.persistence import until_stored
from innbox.pipeline.thinking import Thinking, Thought
from innbox.pipeline.wakes import Step
from innbox.ports import Committed, Draft, HandOver, NoReply, Propose, Reply, TurnEnd
from innbox.runtime import RuntimeSettings
from innbox.text import clean_text, split_text

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

HISTORY = 30  # messages of a conversation that a turn looks back on
MAX_RETHINKS = 2
MAX_TRIES = 3
RETRY_SECONDS = 2.0
BOT_OFF = "The bot of this hotel is switched off."


class Answering:
    """Makes the turns of one process, whose name as a worker is `worker`."""

    def __init__(self, app: "App", worker: str, deliver: Callable[[Claim], None]) -> None:
        """`deliver` is given what a turn's end has left for this process to send."""
        self._app = app
        self._worker = worker
        self._deliver = deliver
        self._thinking = Thinking(app)
        self._handing_over = HandingOver(app)

    async def run(self, conversation_id: str) -> None:
        """Make the conversation's turn, if one is due and nobody has it."""
        app = self._app
        turn = await app.store.claim_turn(self._worker, conversation_id, HISTORY)
        if turn is None:
            return
        points.reached("turn.claimed")
        started = time.monotonic()
        app.metrics.turns_in_flight += 1
        try:
            committed, asked_at = await self._answer(turn, started)
        except asyncio.CancelledError:
            await self._give_back(turn)
            raise
        except Exception as error:
            log.exception("turn failed", trace=turn.trace, error=type(error).__name__)
            await self._give_back(turn)
            return
        finally:
            app.metrics.turns_in_flight -= 1
            app.metrics.turn(time.monotonic() - started)
        self._tell(turn, committed, asked_at)

    async def _answer(self, turn: Turn, begun_at: float) -> tuple[Committed, float]:
        """Return how the turn ended, and when the store was asked to end it."""
        end = await self._decide(turn, begun_at)
        points.reached("turn.before_commit")
        asked_at = time.monotonic()
        committed = await until_stored(lambda: self._app.store.commit_turn(turn, end, deliver_as=self._worker))
        points.reached("turn.committed")
        return committed, asked_at

    async def _decide(self, turn: Turn, begun_at: float) -> TurnEnd:
        runtime = await self._app.runtime.of(turn.conversation.hotel)
        mode = runtime.mode_of(turn.conversation)
        if mode is BotMode.OFF or (mode is BotMode.DRAFT and self._app.desk_store is None):
            note = await self._handing_over.note(turn, runtime, BOT_OFF, by="", begun_at=begun_at)
            return HandOver(note.text, TurnRecord())
        if danger := self._danger_in(turn):
            return danger
        if turn.tries >= MAX_TRIES:
            failed = Thought(TurnRecord(), hand_over="Answering failed repeatedly.")
            return await self._handed_over(turn, runtime, failed, begun_at)
        route = await self._app.dispatch.route_turn(turn)
        points.reached("turn.routed")
        if route is Route.DROP:
            return NoReply(TurnRecord())
        if route is Route.STAFF:
            ruled = Thought(TurnRecord(), hand_over="A rule sends this to staff.")
            return await self._handed_over(turn, runtime, ruled, begun_at)
        thought = await self._thinking.think(turn, runtime)
        points.reached("turn.thought")
        if thought.hand_over is not None:
            return await self._handed_over(turn, runtime, thought, begun_at)
        if mode is BotMode.DRAFT:
            return Propose(clean_text(thought.text), thought.record, thought.effects, turn.rethinks >= MAX_RETHINKS)
        return Reply(
            self._parts(turn, thought),
            thought.record,
            thought.effects,
            even_if_newer=turn.rethinks >= MAX_RETHINKS,
        )

    def _danger_in(self, turn: Turn) -> HandOver | None:
        """Call staff for words of danger, where the store has not done so as the message came in."""
        if self._app.desk_store is not None:
            return None
        conversation = turn.conversation
        found = self._app.alarm.in_words(conversation.hotel, words_of(turn.question))
        if not found:
            return None
        log.warning("urgent", trace=turn.trace, conversation=conversation.id)
        text = self._app.alarm.notice(conversation.hotel, found, conversation.guest.language)
        notice = Draft(text, Author(AuthorKind.BOT), meta={"trace": turn.trace})
        return HandOver(f"Urgent: the guest wrote {', '.join(found.words)}.", TurnRecord(), notice)

    def _parts(self, turn: Turn, thought: Thought) -> tuple[Draft, ...]:
        traits = self._app.channels[turn.conversation.channel].traits
        parts, whole = split_text(clean_text(thought.text), traits.max_chars, traits.max_parts)
        if not whole:
            log.warning("answer cut", trace=turn.trace, characters=len(thought.text))
        meta = {"trace": turn.trace, "sources": list(thought.record.sources)}
        return tuple(Draft(part, Author(AuthorKind.BOT), meta=meta) for part in parts)

    async def _handed_over(self, turn: Turn, runtime: RuntimeSettings, thought: Thought, begun_at: float) -> HandOver:
        conversation = turn.conversation
        hotel = self._app.hotels[conversation.hotel]
        text = self._thinking.notice(hotel, runtime, conversation.guest.language)
        notice = Draft(text, Author(AuthorKind.BOT), meta={"trace": turn.trace}) if text else None
        reason = thought.hand_over or "The bot asks for a person."
        note = await self._handing_over.note(turn, runtime, reason, by=thought.by, begun_at=begun_at)
        record = thought.record
        if note.usage is not None:
            record = replace(record, usage=record.usage.plus(note.usage))
        return HandOver(note.text, record, notice, thought.effects)

    async def _give_back(self, turn: Turn) -> None:
        """Let somebody try again a little later."""
        again_at = now() + timedelta(seconds=RETRY_SECONDS * (turn.tries + 1))
        await until_stored(lambda: self._app.store.release_turn(turn, again_at))

    def _tell(self, turn: Turn, committed: Committed, asked_at: float) -> None:
        app, conversation_id = self._app, turn.conversation.id
        for message in committed.messages:
            app.metrics.message(message.direction.value, turn.conversation.channel)
        app.publisher.publish(committed.events)
        if committed.delivery is not None:
            self._deliver(Claim(committed.delivery, asked_at))
        elif committed.deliver:
            app.wakes.wake(Step.DELIVER, conversation_id)
        if committed.answer_at is not None:
            app.wakes.wake(Step.ANSWER, conversation_id, committed.answer_at)
        log.info("turn ended", trace=turn.trace, verdict=committed.verdict, conversation=conversation_id)
