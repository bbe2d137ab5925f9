"""Looks for secrets, and for what only one machine knows, in the files of the repository (those not yet added too).

`python tools/secret_scan.py` exits 0, or 1 with `FILE:LINE: what it is` for each. What it found is never printed.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 2_000_000  # bytes; larger files are no text of ours
LOCK_FILES = {"package-lock.json", "constraints.txt", "uv.lock", ".npmrc"}
REGISTRIES = {"registry.npmjs.org", "pypi.org", "files.pythonhosted.org"}
# Passwords that tests and examples may use in an address.
STAND_INS = {"password", "pass", "secret", "wrong", "hunter2", "geheim", "wine-cellar", "b", "…", "..."}
MADE_UP = (
    6  # an id with fewer different digits than this was typed by hand; a real one of 32 has more, near enough always
)


@dataclass(frozen=True)
class Kind:
    """A thing that must not be there. `is_harmless` says which of the matches may be."""

    what: str
    pattern: re.Pattern[str]
    is_harmless: Callable[[re.Match[str]], bool] = lambda match: False


def _is_made_up(match: re.Match[str]) -> bool:
    return len(set(match["id"])) < MADE_UP


def _is_stand_in(match: re.Match[str]) -> bool:
    password = match["password"]
    return password in STAND_INS or password.startswith(("$", "{", "<"))


def _is_public(match: re.Match[str]) -> bool:
    return match["host"] in REGISTRIES


EVERYWHERE = (
    Kind("a private key", re.compile(r"-{5}BEGIN (?:[A-Z]+ )*PRIVATE KEY")),
    Kind("an id of a Twilio account or key", re.compile(r"\b(?:AC|SK)(?P<id>[0-9a-fA-F]{32})\b"), _is_made_up),
    Kind("a key of a model's service", re.compile(r"\bsk-(?:[a-z]+-)*(?P<id>[A-Za-z0-9_]{20,})"), _is_made_up),
    Kind("a key of a cloud or code service", re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[opsu]_\w{36}|xox[abp]-[\w-]{20,})")),
    Kind(
        "a password in an address",
        re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@\"'`\[]*:(?P<password>[^/\s@\"'`]+)@"),
        _is_stand_in,
    ),
    Kind("somebody's own folder", re.compile(r"(?:/home/|/Users/|\b[A-Z]:\\Users\\)[\w.-]+|/root/\w")),
)
IN_LOCK_FILES = (
    Kind("a package registry of one's own", re.compile(r"\bhttps?://(?:[^/@\s]*@)?(?P<host>[^/\s\"':]+)"), _is_public),
)
# Addresses in a lock file that are no registry: where a project asks for money, and what it is licensed under.
NO_REGISTRY = re.compile(r'^\s*"(?:url|funding|license|homepage)":')


def main() -> int:
    """Scan what git knows, or would take."""
    found = [line for file in files(ROOT) for line in scan(ROOT, file)]
    for line in found:
        print(line)
    return 1 if found else 0


def files(root: Path) -> list[Path]:
    """Return the files that are, or could be, in the repository. Without git (an unpacked archive): none."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        print("There is no git here, so nothing was scanned for secrets.", file=sys.stderr)
        return []
    return [root / name for name in listed.split("\0") if name]


def scan(root: Path, file: Path) -> Iterator[str]:
    """Yield a line for each thing that must not be in a file; files that are no text have none."""
    if not file.is_file() or file.is_symlink() or file.stat().st_size > LARGEST:
        return
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), 1):
        for what in found_in(line, is_lock=file.name in LOCK_FILES):
            yield f"{file.relative_to(root)}:{number}: {what}"


def found_in(line: str, *, is_lock: bool = False) -> Iterator[str]:
    """Yield what a line holds that it must not."""
    kinds = EVERYWHERE + (IN_LOCK_FILES if is_lock and not NO_REGISTRY.match(line) else ())
    for kind in kinds:
        if any(not kind.is_harmless(match) for match in kind.pattern.finditer(line)):
            yield kind.what


if __name__ == "__main__":
    sys.exit(main())
