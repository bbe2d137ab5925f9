"""The command line: what each command prints, and with which code it ends."""

import getpass
import io
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from innbox.cli import common, main
from innbox.cli.demo import kept_secret
from innbox.plugins import installed
from innbox.testing.running import write_config
from innbox.testing.services import free_port

PLUGINS = '''
"""Plugins of the test's own: a channel with a command, and a service that may be away."""

from innbox import ChannelTraits, Command, Completion, Plugin, PluginSettings, Sent, hookimpl


class Channel:
    name = "house_phone"
    traits = ChannelTraits()

    async def send(self, outgoing):
        return Sent()


class Model:
    name = "echo"

    async def complete(self, request):
        return Completion(text=f"You said: {request.question}", model="echo")


class Settings(PluginSettings):
    away: bool = False
    command: str = "ring"


class HousePhone(Plugin[Settings]):
    Settings = Settings

    @hookimpl
    def register_channels(self): return [Channel()]

    @hookimpl
    def register_llms(self): return [Model()]

    @hookimpl
    async def check_live(self):
        if self.settings.away:
            raise RuntimeError("nobody picks up; check the cable")
        return "it rings"

    @hookimpl
    def register_commands(self, app):
        async def ring(arguments):
            await app.store.ping()
            print(f"ringing room {arguments.room} of {len(app.hotels)} hotel")
            return 3

        return [Command(self.settings.command, "ring a room", ring, lambda parser: parser.add_argument("room"))]
'''


@dataclass
class Shell:
    """Runs commands in this process, and shows what they printed."""

    config: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    out: str = ""
    err: str = ""

    def run(self, *arguments: str, stdin: str = "", configured: bool = True) -> int:
        """Run a command, with the test's configuration unless told otherwise; return the exit code."""
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        given = [*arguments, "-c", str(self.config)] if configured else list(arguments)
        try:
            code = main(given)
        except SystemExit as end:
            code = int(end.code or 0)
        self.out, self.err = self.capsys.readouterr()
        return code


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    (tmp_path / "cli_test_plugins.py").write_text(PLUGINS)
    monkeypatch.syspath_prepend(tmp_path)
    phone = EntryPoint("house_phone", "cli_test_plugins:HousePhone", "innbox.plugins")
    points = {"sqlite_store": installed()["sqlite_store"], "house_phone": phone}
    for module in ("innbox.config", "innbox.cli.house"):
        monkeypatch.setattr(f"{module}.installed", lambda: points)
    for module in ("common", "demo", "plugin_commands"):  # logs are the whole process's
        monkeypatch.setattr(f"innbox.cli.{module}.set_up_logs", lambda *_: None)
    monkeypatch.delenv("INNBOX_CONFIG", raising=False)
    return Shell(write_config(tmp_path, {"house_phone": {}}), capsys, monkeypatch)


def change(shell: Shell, **values: Any) -> None:
    """Change top-level keys of the shell's configuration."""
    data = yaml.safe_load(shell.config.read_text())
    shell.config.write_text(yaml.safe_dump({**data, **values}, sort_keys=False))


def set_plugin(shell: Shell, name: str, **settings: Any) -> None:
    plugins = yaml.safe_load(shell.config.read_text())["plugins"]
    change(shell, plugins={**plugins, name: settings})


# usage


def test_without_a_command_the_help_is_shown(shell: Shell) -> None:
    assert shell.run(configured=False) == 2
    assert "serve" in shell.err
    assert "new-plugin" in shell.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["serve", "--port", "99999"],
        ["serve", "--workers", "0"],
        ["worker", "--processes", "many"],
        ["users"],
        ["users", "add", "ana"],
        ["users", "add", "ana", "--role", "king"],
        ["new-plugin", "lighthouse"],
        ["new-plugin", "lighthouse", "--kind", "desk"],
        ["check", "--lively"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_one_sentence(shell: Shell, arguments: list[str]) -> None:
    assert shell.run(*arguments, configured=False) == 2
    assert shell.out == ""
    assert "Try: innbox" in shell.err
    assert "Traceback" not in shell.err


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "check", "users list", "users disable a", "chat"])
def test_without_a_configuration_a_command_says_how_to_name_one(shell: Shell, command: str) -> None:
    assert shell.run(*command.split(), configured=False) == 2
    assert shell.err == "No configuration is named. Give -c FILE, or set INNBOX_CONFIG.\n"


def test_the_environment_names_the_configuration(shell: Shell) -> None:
    shell.monkeypatch.setenv("INNBOX_CONFIG", str(shell.config))

    assert shell.run("check", configured=False) == 0


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "check", "plugins", "users list", "chat", "demo"])
def test_a_users_mistake_is_1_and_a_plain_sentence(shell: Shell, command: str, tmp_path: Path) -> None:
    shell.monkeypatch.chdir(tmp_path)
    shell.config = shell.config.with_name("nowhere.yaml")

    assert shell.run(*command.split()) == 1
    assert shell.err == f"{shell.config}: there is no such file; check the path, or create the file\n"


@pytest.mark.parametrize("arguments", [["--debug", "check"], ["check", "--debug"]], ids=" ".join)
def test_debug_adds_the_traceback_wherever_it_stands(shell: Shell, arguments: list[str]) -> None:
    shell.config = shell.config.with_name("nowhere.yaml")

    assert shell.run(*arguments) == 1
    assert "Traceback" in shell.err
    assert shell.err.endswith("create the file\n")


def test_what_nobody_thought_of_is_1_and_a_sentence_too(shell: Shell) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    shell.monkeypatch.setattr("innbox.cli.common.load_config", broken)

    assert shell.run("check") == 1
    assert shell.err == "Innbox failed: ZeroDivisionError: division by zero (--debug shows where)\n"


# check, plugins, migrate


def test_check_says_what_is_right(shell: Shell) -> None:
    assert shell.run("check") == 0
    assert shell.out == f"OK: {shell.config}: hotels test; plugins sqlite_store, house_phone\n"


def test_check_tells_every_fault_at_once(shell: Shell) -> None:
    change(shell, public_url="nowhere", secret_key="short")

    assert shell.run("check") == 1
    assert shell.out == ""
    assert [line.split(": ")[1] for line in shell.err.splitlines()] == ["public_url", "secret_key"]
    assert all(re.match(rf"{re.escape(str(shell.config))}:\d+: ", line) for line in shell.err.splitlines())


def test_check_live_asks_each_plugin(shell: Shell) -> None:
    assert shell.run("check", "--live") == 0
    assert re.search(r"^house_phone: OK: it rings \(\d+\.\d\d s\)$", shell.out, re.MULTILINE)


def test_check_live_fails_where_a_service_is_away(shell: Shell) -> None:
    set_plugin(shell, "house_phone", away=True)

    assert shell.run("check", "--live") == 1
    assert "house_phone: FAILED: nobody picks up; check the cable" in shell.out
    assert "sqlite_store: OK" in shell.out


def test_check_live_says_that_the_schema_is_behind(shell: Shell) -> None:
    change(shell, queue={"url": "redis://127.0.0.1:1/0"})

    assert shell.run("check", "--live") == 1
    assert "Run: innbox migrate" in shell.out


def test_plugins_shows_what_is_enabled(shell: Shell) -> None:
    assert shell.run("plugins") == 0
    rows = {line.split()[0]: line.split() for line in shell.out.splitlines()}
    assert rows["plugin"] == ["plugin", "enabled", "version", "hooks"]
    assert rows["house_phone"][1] == "yes"
    assert "register_channels," in rows["house_phone"]
    assert "register_store" in rows["sqlite_store"]


def test_plugins_works_without_a_configuration(shell: Shell) -> None:
    assert shell.run("plugins", configured=False) == 0
    assert "sqlite_store  ?" in shell.out


def test_a_broken_plugin_is_named_and_does_no_harm_to_the_table(shell: Shell) -> None:
    points = {"broken": EntryPoint("broken", "no_such_module:Nothing", "innbox.plugins")}
    shell.monkeypatch.setattr("innbox.cli.house.installed", lambda: points)

    assert shell.run("plugins", configured=False) == 0
    assert "cannot be used: plugin broken: cannot be imported from no_such_module:Nothing" in shell.out


def test_migrate_may_run_twice(shell: Shell) -> None:
    change(shell, queue={"url": "redis://127.0.0.1:1/0"})

    assert shell.run("migrate") == 0
    assert shell.out.startswith("applied 0001")
    assert shell.run("migrate") == 0
    assert shell.out == "The schema is up to date.\n"


def test_a_worker_needs_a_queue(shell: Shell) -> None:
    assert shell.run("worker") == 1
    assert "queue.url" in shell.err
    assert "innbox serve" in shell.err


def test_serve_says_that_the_port_is_taken(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        assert shell.run("serve", "--port", str(taken.getsockname()[1])) == 1

    assert "Choose another host or port." in shell.err


# users


def test_the_life_of_a_user(shell: Shell) -> None:
    assert shell.run("users", "list") == 0
    assert "innbox users add NAME" in shell.out

    assert shell.run("users", "add", "ana", "--role", "agent", "--hotel", "test", stdin="a long password\n") == 0
    assert shell.out == "Added ana (agent, test).\n"
    assert shell.run("users", "add", "bo", "--role", "admin", stdin="a long password") == 0
    assert shell.out == "Added bo (admin, all hotels).\n"

    assert shell.run("users", "add", "lee", "--role", "lead", stdin="a long password") == 0
    assert shell.out == "Added lee (lead, all hotels).\n"
    assert shell.run("users", "disable", "lee") == 0

    assert shell.run("users", "password", "ana", stdin="another password\n") == 0
    assert shell.run("users", "disable", "ana") == 0
    assert shell.run("users", "list") == 0
    assert [line.split() for line in shell.out.splitlines()[1:]] == [
        ["ana", "agent", "test", "disabled"],
        ["bo", "admin", "all", "hotels", "active"],
        ["lee", "lead", "all", "hotels", "disabled"],
    ]


@pytest.mark.parametrize(
    ("command", "stdin", "text"),
    [
        ("users add ana --role agent", "short\n", "8 to 1024 characters"),
        ("users add ana --role agent", "", "8 to 1024 characters"),
        ("users add ana --role agent --hotel palace", "a long password\n", "There is no hotel palace; there are test."),
        ("users disable nobody", "", "There is no user nobody."),
        ("users password nobody", "a long password\n", "There is no user nobody."),
    ],
)
def test_what_cannot_be_done_to_a_user(shell: Shell, command: str, stdin: str, text: str) -> None:
    assert shell.run(*command.split(), stdin=stdin) == 1
    assert text in shell.err
    assert shell.out == ""


def test_a_name_is_taken_once(shell: Shell) -> None:
    assert shell.run("users", "add", "ana", "--role", "agent", stdin="a long password\n") == 0

    assert shell.run("users", "add", "Ana", "--role", "agent", stdin="a long password\n") == 1
    assert "Ana" in shell.err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("again", "code"), [("a long password", 0), ("a wrong password", 1)])
def test_on_a_terminal_the_password_is_asked_for_twice(shell: Shell, again: str, code: int) -> None:
    answers = ["a long password", again]
    shell.monkeypatch.setattr(getpass, "getpass", lambda prompt: answers.pop(0))
    shell.monkeypatch.setattr("io.StringIO", Terminal)

    assert shell.run("users", "add", "ana", "--role", "agent") == code
    assert answers == []
    assert ("The two passwords differ" in shell.err) is bool(code)


# chat


def test_chat_answers_line_by_line_and_stores_nothing(shell: Shell) -> None:
    assert shell.run("chat", stdin="Good morning\nAnd a pool?\n\nnot read\n") == 0
    assert shell.out == "You said: Good morning\nYou said: And a pool?\n"


def test_chat_knows_the_hotels(shell: Shell) -> None:
    assert shell.run("chat", "--hotel", "test", stdin="Hello\n") == 0
    assert shell.run("chat", "--hotel", "palace", stdin="Hello\n") == 1
    assert shell.err == "There is no hotel palace; there are test.\n"


# commands of plugins


def test_a_plugins_command_runs_in_the_app(shell: Shell) -> None:
    assert shell.run("ring", "412") == 3
    assert shell.out == "ringing room 412 of 1 hotel\n"


def test_a_plugins_command_has_its_own_usage(shell: Shell) -> None:
    assert shell.run("ring") == 2
    assert "room" in shell.err


def test_help_lists_the_plugins_commands(shell: Shell) -> None:
    assert shell.run("--help") == 0
    assert "ring a room" in shell.out


def test_help_is_shown_for_a_faulty_configuration_too(shell: Shell) -> None:
    change(shell, secret_key="short")

    assert shell.run("--help") == 0
    assert "ring a room" not in shell.out
    assert "migrate" in shell.out


def test_a_plugin_cannot_replace_a_command(shell: Shell) -> None:
    set_plugin(shell, "house_phone", command="migrate")

    assert shell.run("ring", "1") == 1
    assert shell.err == "plugin house_phone: there is a command migrate already; choose another name\n"


# progress


@pytest.mark.parametrize(("stream", "shown"), [(Terminal, True), (io.StringIO, False)])
def test_progress_is_shown_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], shown: bool
) -> None:
    monkeypatch.setattr(common, "QUIET_SECONDS", 0.01)
    stderr = stream()
    monkeypatch.setattr("sys.stderr", stderr)

    with common.progress("Counting the towels"):
        time.sleep(0.1)

    assert ("Counting the towels … 0 s" in stderr.getvalue()) is shown
    assert shown or stderr.getvalue() == ""


# the demo


def test_a_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    secret, new = kept_secret(tmp_path / "key", 32)

    assert new
    assert kept_secret(tmp_path / "key", 32) == (secret, False)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert len(secret) >= 32


@pytest.mark.parametrize("port", ["none", "0", "70000"])
def test_the_demos_port_is_checked(shell: Shell, port: str) -> None:
    shell.monkeypatch.setenv("PORT", port)

    assert shell.run("demo") == 1
    assert shell.err.startswith("PORT in the environment: ")


# real processes


@contextmanager
def process(*arguments: str, folder: Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """Run `innbox` as a process in a folder, and end it with the block."""
    command = [sys.executable, "-m", "innbox", *arguments]
    environment = {**os.environ, **environ}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def wait_for(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"nothing within {seconds} s"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def test_a_mistake_in_a_real_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "innbox", "check", "-c", "nowhere.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "nowhere.yaml: there is no such file; check the path, or create the file\n"


def test_the_demo_starts_says_where_it_is_and_is_the_same_the_next_time(tmp_path: Path) -> None:
    port = free_port()
    said = []
    for stop in (signal.SIGINT, signal.SIGTERM):
        with process("demo", folder=tmp_path, HOST="127.0.0.1", PORT=str(port), INNBOX_CONFIG="") as demo:
            assert demo.stdout is not None
            lines = [demo.stdout.readline().rstrip("\n") for _ in range(4)]
            wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
            said.append(lines)
            assert answers(f"http://127.0.0.1:{port}/chat/miramar")
            assert signs_in(port, lines)
            demo.send_signal(stop)
            assert demo.wait(20) == 0

    assert said[0] == said[1]
    url = f"http://127.0.0.1:{port}"
    assert said[0][:3] == [f"Desk: {url}/dashboard", f"Guest chat: {url}/chat/miramar", "Name: demo"]


def signs_in(port: int, lines: list[str]) -> bool:
    form = {"username": lines[2].removeprefix("Name: "), "password": lines[3].removeprefix("Password: ")}
    answer = httpx.post(f"http://127.0.0.1:{port}/login", data=form, timeout=10)
    return answer.status_code == 303 and answer.headers["location"] == "/dashboard"


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_cleanly(tmp_path: Path, stop: signal.Signals) -> None:
    config = write_config(tmp_path, {"webchat": {}})
    port = free_port()

    with process("serve", "--port", str(port), "-c", str(config), folder=tmp_path) as web:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        web.send_signal(stop)

        assert web.wait(20) == 0
