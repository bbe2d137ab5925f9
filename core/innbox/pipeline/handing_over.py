"""The note that staff find when a conversation goes to them: why, and what it is about, in a few lines."""

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from innbox.errors import ModelError
from innbox.messages import Direction, Message, Turn, Usage
from innbox.phrases import sentence_in
from innbox.ports import WritesTexts
from innbox.runtime import RuntimeSettings
from innbox.text import clean_text

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

MOST_LINES = 5
MOST_IN_LINE = 500  # characters
NOTE_SECONDS = 6.0
LATEST_SECONDS = 40.0  # after so long a turn no model is asked any more: staff have the guest within a minute
LOOKED_BACK = 20  # messages


@dataclass(frozen=True, slots=True)
class HandOverNote:
    """A note's text, and what a model took for it."""

    text: str
    usage: Usage | None = None


class HandingOver:
    """Writes such notes: by a model where one has just answered, else the reason alone. The guest's own words stand
    right above the note, so none repeats them."""

    def __init__(self, app: "App") -> None:
        self._app = app

    async def note(
        self, turn: Turn, runtime: RuntimeSettings, reason: str, *, by: str, begun_at: float
    ) -> HandOverNote:
        """Return a note of at most five lines in the staff's language; never raises.

        The first line is the reason. The model called `by`, which has just answered, is asked for the others, where it
        writes texts and the turn that began at `begun_at` (of `time.monotonic`) leaves the time for it.
        """
        language = runtime.staff_language
        reason = _line(sentence_in(reason, language))
        writer = next((llm for llm in self._app.llms if llm.name == by and isinstance(llm, WritesTexts)), None)
        if writer is not None and time.monotonic() - begun_at < LATEST_SECONDS:
            written = await self._written(writer, turn, language, reason)
            if written is not None:
                return written
        return HandOverNote(reason)

    async def _written(self, llm: WritesTexts, turn: Turn, language: str, reason: str) -> HandOverNote | None:
        hotel = self._app.hotels[turn.conversation.hotel]
        task = self._app.prompts.hand_over_note(hotel, language, reason, MOST_LINES - 1)
        said = "\n".join(_told(message) for message in turn.history[-LOOKED_BACK:])
        started = time.monotonic()
        try:
            async with asyncio.timeout(NOTE_SECONDS):
                completion = await llm.write(task, said)
        except Exception as error:
            # One try is enough: the guest waits for a person, and the plain note says what matters most.
            code = error.code if isinstance(error, ModelError) else type(error).__name__
            self._app.metrics.provider_error(llm.name, code)
            log.warning("hand-over note not written", trace=turn.trace, code=code)
            return None
        self._app.metrics.model(completion.model or llm.name, time.monotonic() - started, completion.usage)
        lines = [line for part in completion.text.splitlines() if (line := _line(part))]
        return HandOverNote("\n".join([reason, *lines[: MOST_LINES - 1]]), completion.usage) if lines else None


def _told(message: Message) -> str:
    who = "Guest" if message.direction is Direction.IN else "Hotel"
    return f"{who}: {message.text or ', '.join(f'[{item.kind}]' for item in message.attachments)}"


def _line(text: str) -> str:
    return " ".join(clean_text(text).split())[:MOST_IN_LINE]
