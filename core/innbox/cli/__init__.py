"""`innbox`: the command line. Exit code 0; 1 with a plain sentence on stderr; 2 for wrong usage.

Commands that need a running app import it when they run, so that `innbox --help` is quick.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import NoReturn

from innbox.cli import chat, demo, guests, house, new_plugin, plugin_commands, users
from innbox.cli.common import CommandParser, Subcommands, Usage, shared_options
from innbox.errors import InnboxError

GROUPS: tuple[Callable[[Subcommands], None], ...] = (
    house.add_commands,
    users.add_commands,
    guests.add_commands,
    chat.add_commands,
    demo.add_commands,
    new_plugin.add_commands,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code. Wrong usage raises `SystemExit(2)`, as argparse does."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    try:
        return _run(given)
    except Usage as error:
        return _tell(str(error), 2, debug)
    except InnboxError as error:
        return _tell(str(error), 1, debug)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _tell(f"Innbox failed: {type(error).__name__}: {error} (--debug shows where)", 1, debug)


def _run(given: list[str]) -> int:
    parser = _parser()
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", parser_class=CommandParser)
    adder = Subcommands(commands)
    for add_commands in GROUPS:
        add_commands(adder)
    plugin_commands.add_commands(adder, given)
    found = parser.parse_args(given)
    if found.command is None:
        parser.print_help(sys.stderr)
        return 2
    return int(found.run(found))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="innbox", description="The guest inbox for hotels.", parents=[shared_options()])
    parser.add_argument("--version", action="version", version=f"innbox {version('innbox')}")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"innbox: {message}\nTry: innbox --help\n")


def _tell(text: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(text, file=sys.stderr)
    return code
