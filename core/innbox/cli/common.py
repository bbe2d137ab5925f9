"""What the commands of `innbox` share: their options, the configuration, progress on a terminal, a clean stop."""

import argparse
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from innbox.config import Config, load_config
from innbox.errors import InnboxError
from innbox.logs import set_up_logs

CONFIG_VARIABLE = "INNBOX_CONFIG"
QUIET_SECONDS = 1.0  # what is done by then shows no progress

Run = Callable[[argparse.Namespace], int]


class Usage(InnboxError):
    """The command was called wrongly: exit code 2."""


class CommandParser(argparse.ArgumentParser):
    """The parser of one sub-command: its errors are one sentence and a pointer to the help."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\nTry: {self.prog} --help\n")


class Subcommands:
    """Adds sub-commands that all take `-c FILE` and `--debug`."""

    def __init__(self, action: Any) -> None:
        self._action = action
        self.names: set[str] = set()

    def add(self, name: str, help: str, run: Run | None = None) -> argparse.ArgumentParser:
        """Add a command and return its parser; `run` gets the parsed arguments and returns the exit code."""
        self.names.add(name)
        parser: argparse.ArgumentParser = self._action.add_parser(
            name, help=help, description=help, parents=[shared_options()]
        )
        if run is not None:
            parser.set_defaults(run=run)
        return parser


def shared_options() -> argparse.ArgumentParser:
    """Return the options that may stand before and after any command."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        type=Path,
        default=argparse.SUPPRESS,
        help=f"the YAML file (default: ${CONFIG_VARIABLE})",
    )
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of what fails"
    )
    return parser


def config_path(arguments: argparse.Namespace) -> Path | None:
    """Return the YAML file that was named, by `-c` or by the environment."""
    named = getattr(arguments, "config", None) or os.environ.get(CONFIG_VARIABLE)
    return Path(named) if named else None


def needed_config_path(arguments: argparse.Namespace) -> Path:
    """Return the YAML file that was named; raise `Usage` where none was."""
    path = config_path(arguments)
    if path is None:
        raise Usage(f"No configuration is named. Give -c FILE, or set {CONFIG_VARIABLE}.")
    return path


def configured(arguments: argparse.Namespace) -> Config:
    """Return the checked configuration, with only warnings logged. Raises `Usage` and `ConfigError`."""
    set_up_logs("warning", "auto", "cli")
    return load_config(needed_config_path(arguments))


def positive(text: str) -> int:
    """Read a whole number of 1 or more, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of 1 or more")
    return int(text)


def port_number(text: str) -> int:
    """Read a TCP port, for argparse."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (1 to 65535)")
    return int(text)


def check_port(host: str, port: int) -> None:
    """Raise `InnboxError` with the fix where nothing can listen at an address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise InnboxError(
            f"Cannot listen at {host} port {port}: {error.strerror}. Choose another host or port."
        ) from error


@contextmanager
def clean_stop() -> Iterator[None]:
    """End the block without a fuss at Ctrl-C or SIGTERM.

    uvicorn raises the signals that it caught once more when it has shut down; they end here.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Say on a terminal that something is going on, once it has taken a second; say nothing in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    watcher = threading.Thread(target=_count_seconds, args=(what, done), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _count_seconds(what: str, done: threading.Event) -> None:
    started = time.monotonic()
    shown = False
    while not done.wait(QUIET_SECONDS):
        shown = True
        print(f"\r{what} … {time.monotonic() - started:.0f} s", end="", file=sys.stderr, flush=True)
    if shown:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as a table of aligned columns."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (heads, *rows)]
    return "\n".join(line.rstrip() for line in lines)
