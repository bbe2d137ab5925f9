"""What a plugin is, and how the enabled ones are found, checked and made.

A plugin is named in the YAML by the name of its entry point in the group `innbox.plugins`. Being installed enables
nothing.
"""

import asyncio
import inspect
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Generic, TypeVar

import pluggy
from pydantic import BaseModel, ConfigDict

from innbox import hookspecs
from innbox.errors import PluginError

GROUP = "innbox.plugins"


class PluginSettings(BaseModel):
    """The settings of a plugin: what may stand under its name in the YAML. An unknown key is an error.

    Validators that look at other parts of the file find the hotels' keys as `info.context["hotels"]`; there is no
    context where settings are made by hand.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


S = TypeVar("S", bound=PluginSettings)


class Plugin(Generic[S]):
    """The base of every plugin: a name (the YAML's), its validated settings, and hooks as methods."""

    Settings: ClassVar[type[PluginSettings]] = PluginSettings

    def __init__(self, name: str, settings: S) -> None:
        self.name = name
        self.settings = settings


def installed() -> dict[str, EntryPoint]:
    """Return the installed plugins' entry points by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def load_class(point: EntryPoint) -> type[Plugin[Any]]:
    """Import a plugin's class; raise `PluginError` naming it where that fails."""
    try:
        found = point.load()
    except (Exception, SystemExit) as error:  # a module may be a program that ends itself
        raise PluginError(f"plugin {point.name}: cannot be imported from {point.value}: {error}") from error
    if not (inspect.isclass(found) and issubclass(found, Plugin)):
        raise PluginError(f"plugin {point.name}: {point.value} is not a subclass of innbox.Plugin")
    return found


def new_manager() -> pluggy.PluginManager:
    """Return a plugin manager that knows every hook spec. Each `App` owns one."""
    manager = pluggy.PluginManager("innbox")
    manager.add_hookspecs(hookspecs)
    return manager


def register(manager: pluggy.PluginManager, plugins: Mapping[str, Plugin[Any]]) -> None:
    """Register plugins so that their hooks are called in the order given; check every hook's name and colour.

    Raises `PluginError` naming plugin and hook.
    """
    for name, plugin in reversed(list(plugins.items())):  # pluggy calls the last one first
        try:
            manager.register(plugin, name=name)
        except pluggy.PluginValidationError as error:
            raise PluginError(f"plugin {name}: {error}") from error
        _check_names(name, plugin)
        _check_colours(manager, plugin, name)


def hooks_of(plugin: type[Plugin[Any]]) -> list[str]:
    """Return the names of the hooks that a plugin's class implements, sorted."""
    return sorted(name for name in _marked(plugin) if _spec(name) is not None)


def _marked(plugin: type[Plugin[Any]]) -> list[str]:
    return [
        name
        for name, member in inspect.getmembers(plugin, inspect.isfunction)
        if getattr(member, f"{hookspecs.hookimpl.project_name}_impl", None) is not None
    ]


def _spec(name: str) -> Any:
    function = getattr(hookspecs, name, None)
    return function if hasattr(function, f"{hookspecs.hookspec.project_name}_spec") else None


def _check_names(name: str, plugin: Plugin[Any]) -> None:
    known = [hook for hook in dir(hookspecs) if _spec(hook) is not None]
    for hook in _marked(type(plugin)):
        if hook not in known:
            raise PluginError(f"plugin {name}: there is no hook {hook}; the hooks are {', '.join(sorted(known))}")


def _check_colours(manager: pluggy.PluginManager, plugin: Plugin[Any], name: str) -> None:
    for caller in manager.get_hookcallers(plugin) or []:
        wants_async = asyncio.iscoroutinefunction(_spec(caller.name))
        for implementation in caller.get_hookimpls():
            if implementation.plugin is plugin and _is_async(implementation.function) != wants_async:
                colour = "async def" if wants_async else "a plain def"
                raise PluginError(f"plugin {name}: hook {caller.name} must be {colour}")


def _is_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function)
