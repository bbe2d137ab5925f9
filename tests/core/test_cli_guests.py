"""`innbox guests`: export, erase, and the list of the erased."""

import asyncio
import io
import json
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from innbox import Address, App, Inbound, InboxQuery, KeepsDesk
from innbox.cli import main
from innbox.config import load_config
from innbox.testing.running import write_config

HANDLE = "g-1234"
GUEST = ("webchat", HANDLE)


class Terminal(io.StringIO):
    """A stdin at which somebody sits."""

    def isatty(self) -> bool:
        return True


@dataclass
class Shell:
    """Runs commands in this process, on a house with two guests, and shows what they printed."""

    config: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    out: str = ""
    err: str = ""

    def run(self, *arguments: str, stdin: io.StringIO | None = None) -> int:
        """Run `innbox guests …` and return the exit code."""
        self.monkeypatch.setattr("sys.stdin", stdin or io.StringIO())
        try:
            code = main(["guests", *arguments, "-c", str(self.config)])
        except SystemExit as end:
            code = int(end.code or 0)
        self.out, self.err = self.capsys.readouterr()
        return code

    def within(self, work: Callable[[App], Any]) -> Any:
        """Run `work(app)` in a running app of this configuration."""

        async def run() -> Any:
            app = App.from_config(load_config(self.config))
            async with app.lifespan():
                return await work(app)

        found = asyncio.run(run())
        self.capsys.readouterr()
        return found

    def write(self, text: str, handle: str = HANDLE, provider_id: str = "1") -> Any:
        inbound = Inbound("test", Address("webchat", handle), f"{handle}:{provider_id}", text, guest_name="Rui Tavares")
        return self.within(lambda app: app.ingest(inbound))

    def handles(self) -> list[str]:
        page = self.within(lambda app: app.store.inbox(InboxQuery()))
        return sorted(conversation.guest.handle for conversation in page.conversations)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setattr("innbox.cli.common.set_up_logs", lambda *_: None)  # logs are the whole process's
    made = Shell(write_config(tmp_path, {"webchat": {}}), capsys, monkeypatch)
    made.write("Is the pool heated? \u00c1gua quente")
    made.write("Mine", handle="somebody-else")
    return made


# export


def test_a_guests_data_is_printed(shell: Shell) -> None:
    assert shell.run("export", *GUEST, "--hotel", "test") == 0

    copy = json.loads(shell.out)
    assert (copy["guest"]["name"], copy["addresses"]) == ("Rui Tavares", [{"channel": "webchat", "handle": HANDLE}])
    assert "\u00c1gua quente" in shell.out, "letters stay letters"
    assert "Mine" not in shell.out


def test_a_guests_data_goes_to_a_file_that_nobody_else_reads(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "guest.json"
    file.write_text("older, and longer than nothing")
    file.chmod(0o644)

    assert shell.run("export", *GUEST, "-o", str(file)) == 0

    assert shell.out == ""
    assert json.loads(file.read_text())["guest"]["name"] == "Rui Tavares"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_a_sentence(shell: Shell, tmp_path: Path) -> None:
    assert shell.run("export", *GUEST, "-o", str(tmp_path / "nowhere" / "guest.json")) == 1
    assert shell.err == f"{tmp_path}/nowhere/guest.json cannot be written: No such file or directory.\n"


@pytest.mark.parametrize("command", ["export", "erase"])
def test_a_guest_who_is_not_there_is_a_sentence(shell: Shell, command: str) -> None:
    assert shell.run(command, "webchat", "nobody", "--hotel", "test") == 1
    assert shell.err == "There is no guest nobody on webchat at test.\n"

    assert shell.run(command, "whatsap", HANDLE, "--hotel", "tset") == 1
    assert shell.err == (
        f"There is no guest {HANDLE} on whatsap at tset. There is no hotel tset; there are test. "
        "There is no channel whatsap; there are webchat.\n"
    )


def test_with_two_hotels_one_is_named(shell: Shell) -> None:
    data = yaml.safe_load(shell.config.read_text())
    data["hotels"]["palace"] = data["hotels"]["test"]
    shell.config.write_text(yaml.safe_dump(data))

    assert shell.run("export", *GUEST) == 2
    assert shell.err == "Name the hotel: --hotel palace or --hotel test.\n"


# erase


def test_without_a_terminal_erasing_wants_a_yes(shell: Shell) -> None:
    assert shell.run("erase", *GUEST) == 1
    assert shell.err == (
        f"{HANDLE} on webchat at test: 1 conversation, 1 message. To erase that without being asked, add --yes. "
        "Nothing was erased.\n"
    )
    assert shell.handles() == [HANDLE, "somebody-else"]

    assert shell.run("erase", *GUEST, "--yes") == 0
    assert shell.out == f"Erased {HANDLE} on webchat at test: 1 conversation, 1 message.\n"
    assert shell.handles() == ["somebody-else"]


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("YES\n", 0), ("n\n", 1), ("\n", 1), ("yesterday\n", 1)])
def test_on_a_terminal_it_asks(shell: Shell, answer: str, code: int) -> None:
    assert shell.run("erase", *GUEST, stdin=Terminal(answer)) == code

    assert "This cannot be undone." in shell.err
    assert (HANDLE in shell.handles()) == bool(code)


def test_who_took_a_copy_is_noted_without_a_word_of_the_guest(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "root")

    shell.run("export", *GUEST)
    shell.run("erase", *GUEST, "--yes")

    log = shell.within(lambda app: cast(KeepsDesk, app.desk_store).audit_log(None, None, 10))
    assert [(entry.user, entry.action, entry.hotel) for entry in log] == [
        ("root", "erase_guest", "test"),
        ("root", "export_guest", "test"),
    ]
    assert HANDLE not in json.dumps([entry.as_json() for entry in log])


def test_who_erased_is_noted(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr("getpass.getuser", lambda: "ana")
    assert shell.run("erase", *GUEST, "--yes") == 0
    monkeypatch.setattr("getpass.getuser", nobody)
    assert shell.run("erase", "webchat", "somebody-else", "--yes") == 0

    assert shell.run("erased") == 0
    assert sorted(json.loads(line)["by"] for line in shell.out.splitlines()) == ["ana", "command line"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["erase"], "Name the guest (CHANNEL HANDLE), or a list (--from FILE).\n"),
        (["erase", "webchat"], "Name the guest (CHANNEL HANDLE), or a list (--from FILE).\n"),
        (["erase", *GUEST, "--from", "list"], "Name a guest or a list (--from FILE), not both.\n"),
        (["erase", "--from", "list", "--hotel", "test"], "Name a guest or a list (--from FILE), not both.\n"),
    ],
)
def test_wrong_usage_is_2(shell: Shell, arguments: list[str], sentence: str) -> None:
    assert shell.run(*arguments) == 2
    assert shell.err == sentence


# the list, after a restore


def test_a_restored_backup_is_cleaned_by_the_list(shell: Shell, tmp_path: Path) -> None:
    # Given a backup from before an erasure, and the list of erasures
    database, backup, erasures = tmp_path / "innbox.db", tmp_path / "backup.db", tmp_path / "erasures"
    backup.write_bytes(database.read_bytes())
    assert shell.run("erase", *GUEST, "--yes") == 0
    assert shell.run("erased", "-o", str(erasures)) == 0
    assert HANDLE not in erasures.read_text()
    assert stat.S_IMODE(erasures.stat().st_mode) == 0o600

    # When the backup is restored, the guest is back, until the list is applied
    database.write_bytes(backup.read_bytes())
    assert shell.handles() == [HANDLE, "somebody-else"]
    assert shell.run("erase", "--from", str(erasures)) == 0

    # Then the guest is gone, stays out, and a second time does nothing more
    assert shell.out == "1 erasure kept; 1 guest had come back and was erased.\n"
    assert shell.handles() == ["somebody-else"]
    assert shell.write("Is the pool heated?").erased
    assert shell.run("erase", "--from", str(erasures)) == 0
    assert shell.out == "1 erasure kept; 0 guests had come back and were erased.\n"


@pytest.mark.parametrize(
    "line",
    ["rubbish", "[]", "{}", '{"guest_id": "x", "hotel": "test", "erased_at": "now", "by": "ana", "marks": []}', "null"],
)
def test_a_list_that_is_none_erases_nothing(shell: Shell, tmp_path: Path, line: str) -> None:
    assert shell.run("erase", *GUEST, "--yes") == 0
    assert shell.run("erased") == 0
    file = tmp_path / "erasures"
    file.write_text(f"{shell.out}\n{line}\n")

    assert shell.run("erase", "--from", str(file)) == 1
    assert shell.err == f"{file}:3: this is no line of `innbox guests erased`. Nothing was done.\n"


def test_a_list_that_is_not_there_is_a_sentence(shell: Shell, tmp_path: Path) -> None:
    assert shell.run("erase", "--from", str(tmp_path / "nowhere")) == 1
    assert shell.err == f"{tmp_path}/nowhere cannot be read: No such file or directory.\n"


def test_an_empty_list_is_empty(shell: Shell) -> None:
    assert shell.run("erased") == 0
    assert shell.out == ""
