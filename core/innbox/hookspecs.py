"""Every hook of Innbox. Hooks find things; protocols (`ports.py`) do things.

Colour is in the name: `register_*` and `lifespan` are plain functions, called once while the app is built; all others
are `async def`, awaited in the order of the YAML. A plugin implements a hook as a method marked `@hookimpl`, and may
leave out the parameters that it does not need.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import pluggy
from starlette.routing import BaseRoute

from innbox.events import Event
from innbox.messages import Conversation, Route, Snippet, Turn
from innbox.panels import GuestFact, MessageAction, Panel
from innbox.ports import LLM, Cache, Channel, Store, Tool, Translator

if TYPE_CHECKING:
    from socketio import AsyncNamespace  # a third of a second, which commands like `innbox --help` need not spend

    from innbox.app import App
    from innbox.commands import Command

hookspec = pluggy.HookspecMarker("innbox")
hookimpl = pluggy.HookimplMarker("innbox")


@hookspec
def register_channels(app: "App") -> Iterable[Channel]:  # type: ignore[empty-body]
    """Offer channels to guests. Names are unique in the deployment; at least one channel is needed."""


@hookspec
def register_llms(app: "App") -> Iterable[LLM]:  # type: ignore[empty-body]
    """Offer models. They are tried in the order of the YAML; when all fail, staff take over."""


@hookspec
def register_store(app: "App") -> Store:  # type: ignore[empty-body]
    """Offer the store. Exactly one plugin may; two are an error that names both."""


@hookspec
def register_cache(app: "App") -> Cache:  # type: ignore[empty-body]
    """Offer the cache. At most one plugin may; without one, each process remembers for itself."""


@hookspec
def register_tools(app: "App") -> Iterable[Tool]:  # type: ignore[empty-body]
    """Offer tools that the model may call. Names are unique in the deployment."""


@hookspec
def register_translators(app: "App") -> Iterable[Translator]:  # type: ignore[empty-body]
    """Offer translators. They are tried in the order of the YAML; when all fail, texts stay as they were written."""


@hookspec
def register_actions(app: "App") -> Iterable[MessageAction]:  # type: ignore[empty-body]
    """Offer actions that staff find at each message on the desk. Names are unique in the deployment."""


@hookspec
def register_routes(app: "App") -> Iterable[BaseRoute]:  # type: ignore[empty-body]
    """Offer Starlette routes: webhooks and pages."""


@hookspec
def register_namespaces(app: "App") -> Iterable["AsyncNamespace"]:  # type: ignore[empty-body]
    """Offer Socket.IO namespaces, one plugin each: the desk's is `/`, the web chat's `/webchat`."""


@hookspec
def register_commands(app: "App") -> Iterable["Command"]:  # type: ignore[empty-body]
    """Offer sub-commands of `innbox`. They get the running app."""


@hookspec
def lifespan(app: "App") -> AbstractAsyncContextManager[None]:  # type: ignore[empty-body]
    """Open and close what the plugin needs (pools, clients). Entered by web and worker alike, in YAML order, the
    store's first; left in the opposite order."""


@hookspec
async def route_turn(app: "App", turn: Turn) -> Route | None:
    """Say who deals with a turn before any model is asked: BOT, STAFF or DROP. The first that is not None decides."""


@hookspec
async def gather_context(app: "App", turn: Turn) -> Sequence[Snippet]:  # type: ignore[empty-body]
    """Tell the model what it should know for this turn. All run at once, each within a deadline; one that fails or is
    late is left out and counted."""


@hookspec
async def guest_facts(app: "App", conversation: Conversation) -> Sequence[GuestFact]:  # type: ignore[empty-body]
    """Tell staff what is known of a conversation's guest (stay, room), when they look at it. All run at once, each
    within a deadline; one that fails or is late is left out and counted."""


@hookspec
async def desk_panels(app: "App", conversation: Conversation) -> Sequence[Panel]:  # type: ignore[empty-body]
    """Put panels beside a conversation at the desk, when staff look at it. As with `guest_facts`, nobody waits for a
    late one."""


@hookspec
async def on_event(app: "App", event: Event) -> None:
    """Hear of an event after its commit, in the process that committed it. A failing one harms nobody."""


@hookspec
async def check_live(app: "App") -> str | None:
    """Try the plugin's service for `innbox check --live`: return a line that says what answered; raise with what is
    wrong and the fix."""
