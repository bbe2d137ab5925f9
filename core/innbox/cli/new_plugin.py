"""`innbox new-plugin`: writes a package that installs and passes its tests, for an integrator to change."""

from argparse import Namespace
from pathlib import Path

from innbox.cli.common import Subcommands
from innbox.new_plugin import KINDS, write_package


def add_commands(commands: Subcommands) -> None:
    """Add `new-plugin`."""
    new_plugin = commands.add("new-plugin", "write a package to start a plugin from, into ./NAME", run_new_plugin)
    new_plugin.add_argument("name", metavar="NAME", help="small letters, digits and _, such as lighthouse")
    new_plugin.add_argument("--kind", required=True, choices=KINDS, help="what the plugin is to be")


def run_new_plugin(arguments: Namespace) -> int:
    """Write the package and say how to go on."""
    name = arguments.name
    folder = Path.cwd() / name
    write_package(name, arguments.kind, folder)
    print(f"Wrote ./{name}. Go on with:\n  pip install -e ./{name}\n  pytest {name}\n  more {name}/README.md")
    return 0
