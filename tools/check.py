"""`make check`: lint, format, types, pages, architecture, dependencies, secrets: all of them, and then one verdict."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Check:
    """Something to run, which fails with an exit code other than 0."""

    name: str
    command: list[str]


@dataclass(frozen=True)
class Result:
    """How a check went."""

    name: str
    clean: bool
    seconds: float
    said: str


def lanes() -> list[list[Check]]:
    """Return what is to be run: the lanes side by side, the checks of each one after the other.

    The two for types share a lane because the second reads what the first has remembered.
    """
    mypy = str(BIN / "mypy")
    modules = [argument for name in packages() for argument in ("-p", name)]
    types = [
        Check("types", [mypy, *modules]),
        Check("types of tests", [mypy, "--explicit-package-bases", "tests", "tools", *tests_of_plugins()]),
        Check("types of examples", [mypy, *examples()]),
    ]
    others = [
        Check("lint", [str(BIN / "ruff"), "check", "-q", "."]),
        Check("format", [str(BIN / "ruff"), "format", "--check", "-q", "."]),
        Check("secrets", [sys.executable, "tools/secret_scan.py"]),
        Check("dependencies", [sys.executable, "tools/dependencies.py"]),
        Check("settings", [sys.executable, "tools/settings_reference.py", "--check"]),
        Check("pages", [sys.executable, "tools/build_pages.py", "--check"]),
        Check("architecture", [sys.executable, "-m", "pytest", "-q", "--no-header", "tests/architecture"]),
    ]
    return [types, others]


def packages() -> list[str]:
    """Return the names of our packages, for the type checker."""
    return ["innbox", *(f"innbox_{plugin.parent.name}" for plugin in sorted(ROOT.glob("plugins/*/pyproject.toml")))]


def examples() -> list[str]:
    """Return the folders of the examples, each a package of its own."""
    return [str(project.parent.relative_to(ROOT)) for project in sorted(ROOT.glob("examples/*/pyproject.toml"))]


def tests_of_plugins() -> list[str]:
    """Return the folders of the plugins' tests."""
    return [str(folder.relative_to(ROOT)) for folder in sorted(ROOT.glob("plugins/*/tests"))]


def run(lane: list[Check]) -> list[Result]:
    """Run a lane's checks, telling each result as it comes."""
    results = []
    for check in lane:
        started = time.monotonic()
        done = subprocess.run(check.command, cwd=ROOT, capture_output=True, text=True)
        result = Result(check.name, done.returncode == 0, time.monotonic() - started, done.stdout + done.stderr)
        tell(result)
        results.append(result)
    return results


def tell(result: Result) -> None:
    """Print how a check went, and where it failed what it said."""
    line = f"{result.name:<16}{'ok' if result.clean else 'FAILED':<8}{result.seconds:5.1f} s"
    sys.stdout.write(f"{line}\n" if result.clean else f"{line}\n{result.said}\n")  # one write: the lanes do not mix
    sys.stdout.flush()


def main() -> int:
    """Run every check; return 1 if any fails."""
    waiting = lanes()
    with ThreadPoolExecutor(len(waiting)) as pool:
        finished = as_completed([pool.submit(run, lane) for lane in waiting])
        failed = [result.name for future in finished for result in future.result() if not result.clean]
    print("check: " + ("all clean" if not failed else f"failed: {', '.join(failed)}"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
