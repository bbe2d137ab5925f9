"""`make check`: lint, format, types, pages and architecture, all of them, and then one verdict."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def checks() -> list[tuple[str, list[str]]]:
    """Return what is to be run, by name."""
    mypy = str(BIN / "mypy")
    modules = [argument for name in packages() for argument in ("-p", name)]
    return [
        ("lint", [str(BIN / "ruff"), "check", "-q", "."]),
        ("format", [str(BIN / "ruff"), "format", "--check", "-q", "."]),
        ("types", [mypy, *modules]),
        ("types of tests", [mypy, "--explicit-package-bases", "tests", "tools", *tests_of_plugins()]),
        ("pages", [sys.executable, "tools/build_pages.py", "--check"]),
        ("settings", [sys.executable, "tools/settings_reference.py", "--check"]),
        ("architecture", [sys.executable, "-m", "pytest", "-q", "--no-header", "tests/architecture"]),
    ]


def packages() -> list[str]:
    """Return the names of our packages, for the type checker."""
    return ["innbox", *(f"innbox_{plugin.parent.name}" for plugin in sorted(ROOT.glob("plugins/*/pyproject.toml")))]


def tests_of_plugins() -> list[str]:
    """Return the folders of the plugins' tests."""
    return [str(folder.relative_to(ROOT)) for folder in sorted(ROOT.glob("plugins/*/tests"))]


def main() -> int:
    """Run every check; print what fails; return 1 if any does."""
    failed = []
    for name, command in checks():
        started = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        seconds = time.monotonic() - started
        print(f"{name:<16}{'ok' if done.returncode == 0 else 'FAILED':<8}{seconds:5.1f} s", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout + done.stderr, flush=True)
    print("check: " + ("all clean" if not failed else f"failed: {', '.join(failed)}"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
