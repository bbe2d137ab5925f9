"""YAML files of any shape: a configuration, or an error in plain words that names the place; never anything else."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from innbox import ConfigError, PluginError
from innbox.config import load_config

CONFIG = Path(__file__).parents[2] / "config"
ENVIRONMENT = {
    "PUBLIC_URL": "https://inbox.example",
    "INNBOX_SECRET_KEY": "16 characters at least",
    "DATABASE_URL": "postgresql://localhost/innbox",
    "REDIS_URL": "redis://localhost",
    "OPENAI_API_KEY": "key",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "token",
}
LINES = {name: (CONFIG / name).read_text().splitlines() for name in ("demo.yaml", "hotel.yaml")}
SNIPPETS = (
    "null", "[]", "{}", "''", "-1", "1e999", ".nan", "2026-01-01", "true", "!!python/object:os.system x", "*nobody",
    "&a [*a]", "&a {b: *a}", "${MISSING}", "${", "${A:-${B}}", "<<: {a: 1}", "? [a, b]", "\t", "- x", "|", "'", "---",
    "0o17", "{[a]: b}", "999999999999999999999", "!!binary =", "!!set {a}", "!!timestamp x", "\ufeff", "%YAML 9.9",
)  # fmt: skip
DEEP = ("[" * 3000, "{a: " * 3000, "- " * 3000, "a: &x [" + "*x, " * 200 + "]", "? " * 3000)
BOMB = "a: &a [x]\n" + "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}' if n else '*a'] * 10)}]\n" for n in range(9))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
words = st.one_of(st.sampled_from(SNIPPETS), texts)
edits = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(("delete", "double", "value", "indent", "add", "cut")), words)
)


def edited(name: str, changes: list[tuple[int, str, str]]) -> str:
    """Return one of our files after some changes to its lines."""
    lines = list(LINES[name])
    for where, how, word in changes:
        at = where % len(lines) if lines else 0
        if how == "add" or not lines:
            lines.insert(at, word)
        elif how == "delete":
            del lines[at]
        elif how == "double":
            lines.insert(at, lines[at])
        elif how == "value":
            lines[at] = lines[at].partition(":")[0] + ": " + word
        elif how == "indent":
            lines[at] = "  " + lines[at]
        else:
            lines[at] = lines[at][: where % (len(lines[at]) + 1)]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the facts that our files name."""
    folder = tmp_path_factory.mktemp("config")
    shutil.copytree(CONFIG / "hotels", folder / "hotels")
    return folder


def loaded(folder: Path, content: bytes) -> None:
    path = folder / "innbox.yaml"
    path.write_bytes(content)
    wrong: ConfigError | PluginError | None = None
    try:
        load_config(path, ENVIRONMENT)
    except (ConfigError, PluginError) as error:
        wrong = error
    if isinstance(wrong, ConfigError):
        assert wrong.faults
        assert all(str(path) in fault.where and fault.what for fault in wrong.faults), str(wrong)


def test_our_files_with_mistakes(folder: Path, fuzz: Callable[..., None]) -> None:
    def check(given: tuple[str, list[Any]]) -> None:
        loaded(folder, edited(*given).encode())

    fuzz(check, st.tuples(st.sampled_from(sorted(LINES)), edits), examples=120)


def test_any_text(folder: Path, fuzz: Callable[..., None]) -> None:
    lines = st.lists(st.one_of(words, st.sampled_from(LINES["hotel.yaml"])), max_size=12).map("\n".join)
    known = tuple(text.encode() for text in (*DEEP, *SNIPPETS, BOMB, "plugins: {" + BOMB + "}", "hotels: " + DEEP[0]))
    given = st.one_of(st.binary(max_size=200), lines.map(str.encode))
    fuzz(lambda content: loaded(folder, content), given, examples=120, known=known)
