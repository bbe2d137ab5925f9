"""The one place that calls hooks. Results are checked, and every error names plugin and hook."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy
import structlog

from innbox.errors import InnboxError, PluginError
from innbox.events import Event
from innbox.messages import Conversation, Route, Snippet, Turn
from innbox.panels import GuestFact, Panel

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

CONTEXT_SECONDS = 3.0  # how long a plugin may gather context before the turn goes on without it
PANEL_SECONDS = 2.0  # how long staff wait for what a plugin shows beside a conversation

T = TypeVar("T")


class Dispatch:
    """Calls the hooks of one app's plugins in the order of the YAML."""

    def __init__(self, manager: pluggy.PluginManager, app: "App") -> None:
        self._manager = manager
        self._app = app

    # while the app is built

    def collect(self, hook: str) -> list[tuple[str, Any]]:
        """Call a `register_*` hook and return (plugin's name, part) for every part of a list."""
        parts: list[tuple[str, Any]] = []
        for name, found in self.collect_one(hook):
            if isinstance(found, str | bytes) or not hasattr(found, "__iter__"):
                raise PluginError(f"plugin {name}: hook {hook} must return an iterable, not {type(found).__name__}")
            parts.extend((name, part) for part in found)
        return parts

    def collect_one(self, hook: str) -> list[tuple[str, Any]]:
        """Call a `register_*` hook and return (plugin's name, what it returned), leaving None out."""
        found = []
        for name, function, arguments in self._implementations(hook):
            try:
                result = function(**arguments)
            except InnboxError:
                raise
            except Exception as error:
                raise PluginError(f"plugin {name}: hook {hook} failed: {error}") from error
            if result is not None:
                found.append((name, result))
        return found

    @asynccontextmanager
    async def lifespan(self, first: str) -> AsyncIterator[None]:
        """Enter every plugin's lifespan, that of the plugin `first` before all others; leave in the opposite order."""
        implementations = sorted(self._implementations("lifespan"), key=lambda found: found[0] != first)
        async with AsyncExitStack() as stack:
            for name, function, arguments in implementations:
                context = function(**arguments)
                if not isinstance(context, AbstractAsyncContextManager):
                    raise PluginError(f"plugin {name}: hook lifespan must return an async context manager")
                try:
                    await stack.enter_async_context(context)
                except InnboxError:
                    raise
                except Exception as error:
                    raise PluginError(f"plugin {name}: hook lifespan failed: {error}") from error
            yield

    # while messages flow

    async def route_turn(self, turn: Turn) -> Route | None:
        """Ask plugin after plugin; the first that is not None decides. One that fails is skipped and counted."""
        for name, function, arguments in self._implementations("route_turn", turn=turn):
            try:
                route = await function(**arguments)
            except Exception as error:
                self._failed(name, "route_turn", error)
                continue
            if isinstance(route, Route):
                return route
            if route is not None:
                self._failed(name, "route_turn", TypeError(f"returned {type(route).__name__}, not Route"))
        return None

    async def gather_context(self, turn: Turn) -> tuple[Snippet, ...]:
        """Ask all plugins at once, each within `CONTEXT_SECONDS`; failing and late ones are left out and counted."""
        found = await self._gather("gather_context", Snippet, CONTEXT_SECONDS, turn=turn)
        return tuple(snippet for _, snippet in found)

    async def guest_facts(self, conversation: Conversation) -> tuple[GuestFact, ...]:
        """Return what plugins know of a guest, each with its plugin as the source; as with `gather_context`."""
        found = await self._gather("guest_facts", GuestFact, PANEL_SECONDS, conversation=conversation)
        return tuple(replace(fact, source=plugin) for plugin, fact in found)

    async def desk_panels(self, conversation: Conversation) -> tuple[Panel, ...]:
        """Return the plugins' panels beside a conversation, each with its plugin as the source."""
        found = await self._gather("desk_panels", Panel, PANEL_SECONDS, conversation=conversation)
        return tuple(replace(panel, source=plugin) for plugin, panel in found)

    async def on_event(self, event: Event) -> None:
        """Tell every plugin of an event; a failing one harms nobody."""
        for name, function, arguments in self._implementations("on_event", event=event):
            try:
                await function(**arguments)
            except Exception as error:
                self._failed(name, "on_event", error)

    async def check_live(self) -> list[tuple[str, str | None, Exception | None, float]]:
        """Let every plugin try its service: (plugin, its line, what it raised, seconds)."""
        results: list[tuple[str, str | None, Exception | None, float]] = []
        for name, function, arguments in self._implementations("check_live"):
            started = time.monotonic()
            line: str | None = None
            problem: Exception | None = None
            try:
                async with asyncio.timeout(15):
                    line = await function(**arguments)
            except Exception as error:
                problem = error
            results.append((name, line, problem, time.monotonic() - started))
        return results

    async def _gather(self, hook: str, kind: type[T], seconds: float, **offered: Any) -> list[tuple[str, T]]:
        """Call a hook of all plugins at once; return (plugin's name, part) for every part of the right type."""

        async def one(name: str, function: Any, arguments: dict[str, Any]) -> list[tuple[str, T]]:
            try:
                async with asyncio.timeout(seconds):
                    parts = await function(**arguments)
                return [(name, part) for part in parts or () if isinstance(part, kind)]
            except Exception as error:
                self._failed(name, hook, error)
                return []

        implementations = list(self._implementations(hook, **offered))
        if not implementations:
            return []
        found = await asyncio.gather(*(one(*implementation) for implementation in implementations))
        return [part for parts in found for part in parts]

    def _implementations(self, hook: str, **offered: Any) -> Iterator[tuple[str, Any, dict[str, Any]]]:
        """Yield (plugin's name, function, the arguments that it takes) in the order of the YAML."""
        offered["app"] = self._app
        caller = getattr(self._manager.hook, hook)
        for implementation in reversed(caller.get_hookimpls()):
            arguments = {name: offered[name] for name in implementation.argnames if name in offered}
            yield implementation.plugin_name, implementation.function, arguments

    def _failed(self, plugin: str, hook: str, error: Exception) -> None:
        log.warning("hook failed", plugin=plugin, hook=hook, error=type(error).__name__)
        self._app.metrics.provider_error(plugin, f"hook_{hook}")
