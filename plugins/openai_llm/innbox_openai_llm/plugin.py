"""The plugin: it brings one model, opens its client with the app, and can try it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from innbox import LLM, App, Plugin, Translator, hookimpl
from innbox_openai_llm.model import OpenAIModel
from innbox_openai_llm.settings import OpenAISettings
from innbox_openai_llm.translator import OpenAITranslator


class OpenAILLM(Plugin[OpenAISettings]):
    """Answers guests by a chat model of OpenAI, or of any server with the same API."""

    Settings = OpenAISettings

    def __init__(self, name: str, settings: OpenAISettings) -> None:
        super().__init__(name, settings)
        self._model: OpenAIModel | None = None

    @hookimpl
    def register_llms(self, app: App) -> Iterable[LLM]:
        return [self._model_of(app)]

    @hookimpl
    def register_translators(self, app: App) -> Iterable[Translator]:
        if not self.settings.translate:
            return []
        return [OpenAITranslator(self.name, self._model_of(app), app.metrics.model)]

    @hookimpl
    def lifespan(self) -> AbstractAsyncContextManager[None]:
        return self._opened()

    @hookimpl
    async def check_live(self) -> str:
        assert self._model is not None, "the app was built"
        return await self._model.check()

    def _model_of(self, app: App) -> OpenAIModel:
        """Return the one model that answers and translates."""
        if self._model is None:
            self._model = OpenAIModel(self.name, self.settings, lambda: app.cache)
        return self._model

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        assert self._model is not None, "the app was built"
        self._model.open()
        try:
            yield
        finally:
            await self._model.close()
