"""Every hook has a docstring, a place in the plugin guide, a test, and the colour that its name promises."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innbox import hookspecs

ROOT = Path(__file__).parents[2]
HOOKS: dict[str, Callable[..., Any]] = {
    name: member
    for name, member in vars(hookspecs).items()
    if inspect.isfunction(member) and hasattr(member, "innbox_spec")
}


def test_the_hooks_are_those_of_the_design() -> None:
    assert sorted(HOOKS) == [
        "check_live",
        "desk_panels",
        "gather_context",
        "guest_facts",
        "lifespan",
        "on_event",
        "register_actions",
        "register_cache",
        "register_channels",
        "register_commands",
        "register_llms",
        "register_namespaces",
        "register_routes",
        "register_store",
        "register_tools",
        "register_translators",
        "route_turn",
    ]


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_a_hook_is_documented(name: str) -> None:
    assert len(inspect.getdoc(HOOKS[name]) or "") > 40
    assert f"`{name}`" in (ROOT / "docs" / "plugins.md").read_text(), f"{name} is not in the plugin guide"


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_a_hook_is_tested(name: str) -> None:
    tests = (ROOT / "tests" / "core" / "test_dispatch.py").read_text()

    assert f"def {name}(" in tests, f"tests/core/test_dispatch.py has no plugin that implements {name}"


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_the_colour_is_in_the_name(name: str) -> None:
    plain = name.startswith("register_") or name == "lifespan"

    assert inspect.iscoroutinefunction(HOOKS[name]) is not plain
    assert next(iter(inspect.signature(HOOKS[name]).parameters)) == "app"
