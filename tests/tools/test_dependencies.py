"""The check of what is installed, on packages made up for it."""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PINS = {"starlette": Version("1.10.0"), "anyio": Version("4.16.0")}


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = spec_from_file_location("dependencies", ROOT / "tools" / "dependencies.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def package(tool: ModuleType) -> Any:
    def make(name: str, version: str, *requires: str, is_folder: bool = False) -> Any:
        return tool.Package(name, Version(version), tuple(map(Requirement, requires)), is_folder)

    return make


def test_what_is_installed_as_pinned_has_no_fault(tool: ModuleType, package: Any) -> None:
    packages = [package("starlette", "1.10.0", "anyio<5,>=3.6"), package("anyio", "4.16.0"), package("pip", "26.3")]

    assert list(tool.of_installed(packages, PINS)) == []
    assert list(tool.of_packages(packages, PINS)) == []


def test_an_unpinned_package_is_named(tool: ModuleType, package: Any) -> None:
    (fault,) = tool.of_installed([package("left-pad", "1.0")], PINS)

    assert "left-pad 1.0" in fault
    assert "does not pin" in fault


def test_another_version_than_the_pinned_one_is_named(tool: ModuleType, package: Any) -> None:
    (fault,) = tool.of_installed([package("starlette", "1.9.0")], PINS)

    assert "1.9.0" in fault
    assert "1.10.0" in fault


def test_a_plugin_that_somebody_is_writing_needs_no_pin(tool: ModuleType, package: Any) -> None:
    assert list(tool.of_installed([package("innbox-lighthouse", "0.1", is_folder=True)], PINS)) == []


def test_a_pin_outside_a_project_s_range_is_named_with_its_file(tool: ModuleType) -> None:
    asked = [("core/pyproject.toml", Requirement("starlette>=2")), ("core/pyproject.toml", Requirement("anyio>=4"))]

    (fault,) = tool.of_ranges(asked, PINS)

    assert "core/pyproject.toml" in fault
    assert "starlette>=2" in fault


def test_a_requirement_without_a_pin_is_named(tool: ModuleType) -> None:
    asked = [("plugins/x/pyproject.toml", Requirement(text)) for text in ("innbox", "innbox[testing]", "left-pad")]

    (fault,) = tool.of_ranges(asked, PINS)

    assert "left-pad has no pin" in fault


def test_a_pin_that_another_package_cannot_live_with_is_named(tool: ModuleType, package: Any) -> None:
    (fault,) = tool.of_packages([package("starlette", "1.10.0", "anyio<4")], PINS)

    assert fault == "starlette needs anyio<4, and constraints.txt pins 4.16.0"


def test_a_line_of_the_pins_that_is_none_is_an_error(tool: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "constraints.txt"
    file.write_text("# pins\n\nanyio==4.16.0\nstarlette>=1\n")

    with pytest.raises(SystemExit, match="starlette>=1 is no pin"):
        tool.read_pins(file)


def test_every_project_of_this_repository_is_asked(tool: ModuleType) -> None:
    places = {place for place, _ in tool.asked_by_projects(ROOT)}

    assert {"pyproject.toml", "core/pyproject.toml", "plugins/postgres_store/pyproject.toml"} <= places
    pins = tool.read_pins(ROOT / "constraints.txt")
    assert list(tool.of_ranges(tool.asked_by_projects(ROOT), pins)) == []


@pytest.mark.parametrize(
    ("prints", "faults"),
    [
        ({"dependencies": [{"name": "anyio", "version": "4.16.0", "vulns": [{"id": "PYSEC-1"}]}]}, 1),
        ({"dependencies": [{"name": "anyio", "version": "4.16.0", "vulns": []}]}, 0),
        (None, 0),
    ],
    ids=["a weakness", "none", "no network"],
)
def test_pip_audit_is_asked_where_it_is_there(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prints: Any, faults: int
) -> None:
    program = tmp_path / "pip-audit"
    said = json.dumps(prints) if prints else "ERROR: connection refused"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(tool.shutil, "which", lambda name, path=None: str(program))

    assert len(tool.known_weaknesses(tmp_path / "constraints.txt")) == faults


def test_without_pip_audit_nothing_is_asked(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool.shutil, "which", lambda name, path=None: None)

    assert tool.known_weaknesses(ROOT / "constraints.txt") == []
