"""A pipeline in the test's own process: a real store, and a channel and a model that do as the test says."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from innbox import (
    LLM,
    Address,
    App,
    Channel,
    ChannelTraits,
    Completion,
    CompletionRequest,
    FindOutcome,
    Hotel,
    Inbound,
    Ingested,
    IngestRules,
    Message,
    Outgoing,
    Plugin,
    PluginSettings,
    SendOutcome,
    Sent,
    Store,
    Tool,
    User,
    hookimpl,
    new_id,
)
from innbox.config import load_config
from innbox.pipeline.runner import Runner
from innbox.plugins import installed, load_class
from innbox.testing.running import write_config

ANA = User("ana", "admin")


class ScriptedChannel:
    """A channel whose provider does what the script says, and otherwise takes everything."""

    name = "scripted"
    traits = ChannelTraits(max_chars=100, max_parts=3)

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.outcomes: list[SendOutcome | Exception] = []
        self.finds: list[FindOutcome] = []

    async def send(self, outgoing: Outgoing) -> SendOutcome:
        outcome = self.outcomes.pop(0) if self.outcomes else Sent(new_id())
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, Sent):
            self.sent.append(outgoing)
        return outcome

    @property
    def texts(self) -> list[str]:
        return [outgoing.text for outgoing in self.sent]


class FindingChannel(ScriptedChannel):
    """The same, with a provider that can be asked."""

    async def find_sent(self, outgoing: Outgoing) -> FindOutcome:
        return self.finds.pop(0)


class PlainStore:
    """A store that keeps no desk: the verbs of `Store`, done by a real one, and nothing of what came with the desk."""

    def __init__(self, store: Any) -> None:
        self._ingest = store.ingest
        self.name = store.name
        for verb in (name for name in vars(Store) if not name.startswith("_") and name != "ingest"):
            setattr(self, verb, getattr(store, verb))

    async def ingest(self, inbound: Inbound, rules: IngestRules) -> Ingested:
        found: Ingested = await self._ingest(inbound, replace(rules, urgent=(), notice="", opts_out=None))
        return found


class Plain(Plugin[PluginSettings]):
    """The plugin that brings it."""

    def __init__(self, inner: Plugin[Any]) -> None:
        super().__init__(inner.name, PluginSettings())
        self._inner: Any = inner

    @hookimpl
    def register_store(self, app: App) -> Any:
        return PlainStore(self._inner.register_store())

    @hookimpl
    def lifespan(self) -> AbstractAsyncContextManager[None]:
        return self._inner.lifespan()  # type: ignore[no-any-return]


Script = Callable[[CompletionRequest], Awaitable[Completion]]


class ScriptedLLM:
    """A model that answers by a function."""

    def __init__(self, name: str, script: Script) -> None:
        self.name = name
        self.script = script
        self.requests: list[CompletionRequest] = []

    async def complete(self, request: CompletionRequest) -> Completion:
        self.requests.append(request)
        return await self.script(request)


async def echo(request: CompletionRequest) -> Completion:
    return Completion(text=f"re: {request.question}", model="echo")


class Scripted(Plugin[PluginSettings]):
    """The plugin that brings them."""

    def __init__(self, channel: ScriptedChannel, llms: list[Any], tools: list[Any]) -> None:
        super().__init__("scripted", PluginSettings())
        self.channel = channel
        self.llms = llms
        self.tools = tools

    @hookimpl
    def register_channels(self) -> Iterable[Channel]:
        return [self.channel]

    @hookimpl
    def register_llms(self) -> Iterable[LLM]:
        return self.llms

    @hookimpl
    def register_tools(self) -> Iterable[Tool]:
        return self.tools


class Workshop:
    """A running pipeline, and what a test does with it."""

    def __init__(self, app: App, runner: Runner, channel: ScriptedChannel, llms: list[Any]) -> None:
        self.app = app
        self.runner = runner
        self.channel = channel
        self.llms = llms

    async def guest_writes(self, text: str, handle: str = "guest-1", provider_id: str | None = None) -> Message:
        inbound = Inbound("test", Address("scripted", handle), provider_id or new_id(), text)
        return (await self.app.ingest(inbound)).message

    async def history(self, handle: str = "guest-1") -> list[Message]:
        conversation = await self.app.store.conversation_for("test", "scripted", handle)
        assert conversation is not None
        return list((await self.app.store.history(conversation.id, None, 100)).messages)

    async def add_users(self, **hotels: str | None) -> None:
        """Add agents of one hotel or of all, who cannot sign in."""
        for name, hotel in hotels.items():
            user = User(name, "agent", frozenset([hotel]) if hotel else None)
            await self.app.store.add_user(user, "no password")

    async def conversation(self, handle: str = "guest-1") -> Any:
        return await self.app.store.conversation_for("test", "scripted", handle)

    async def eventually(self, what: Callable[[], Any], seconds: float = 10.0) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            found = what()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            assert time.monotonic() < deadline, f"nothing within {seconds} s; sent: {self.channel.texts}"
            await asyncio.sleep(0.01)


OpenWorkshop = Callable[..., Awaitable[Workshop]]


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncIterator[OpenWorkshop]:
    """A function that runs a pipeline: `await workshop(script, channel=…, tools=…, plugins=…, plain=…, hotel=…)`."""
    async with AsyncExitStack() as stack:

        async def run(
            *scripts: Script,
            channel: ScriptedChannel | None = None,
            tools: Iterable[Any] = (),
            plugins: Iterable[Plugin[Any]] = (),
            wait_seconds: float = 0.0,
            plain: bool = False,
            hotel: Mapping[str, Any] | None = None,
            llms: Iterable[Any] = (),
            slots: int = 50,
        ) -> Workshop:
            turns = {"wait_seconds": wait_seconds, "wait_at_most_seconds": 4 * wait_seconds}
            config = load_config(write_config(tmp_path, {"webchat": {}}, turns=turns))
            if hotel:
                ours = Hotel.model_validate({**config.hotels["test"].model_dump(), **hotel})
                config = config.model_copy(update={"hotels": {"test": ours}})
            store_class = load_class(installed()["sqlite_store"])
            settings = config.plugins["sqlite_store"].settings
            models = list(llms) or [ScriptedLLM(f"model-{n}", script) for n, script in enumerate(scripts or (echo,), 1)]
            scripted = Scripted(channel or ScriptedChannel(), models, list(tools))
            store = store_class("sqlite_store", settings)
            chosen = {"sqlite_store": Plain(store) if plain else store, "scripted": scripted}
            app = App(config, {**chosen, **{plugin.name: plugin for plugin in plugins}})
            await stack.enter_async_context(app.lifespan())
            runner = Runner(app, slots)
            app.wakes = runner
            await stack.enter_async_context(runner.running())
            return Workshop(app, runner, scripted.channel, models)

        yield run


@pytest.fixture
def finding_channel() -> FindingChannel:
    return FindingChannel()


@pytest.fixture
def ana() -> User:
    return ANA
