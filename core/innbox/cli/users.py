"""`innbox users`: who may sign in at the desk."""

import asyncio
import getpass
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable
from typing import TypeVar

from innbox.accounts import MAX_PASSWORD, MIN_PASSWORD, ROLES, Accounts
from innbox.cli.common import CommandParser, Subcommands, configured, table
from innbox.config import Config
from innbox.errors import NotFound, Refused
from innbox.messages import User

T = TypeVar("T")


def add_commands(commands: Subcommands) -> None:
    """Add `users` with its own commands."""
    users = commands.add("users", "who may sign in at the desk")
    inner = Subcommands(
        users.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=CommandParser)
    )
    add = inner.add("add", "add a user; the password is read from stdin where that is no terminal", run_add)
    add.add_argument("name", metavar="NAME", help="the name to sign in with")
    add.add_argument(
        "--role",
        required=True,
        choices=ROLES,
        help="agents answer guests; leads see the figures too; admins change settings and users",
    )
    add.add_argument(
        "--hotel", metavar="H", action="append", default=[], help="a hotel they may see; repeatable (default: all)"
    )
    inner.add("list", "list the users", run_list)
    disable = inner.add("disable", "disable a user and end their sessions", run_disable)
    disable.add_argument("name", metavar="NAME")
    password = inner.add("password", "set a user's password and end their sessions", run_password)
    password.add_argument("name", metavar="NAME")


def run_add(arguments: Namespace) -> int:
    """Add a user."""
    config = configured(arguments)
    for hotel in arguments.hotel:
        if hotel not in config.hotels:
            raise NotFound(f"There is no hotel {hotel}; there are {', '.join(config.hotels)}.")
    password = read_password()
    hotels: list[str] = arguments.hotel
    user = _with_accounts(config, lambda a: a.add_user(arguments.name, password, arguments.role, hotels or None))
    print(f"Added {user.name} ({user.role}, {_hotels(user)}).")
    return 0


def run_list(arguments: Namespace) -> int:
    """Print the users as a table."""
    users = _with_accounts(configured(arguments), lambda accounts: accounts.users())
    if not users:
        print("There is no user yet. Add one: innbox users add NAME --role admin")
        return 0
    rows = [(user.name, user.role, _hotels(user), "disabled" if user.disabled else "active") for user in users]
    print(table(("name", "role", "hotels", "state"), rows))
    return 0


def run_disable(arguments: Namespace) -> int:
    """Disable a user."""
    _with_accounts(configured(arguments), lambda accounts: accounts.disable(arguments.name))
    print(f"Disabled {arguments.name}; their sessions have ended.")
    return 0


def run_password(arguments: Namespace) -> int:
    """Set a user's password."""
    config = configured(arguments)
    password = read_password()
    _with_accounts(config, lambda accounts: accounts.set_password(arguments.name, password))
    print(f"The password of {arguments.name} is set; their sessions have ended.")
    return 0


def read_password() -> str:
    """Return a password: from a terminal asked for twice, else the first line of stdin. Raises `Refused`."""
    if sys.stdin is not None and sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise Refused("The two passwords differ. Nothing was changed.")
    else:
        line = sys.stdin.readline() if sys.stdin is not None else ""
        password = line.rstrip("\r\n")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Refused(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters. Nothing was changed.")
    return password


def _hotels(user: User) -> str:
    return "all hotels" if user.hotels is None else ", ".join(sorted(user.hotels))


def _with_accounts(config: Config, work: Callable[[Accounts], Awaitable[T]]) -> T:
    return asyncio.run(_in_lifespan(config, work))


async def _in_lifespan(config: Config, work: Callable[[Accounts], Awaitable[T]]) -> T:
    from innbox.app import App

    app = App.from_config(config)
    async with app.lifespan():
        return await work(app.accounts)
