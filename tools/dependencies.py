"""Holds that what is installed is what was decided on: works without a network.

Each installed package is pinned in constraints.txt and has the pinned version; the pins satisfy the ranges of every
pyproject.toml here, and those of the packages among themselves. Where the tool pip-audit is installed and its service
can be reached, the pins are also asked for known weaknesses. Exits 0, or 1 with a line for each fault.
"""

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
INSTALLERS = {"pip", "setuptools", "wheel", "uv"}  # they come with the virtual environment
AUDIT_SECONDS = 20

Pins = Mapping[str, Version]


@dataclass(frozen=True)
class Package:
    """An installed package and what it asks for here."""

    name: str
    version: Version
    requires: tuple[Requirement, ...] = ()
    is_folder: bool = False  # installed from a folder of this machine: ours, or a plugin that somebody is writing


def main() -> int:
    """Check everything; print the faults."""
    pins = read_pins(ROOT / "constraints.txt")
    packages = [package_of(distribution) for distribution in distributions()]
    faults = [*of_installed(packages, pins), *of_ranges(asked_by_projects(ROOT), pins), *of_packages(packages, pins)]
    faults += known_weaknesses(ROOT / "constraints.txt")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def read_pins(file: Path) -> Pins:
    """Return the pinned versions by name; a line that is no pin is an error."""
    pins: dict[str, Version] = {}
    for line in file.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            requirement = Requirement(line)
            (only,) = requirement.specifier
            if only.operator != "==":
                raise SystemExit(f"{file.name}: {line} is no pin")
            pins[canonicalize_name(requirement.name)] = Version(only.version)
    return pins


def package_of(distribution: Distribution) -> Package:
    """Return an installed package; requirements of extras are left out, as nobody here need have asked for them."""
    wanted = (Requirement(text) for text in distribution.requires or [])
    here = tuple(one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""}))
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    name = canonicalize_name(distribution.metadata["Name"])
    return Package(name, Version(distribution.version), here, "dir_info" in origin)


def of_installed(packages: Iterable[Package], pins: Pins) -> Iterator[str]:
    """Yield a fault for each package that nobody pinned, or that is another version than the pinned one."""
    for package in packages:
        if package.is_folder or package.name in INSTALLERS:
            continue
        if package.name not in pins:
            yield f"{package.name} {package.version} is installed, and constraints.txt does not pin it"
        elif package.version != pins[package.name]:
            yield f"{package.name} {package.version} is installed, and constraints.txt says {pins[package.name]}"


def asked_by_projects(root: Path) -> Iterator[tuple[str, Requirement]]:
    """Yield what the pyproject.toml files ask for, each with the file's place."""
    for file in [
        root / "pyproject.toml",
        root / "core" / "pyproject.toml",
        *sorted(root.glob("plugins/*/pyproject.toml")),
    ]:
        data = tomllib.loads(file.read_text())
        project = data.get("project", {})
        groups = [
            project.get("dependencies", []),
            *project.get("optional-dependencies", {}).values(),
            *data.get("dependency-groups", {}).values(),
        ]
        for text in (text for group in groups for text in group):
            yield str(file.relative_to(root)), Requirement(text)


def of_ranges(asked: Iterable[tuple[str, Requirement]], pins: Pins) -> Iterator[str]:
    """Yield a fault for each requirement without a pin, or whose pin is outside its range. Our own have no pins."""
    for place, requirement in asked:
        name = canonicalize_name(requirement.name)
        if name == "innbox" or name.startswith("innbox-"):
            continue
        if name not in pins:
            yield f"{place}: {requirement} has no pin in constraints.txt"
        elif not requirement.specifier.contains(pins[name], prereleases=True):
            yield f"{place}: {requirement} is not what constraints.txt pins, {pins[name]}"


def of_packages(packages: Iterable[Package], pins: Pins) -> Iterator[str]:
    """Yield a fault for each package whose own requirements the pins do not satisfy."""
    for package in packages:
        for requirement in package.requires:
            pin = pins.get(canonicalize_name(requirement.name))
            if pin is not None and not requirement.specifier.contains(pin, prereleases=True):
                yield f"{package.name} needs {requirement}, and constraints.txt pins {pin}"


def known_weaknesses(constraints: Path) -> list[str]:
    """Return what pip-audit knows of the pins; nothing where it is not installed or cannot reach its service."""
    program = shutil.which("pip-audit", path=str(Path(sys.executable).parent)) or shutil.which("pip-audit")
    if program is None:
        return []
    command = [program, "-r", str(constraints), "--no-deps", "--disable-pip", "--format", "json", "--timeout", "5"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=AUDIT_SECONDS).stdout
        found = json.loads(said)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return []
    return [
        f"{package['name']} {package['version']} has a known weakness: {weakness['id']}"
        for package in found
        for weakness in package.get("vulns", [])
    ]


if __name__ == "__main__":
    sys.exit(main())
