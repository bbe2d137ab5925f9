"""The plugin: it brings one model, opens its client with the app, and can try it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from innbox import LLM, App, Plugin, hookimpl
from innbox_openai_llm.model import OpenAIModel
from innbox_openai_llm.settings import OpenAISettings


class OpenAILLM(Plugin[OpenAISettings]):
    """Answers guests by a chat model of OpenAI, or of any server with the same API."""

    Settings = OpenAISettings

    @hookimpl
    def register_llms(self, app: App) -> Iterable[LLM]:
        self._model = OpenAIModel(self.name, self.settings, lambda: app.cache)
        return [self._model]

    @hookimpl
    def lifespan(self) -> AbstractAsyncContextManager[None]:
        return self._opened()

    @hookimpl
    async def check_live(self) -> str:
        return await self._model.check()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        self._model.open()
        try:
            yield
        finally:
            await self._model.close()
