"""Translation: the translators of an app, asked one after the other within one deadline, and what they do unasked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from innbox.errors import ModelError, StoreUnavailable
from innbox.messages import Conversation, Message, Translation
from innbox.text import clean_text

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

GUEST_SECONDS = 20.0  # for a guest's text, for which nobody waits
AT_ONCE, MOST_WAITING = 8, 500
LONGEST = 4000  # characters; staff may have longer texts translated when they want to read them


async def translated(app: "App", text: str, source: str | None, target: str, seconds: float) -> Translation | None:
    """Return a text in the language `target`; None where no translator has it within `seconds`. Never raises for a
    translator's fault."""
    try:
        async with asyncio.timeout(seconds):
            for translator in app.translators:
                try:
                    found = await translator.translate(text, source, target)
                except Exception as error:
                    code = error.code if isinstance(error, ModelError) else type(error).__name__
                    app.metrics.provider_error(translator.name, code)
                    log.warning("translator failed", translator=translator.name, code=code)
                else:
                    said = clean_text(found.text)  # a model may say what a database refuses
                    if said.strip():
                        return replace(found, text=said)
    except TimeoutError:
        app.metrics.provider_error("translators", "timeout")
        log.warning("translators too slow", seconds=seconds)
    return None


class GuestTexts:
    """Translates what guests write into the language that staff read, beside everything else.

    It begins after a message is stored and has woken the answer, so it delays nothing; what is not done when the
    process ends, or while too much waits, is left as it is: staff may ask for it. A text that is plainly in the staff's
    language costs no call; of any other the translator says which language it was.
    """

    def __init__(self, app: "App") -> None:
        self._app = app
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def offer(self, message: Message, conversation: Conversation) -> None:
        """Take a guest's message; returns at once."""
        text = message.text
        wanted = bool(self._app.translators) and self._app.desk_store is not None and len(text) <= LONGEST
        if not wanted or len(self._tasks) >= MOST_WAITING or not any(letter.isalpha() for letter in text):
            return
        task = asyncio.create_task(self._translate(message, conversation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let what was taken end with the block."""
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _translate(self, message: Message, conversation: Conversation) -> None:
        language: str | None = message.meta.get("language")
        desk = self._app.desk_store
        assert desk is not None, "nothing is taken otherwise"
        try:
            target = (await self._app.runtime.of(conversation.hotel)).staff_language
            if target == (language or conversation.guest.language):
                return
            async with self._room:
                found = await translated(self._app, message.text, language, target, GUEST_SECONDS)
            if found is None or (found.source == target and conversation.guest.language is not None):
                return
            changed = await desk.save_translation(message.id, target, found.text, found.source)
        except StoreUnavailable:
            log.warning("store away, text not translated", trace=message.id)
        except Exception as error:
            log.exception("text not translated", trace=message.id, error=type(error).__name__)
        else:
            if changed is not None:
                self._app.publisher.publish(changed.events)
