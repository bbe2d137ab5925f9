"""The sub-commands that plugins bring. They are known once a configuration says which plugins are enabled."""

import asyncio
import os
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from innbox.cli.common import CONFIG_VARIABLE, Subcommands, shared_options
from innbox.commands import Command
from innbox.config import load_config
from innbox.errors import InnboxError, PluginError
from innbox.logs import set_up_logs

if TYPE_CHECKING:
    from innbox.app import App


def add_commands(commands: Subcommands, given: Sequence[str]) -> None:
    """Add the enabled plugins' commands, where a configuration is named and the command is none of the core's.

    For `--help` a faulty configuration adds none; for a command it raises what is wrong.
    """
    shared, rest = shared_options().parse_known_args(list(given))
    named = getattr(shared, "config", None) or os.environ.get(CONFIG_VARIABLE)
    command = next((word for word in rest if not word.startswith("-")), None)
    if named is None or command in commands.names or not rest:
        return
    try:
        _add_all(commands, Path(named))
    except InnboxError:
        if command is not None:
            raise


def _add_all(commands: Subcommands, path: Path) -> None:
    from innbox.app import App

    set_up_logs("warning", "auto", "cli")
    app = App.from_config(load_config(path))
    for plugin, command in app.dispatch.collect("register_commands"):
        if not isinstance(command, Command):
            raise PluginError(f"plugin {plugin}: hook register_commands must return innbox.Command objects")
        if command.name in commands.names:
            raise PluginError(f"plugin {plugin}: there is a command {command.name} already; choose another name")
        command.configure(commands.add(command.name, command.help, partial(_run, app, command)))


def _run(app: "App", command: Command, arguments: Namespace) -> int:
    async def in_lifespan() -> int:
        async with app.lifespan():
            return await command.run(arguments)

    return asyncio.run(in_lifespan())
