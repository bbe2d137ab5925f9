"""Answer: claim a turn, decide who deals with it, think, and end it in one commit that holds only if it is ours."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from innbox.messages import Author, AuthorKind, Route, Turn, TurnRecord, now
from innbox.pipeline import points
from innbox.pipeline.deliver import Claim
from innbox.pipeline.persistence import until_stored
from innbox.pipeline.thinking import Thinking, Thought
from innbox.pipeline.wakes import Step
from innbox.ports import Committed, Draft, HandOver, NoReply, Reply, TurnEnd
from innbox.runtime import RuntimeSettings
from innbox.text import clean_text, split_text

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

HISTORY = 30  # messages of a conversation that a turn looks back on
MAX_RETHINKS = 2
MAX_TRIES = 3
RETRY_SECONDS = 2.0


class Answering:
    """Makes the turns of one process, whose name as a worker is `worker`."""

    def __init__(self, app: "App", worker: str, deliver: Callable[[Claim], None]) -> None:
        """`deliver` is given what a turn's end has left for this process to send."""
        self._app = app
        self._worker = worker
        self._deliver = deliver
        self._thinking = Thinking(app)

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
            committed, asked_at = await self._answer(turn)
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

    async def _answer(self, turn: Turn) -> tuple[Committed, float]:
        """Return how the turn ended, and when the store was asked to end it."""
        end = await self._decide(turn)
        points.reached("turn.before_commit")
        asked_at = time.monotonic()
        committed = await until_stored(lambda: self._app.store.commit_turn(turn, end, deliver_as=self._worker))
        points.reached("turn.committed")
        return committed, asked_at

    async def _decide(self, turn: Turn) -> TurnEnd:
        runtime = await self._app.runtime.of(turn.conversation.hotel)
        if not runtime.bot:
            return HandOver("The bot of this hotel is switched off.", TurnRecord())
        if turn.tries >= MAX_TRIES:
            return self._handed_over(turn, runtime, Thought(TurnRecord(), hand_over="Answering failed repeatedly."))
        route = await self._app.dispatch.route_turn(turn)
        points.reached("turn.routed")
        if route is Route.DROP:
            return NoReply(TurnRecord())
        if route is Route.STAFF:
            return self._handed_over(turn, runtime, Thought(TurnRecord(), hand_over="A rule sends this to staff."))
        thought = await self._thinking.think(turn, runtime)
        points.reached("turn.thought")
        if thought.hand_over is not None:
            return self._handed_over(turn, runtime, thought)
        return Reply(
            self._parts(turn, thought),
            thought.record,
            thought.effects,
            even_if_newer=turn.rethinks >= MAX_RETHINKS,
        )

    def _parts(self, turn: Turn, thought: Thought) -> tuple[Draft, ...]:
        traits = self._app.channels[turn.conversation.channel].traits
        parts, whole = split_text(clean_text(thought.text), traits.max_chars, traits.max_parts)
        if not whole:
            log.warning("answer cut", trace=turn.trace, characters=len(thought.text))
        meta = {"trace": turn.trace, "sources": list(thought.record.sources)}
        return tuple(Draft(part, Author(AuthorKind.BOT), meta=meta) for part in parts)

    def _handed_over(self, turn: Turn, runtime: RuntimeSettings, thought: Thought) -> HandOver:
        conversation = turn.conversation
        hotel = self._app.hotels[conversation.hotel]
        text = self._thinking.notice(hotel, runtime, conversation.guest.language)
        notice = Draft(text, Author(AuthorKind.BOT), meta={"trace": turn.trace}) if text else None
        reason = clean_text(thought.hand_over or "The bot asks for a person.")
        return HandOver(reason, thought.record, notice, thought.effects)

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
