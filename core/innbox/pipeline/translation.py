"""Translation: the translators of an app, asked one after the other within one deadline."""

import asyncio
from typing import TYPE_CHECKING

import structlog

from innbox.errors import ModelError
from innbox.messages import Translation

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)


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
                    if found.text.strip():
                        return found
    except TimeoutError:
        app.metrics.provider_error("translators", "timeout")
        log.warning("translators too slow", seconds=seconds)
    return None
