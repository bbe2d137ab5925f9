"""The import rules of the house: the core knows no plugin, plugins know the core's public names and not each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "innbox"
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
OF_PLUGINS_ALONE = {"twilio", "openai", "psycopg", "psycopg_pool", "sqlite3"}
MAX_LINES = 900


def imports(file: Path) -> Iterator[str]:
    """Yield the full name of every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def python_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "templates" not in path.parts)


@pytest.mark.parametrize("file", python_files(CORE), ids=lambda path: str(path.relative_to(CORE)))
def test_the_core_imports_no_plugin_and_none_of_their_services(file: Path) -> None:
    in_testing = "testing" in file.relative_to(CORE).parts
    for module in imports(file):
        top = module.split(".")[0]
        assert not top.startswith("innbox_"), f"{file} imports {module}"
        assert in_testing or top not in OF_PLUGINS_ALONE, f"{file} imports {module}"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_imports_only_what_innbox_exports(plugin: Path) -> None:
    own = f"innbox_{plugin.name}"
    for file in python_files(plugin / own):
        for module in imports(file):
            top = module.split(".")[0]
            assert module == "innbox" or top != "innbox", f"{file} imports {module}: use the names that innbox exports"
            assert not top.startswith("innbox_") or top == own, f"{file} imports another plugin: {module}"


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_the_tests_of_a_plugin_know_no_other_plugin(plugin: Path) -> None:
    own = f"innbox_{plugin.name}"
    for file in python_files(plugin / "tests"):
        for module in imports(file):
            assert not module.startswith("innbox_") or module.split(".")[0] == own, f"{file} imports {module}"


def test_only_dispatch_calls_hooks() -> None:
    callers = [file.name for file in python_files(CORE) if ".hook," in file.read_text() or ".hook." in file.read_text()]

    assert callers == ["dispatch.py"]


def test_every_plugin_is_a_whole_package() -> None:
    assert len(PLUGINS) >= 8
    for plugin in PLUGINS:
        for part in ("README.md", f"innbox_{plugin.name}/__init__.py", f"innbox_{plugin.name}/py.typed", "tests"):
            assert (plugin / part).exists(), f"{plugin.name} lacks {part}"


def test_no_module_is_too_long() -> None:
    files = [*python_files(CORE), *(file for plugin in PLUGINS for file in python_files(plugin))]
    long = {str(file.relative_to(ROOT)): n for file in files if (n := len(file.read_text().splitlines())) > MAX_LINES}

    assert not long
