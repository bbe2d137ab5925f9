"""The plugin: it brings one model that needs nothing but the facts."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from pydantic import Field

from innbox import LLM, App, Plugin, PluginSettings, hookimpl
from innbox_faq_llm.model import FaqModel


class FaqSettings(PluginSettings):
    """The settings of `faq_llm`."""

    min_score: float = Field(
        default=0.45,
        ge=0,
        le=1,
        description="The share of a question that a passage must cover to be the answer; higher hands over more often.",
    )
    max_chars: int = Field(default=700, ge=80, description="The longest answer to one question, in characters.")


class FaqLLM(Plugin[FaqSettings]):
    """Answers guests with what the hotel's facts say, and hands over what they do not."""

    Settings = FaqSettings

    def __init__(self, name: str, settings: FaqSettings) -> None:
        super().__init__(name, settings)
        self._model = FaqModel(name, settings.min_score, settings.max_chars)

    @hookimpl
    def register_llms(self) -> Iterable[LLM]:
        return [self._model]

    @hookimpl
    def lifespan(self, app: App) -> AbstractAsyncContextManager[None]:
        return self._opened(app)

    @hookimpl
    async def check_live(self, app: App) -> str:
        silent = [hotel.name for hotel in app.hotels.values() if not hotel.facts.strip()]
        if silent:
            raise ValueError(f"no facts for {', '.join(silent)}: fill the file named by `facts`")
        return f"reads the facts of {len(app.hotels)} hotel(s)"

    @asynccontextmanager
    async def _opened(self, app: App) -> AsyncIterator[None]:
        for hotel in app.hotels.values():
            self._model.learn(hotel.facts)
        try:
            yield
        finally:
            self._model.close()
