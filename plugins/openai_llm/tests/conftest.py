"""A model that talks to OpenAI's stand-in over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from innbox import ChatMessage, CompletionRequest, MemoryCache
from innbox.testing.openai_wire import OpenAIWire
from innbox_openai_llm.model import OpenAIModel
from innbox_openai_llm.settings import OpenAISettings

OpenModel = Callable[..., OpenAIModel]
Ask = Callable[..., CompletionRequest]


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIWire]:
    async with OpenAIWire() as wire:
        yield wire


@pytest.fixture
async def open_model(openai: OpenAIWire) -> AsyncIterator[OpenModel]:
    """A function that makes an open model: settings may be given; all close with the test."""
    async with AsyncExitStack() as stack:
        cache = MemoryCache()

        def make(**settings: Any) -> OpenAIModel:
            chosen = {"api_key": "sk-test", "base_url": openai.url, "timeout_seconds": 2.0, **settings}
            model = OpenAIModel("openai_llm", OpenAISettings(**chosen), lambda: cache)
            model.open()
            stack.push_async_callback(model.close)
            return model

        yield make


@pytest.fixture
def ask() -> Ask:
    """A function that makes a request from what was said; the last text is the guest's."""

    def make(*said: str, **fields: Any) -> CompletionRequest:
        roles = ("user", "assistant")
        dialogue = tuple(ChatMessage(roles[(len(said) - 1 - n) % 2], text) for n, text in enumerate(said))
        values: dict[str, Any] = {
            "hotel": "Hotel Test",
            "system": "Answer guests.",
            "dialogue": dialogue,
            "question": said[-1],
            "facts": "Breakfast is from 7:30.",
            **fields,
        }
        return CompletionRequest(**values)

    return make


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """A function that waits until something is so, 5 seconds at most."""

    async def wait(what: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not what():
                await asyncio.sleep(0.01)

    return wait
