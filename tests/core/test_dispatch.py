"""Hooks: found, checked, called in the order of the YAML, and a failing one harms nobody."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from innbox import (
    App,
    Conversation,
    Event,
    GuestFact,
    Panel,
    Plugin,
    PluginError,
    PluginSettings,
    Route,
    Snippet,
    Turn,
    dispatch,
    hookimpl,
)
from innbox.dispatch import Dispatch
from innbox.metrics import Metrics
from innbox.plugins import hooks_of, new_manager, register


class FakeApp:
    """What dispatch needs of an app."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.heard: list[str] = []


class Everything(Plugin[PluginSettings]):
    """A plugin that implements every hook."""

    @hookimpl
    def register_channels(self, app: App) -> Iterable[Any]:
        return [f"{self.name}'s channel"]

    @hookimpl
    def register_llms(self, app: App) -> Iterable[Any]:
        return [f"{self.name}'s model"]

    @hookimpl
    def register_store(self, app: App) -> Any:
        return f"{self.name}'s store"

    @hookimpl
    def register_cache(self, app: App) -> Any:
        return f"{self.name}'s cache"

    @hookimpl
    def register_tools(self, app: App) -> Iterable[Any]:
        return [f"{self.name}'s tool"]

    @hookimpl
    def register_translators(self, app: App) -> Iterable[Any]:
        return [f"{self.name}'s translator"]

    @hookimpl
    def register_actions(self, app: App) -> Iterable[Any]:
        return [f"{self.name}'s action"]

    @hookimpl
    def register_routes(self) -> Iterable[Any]:  # a hook may leave the app out
        return [f"{self.name}'s route"]

    @hookimpl
    def register_namespaces(self, app: App) -> Iterable[Any]:
        return [f"{self.name}'s namespace"]

    @hookimpl
    def register_commands(self, app: App) -> Iterable[Any]:
        return [f"{self.name}'s command"]

    @hookimpl
    @asynccontextmanager
    async def lifespan(self, app: Any) -> AsyncIterator[None]:
        app.heard.append(f"{self.name} opens")
        yield
        app.heard.append(f"{self.name} closes")

    @hookimpl
    async def route_turn(self, app: Any, turn: Any) -> Route | None:
        app.heard.append(f"{self.name} routes")
        return turn.get(self.name)  # type: ignore[no-any-return]

    @hookimpl
    async def gather_context(self, app: App, turn: Turn) -> Sequence[Snippet]:
        return [Snippet(f"{self.name} knows", self.name)]

    @hookimpl
    async def guest_facts(self, app: App, conversation: Conversation) -> Sequence[GuestFact]:
        return [GuestFact("Room", f"{self.name}'s")]

    @hookimpl
    async def desk_panels(self, app: App, conversation: Conversation) -> Sequence[Panel]:
        return [Panel("Stay", [("Nights", f"{self.name}'s")])]

    @hookimpl
    async def on_event(self, app: Any, event: Event) -> None:
        app.heard.append(f"{self.name} hears {event}")

    @hookimpl
    async def check_live(self, app: App) -> str:
        return f"{self.name} answers"


def dispatch_of(*plugins: Plugin[Any]) -> tuple[Dispatch, Any]:
    app: Any = FakeApp()
    manager = new_manager()
    register(manager, {plugin.name: plugin for plugin in plugins})
    return Dispatch(manager, app), app


def everything(name: str) -> Everything:
    return Everything(name, PluginSettings())


@pytest.mark.parametrize(
    ("hook", "part"),
    [
        ("register_channels", "channel"),
        ("register_llms", "model"),
        ("register_tools", "tool"),
        ("register_translators", "translator"),
        ("register_actions", "action"),
        ("register_routes", "route"),
        ("register_namespaces", "namespace"),
        ("register_commands", "command"),
    ],
)
def test_parts_come_in_the_order_of_the_yaml(hook: str, part: str) -> None:
    dispatch, _ = dispatch_of(everything("first"), everything("second"))

    assert dispatch.collect(hook) == [("first", f"first's {part}"), ("second", f"second's {part}")]


@pytest.mark.parametrize("hook", ["register_store", "register_cache"])
def test_single_parts_name_their_plugins(hook: str) -> None:
    dispatch, _ = dispatch_of(everything("first"), everything("second"))

    assert [name for name, _ in dispatch.collect_one(hook)] == ["first", "second"]


async def test_the_stores_lifespan_is_entered_first_and_left_last() -> None:
    dispatch, app = dispatch_of(everything("desk"), everything("store"), everything("chat"))

    async with dispatch.lifespan(first="store"):
        app.heard.append("runs")

    assert app.heard == [
        "store opens",
        "desk opens",
        "chat opens",
        "runs",
        "chat closes",
        "desk closes",
        "store closes",
    ]


async def test_the_first_plugin_with_an_opinion_routes_a_turn() -> None:
    dispatch, app = dispatch_of(everything("first"), everything("second"), everything("third"))
    turn: Any = {"second": Route.STAFF, "third": Route.DROP}

    assert await dispatch.route_turn(turn) is Route.STAFF
    assert app.heard == ["first routes", "second routes"]


async def test_context_is_gathered_from_all_without_the_failing_and_the_late() -> None:
    class Broken(Plugin[PluginSettings]):
        @hookimpl
        async def gather_context(self, turn: Turn) -> Sequence[Snippet]:
            raise RuntimeError("the guest's text: secret")

    dispatch, app = dispatch_of(everything("first"), Broken("broken", PluginSettings()), everything("last"))
    turn: Any = {}

    snippets = await dispatch.gather_context(turn)

    assert [snippet.source for snippet in snippets] == ["first", "last"]
    assert app.metrics.take() == {"innbox_provider_errors|broken|hook_gather_context": 1.0}


async def test_what_is_shown_at_the_desk_names_its_plugin_and_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Plugin[PluginSettings]):
        @hookimpl
        async def guest_facts(self, conversation: Conversation) -> Sequence[GuestFact]:
            await asyncio.sleep(60)
            return [GuestFact("Room", "too late")]

        @hookimpl
        async def desk_panels(self, conversation: Conversation) -> Sequence[Any]:
            return [Panel("Taxi", [("Cars", "2")], source="somebody else"), "no panel"]

    monkeypatch.setattr(dispatch, "PANEL_SECONDS", 0.05)
    found, app = dispatch_of(everything("first"), Slow("slow", PluginSettings()), everything("last"))
    conversation: Any = {}

    facts = await found.guest_facts(conversation)
    panels = await found.desk_panels(conversation)

    assert [(fact.value, fact.source) for fact in facts] == [("first's", "first"), ("last's", "last")]
    assert [panel.source for panel in panels] == ["first", "slow", "last"]
    assert panels[1].as_json() == {"title": "Taxi", "items": [{"label": "Cars", "value": "2"}], "source": "slow"}
    assert app.metrics.take() == {"innbox_provider_errors|slow|hook_guest_facts": 1.0}


async def test_a_failing_listener_harms_nobody() -> None:
    class Broken(Plugin[PluginSettings]):
        @hookimpl
        async def on_event(self, event: Event) -> None:
            raise RuntimeError

    dispatch, app = dispatch_of(Broken("broken", PluginSettings()), everything("desk"))
    event: Any = "an event"

    await dispatch.on_event(event)

    assert app.heard == ["desk hears an event"]


async def test_every_service_is_tried_and_what_fails_is_told() -> None:
    class Broken(Plugin[PluginSettings]):
        @hookimpl
        async def check_live(self) -> str:
            raise ConnectionError("nobody listens")

    dispatch, _ = dispatch_of(everything("good"), Broken("broken", PluginSettings()))

    good, broken = await dispatch.check_live()

    assert good[:3] == ("good", "good answers", None)
    assert broken[0] == "broken"
    assert str(broken[2]) == "nobody listens"


def test_a_misspelt_hook_is_an_error_that_names_plugin_and_hook() -> None:
    class Misspelt(Plugin[PluginSettings]):
        @hookimpl
        def register_chanels(self) -> None: ...

    with pytest.raises(PluginError, match="plugin typo: there is no hook register_chanels"):
        dispatch_of(Misspelt("typo", PluginSettings()))


def test_a_wrong_colour_is_an_error_that_names_plugin_and_hook() -> None:
    class Blocking(Plugin[PluginSettings]):
        @hookimpl
        def on_event(self, event: Event) -> None: ...

    class Waiting(Plugin[PluginSettings]):
        @hookimpl
        async def register_llms(self) -> list[Any]:
            return []

    with pytest.raises(PluginError, match="plugin red: hook on_event must be async def"):
        dispatch_of(Blocking("red", PluginSettings()))
    with pytest.raises(PluginError, match="plugin blue: hook register_llms must be a plain def"):
        dispatch_of(Waiting("blue", PluginSettings()))


def test_a_wrong_argument_is_an_error_that_names_the_plugin() -> None:
    class Curious(Plugin[PluginSettings]):
        @hookimpl
        async def on_event(self, event: Event, weather: str) -> None: ...

    with pytest.raises(PluginError, match="curious"):
        dispatch_of(Curious("curious", PluginSettings()))


def test_a_wrong_type_or_a_failure_is_an_error_that_names_plugin_and_hook() -> None:
    class Wrong(Plugin[PluginSettings]):
        @hookimpl
        def register_llms(self) -> Any:
            return 42

        @hookimpl
        def register_tools(self) -> Any:
            raise RuntimeError("no such file")

    dispatch, _ = dispatch_of(Wrong("odd", PluginSettings()))

    with pytest.raises(PluginError, match="plugin odd: hook register_llms must return an iterable, not int"):
        dispatch.collect("register_llms")
    with pytest.raises(PluginError, match="plugin odd: hook register_tools failed: no such file"):
        dispatch.collect("register_tools")


def test_the_hooks_of_a_class_can_be_listed() -> None:
    assert "route_turn" in hooks_of(Everything)
    assert len(hooks_of(Everything)) == 17


async def test_two_managers_know_nothing_of_each_other() -> None:
    one, first = dispatch_of(everything("one"))
    two, second = dispatch_of(everything("two"))
    event: Any = "it"

    await asyncio.gather(one.on_event(event), two.on_event(event))

    assert (first.heard, second.heard) == (["one hears it"], ["two hears it"])
