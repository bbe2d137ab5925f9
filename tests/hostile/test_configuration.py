"""Configuration files that cannot be right: each fault is named with its line and the fix, and nothing starts."""

import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from innbox.cli import main
from innbox.plugins import installed

GOOD = """\
public_url: https://inbox.hotel.example
secret_key: a-key-of-more-than-sixteen
hotels:
  miramar:
    name: Hotel Miramar
    timezone: Europe/Lisbon
    languages: [pt, en]
    facts: facts.md
plugins:
  sqlite_store: {path: innbox.db}
  whatsapp_twilio:
    account_sid: AC1
    auth_token: secret-of-twilio
    numbers: {"+14155238886": miramar}
"""


@dataclass
class Shell:
    """Runs `innbox check` in this process, and keeps what it printed."""

    config: Path
    capsys: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def check(self, text: str | bytes | None, *options: str, command: str = "check") -> int:
        if text is not None:
            self.config.write_bytes(text if isinstance(text, bytes) else text.encode())
        try:
            code = main([*options, command, "-c", str(self.config)])
        except SystemExit as end:
            code = int(end.code or 0)
        self.out, self.err = self.capsys.readouterr()
        return code


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    (tmp_path / "facts.md").write_text("## Pool\n\nOn the roof.\n")
    (tmp_path / "hostile_broken.py").write_text("raise RuntimeError('the roof is leaking')\n")
    (tmp_path / "hostile_odd.py").write_text("Odd = 7\n")
    (tmp_path / "hostile_exit.py").write_text("raise SystemExit('gone')\n")
    monkeypatch.syspath_prepend(tmp_path)
    points = {
        **installed(),
        **{
            name: EntryPoint(name, f"hostile_{name}:Odd", "innbox.plugins")
            for name in ("broken", "odd", "exit", "away")
        },
    }
    for module in ("innbox.config", "innbox.cli.house"):
        monkeypatch.setattr(f"{module}.installed", lambda: points)
    for module in ("common", "demo", "plugin_commands"):  # logs are the whole process's
        monkeypatch.setattr(f"innbox.cli.{module}.set_up_logs", lambda *_: None)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    for name in ("INNBOX_CONFIG", "NOT_SET"):
        monkeypatch.delenv(name, raising=False)
    yield Shell(tmp_path / "hotel.yaml", capsys)
    for name in ("broken", "odd", "exit"):
        sys.modules.pop(f"hostile_{name}", None)


def changed(before: str, after: str) -> str:
    assert GOOD.count(before) == 1, before
    return GOOD.replace(before, after)


# name -> (the file, the line that is named, words of the sentence). The line is 0 where only the file can be named.
FAULTS: dict[str, tuple[str | bytes, int, tuple[str, ...]]] = {
    "unknown key": (changed("public_url", "public_ulr"), 1, ("public_ulr", "did you mean public_url?")),
    "unknown setting": (changed("auth_token", "auth_tokn"), 13, ("auth_tokn", "did you mean auth_token?")),
    "wrong type": (GOOD + "turns: {wait_seconds: soon}\n", 15, ("turns.wait_seconds", "must be a number")),
    "missing variable": (changed("secret-of-twilio", "${NOT_SET}"), 13, ("NOT_SET",)),
    "unknown plugin": (GOOD + "  wattsapp: {}\n", 15, ("plugins.wattsapp", "webchat")),
    "two stores": (GOOD + "  postgres_store: {url: 'postgresql://x/y'}\n", 15, ("sqlite_store and postgres_store",)),
    "no channel": (GOOD[: GOOD.index("  whatsapp_twilio")], 9, ("no channel",)),
    "a number given to two hotels": (
        changed('{"+14155238886": miramar}', '{"+14155238886": miramar, "+14155238886": miramar}'),
        14,
        ("+14155238886", "twice"),
    ),
    "tabs": (changed("    name: Hotel", "\tname: Hotel"), 5, ("tab",)),
    "an empty file": ("", 0, ("empty",)),
    "only remarks": ("# nothing\n", 0, ("empty",)),
    "a facts file that is not there": (changed("facts.md", "away.md"), 8, ("away.md", "no such file")),
    "a hotel that is none": (changed("miramar}", "ritz}"), 14, ("plugins.whatsapp_twilio.numbers", "ritz", "miramar")),
    "a list": ("- public_url\n", 1, ("lines such as `public_url: ",)),
    "bytes": (b"\xff\xfe\x00\x01", 0, ("UTF-8",)),
    "an object of Python": (GOOD + "queue: !!python/object/apply:os.system ['true']\n", 15, ("queue",)),
    "a bomb of aliases": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{n}: &{n} [{','.join(['*' + m] * 9)}]\n" for m, n in zip("abcdefgh", "bcdefghi", strict=True)),
        0,
        ("more than 10000 values",),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault(shell: Shell, name: str) -> None:
    text, line, words = FAULTS[name]

    code = shell.check(text)

    assert code == 1
    assert (f"{shell.config.name}:{line}:" if line else shell.config.name) in shell.err
    for word in words:
        assert word in shell.err, shell.err
    assert "Traceback" not in shell.err + shell.out
    assert "secret-of-twilio" not in shell.err + shell.out
    assert "a-key-of-more" not in shell.err + shell.out
    assert len(shell.err) < 100_000


def test_a_good_file(shell: Shell) -> None:
    assert shell.check(GOOD) == 0, shell.err


def test_all_faults_at_once(shell: Shell) -> None:
    text = changed("secret-of-twilio", "${NOT_SET}").replace("facts.md", "away.md").replace("public_url", "public_ulr")

    assert shell.check(text) == 1
    for line in (1, 8, 13):
        assert f"{shell.config.name}:{line}:" in shell.err


def test_a_file_that_is_not_there(shell: Shell) -> None:
    assert shell.check(None) == 1
    assert shell.config.name in shell.err
    assert "Traceback" not in shell.err


@pytest.mark.parametrize("command", ["check", "serve", "migrate"])
@pytest.mark.parametrize("name", ["broken", "odd", "exit", "away"])
def test_a_broken_plugin_is_named(shell: Shell, name: str, command: str) -> None:
    text = GOOD + f"  {name}: {{}}\n"

    assert shell.check(text, command=command) == 1
    assert f"{shell.config.name}:15: plugins.{name}:" in shell.err
    assert "Traceback" not in shell.err + shell.out


def test_the_traceback_of_a_broken_plugin_comes_with_debug(shell: Shell) -> None:
    assert shell.check(GOOD + "  broken: {}\n", "--debug") == 1
    assert "plugins.broken" in shell.err
    assert "Traceback" in shell.err
    assert "the roof is leaking" in shell.err
