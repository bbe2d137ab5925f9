"""`innbox guests`: a copy of what is kept of a guest, their erasure, and the list of the erased for after a restore."""

import asyncio
import getpass
import json
import os
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from innbox.cli.common import CommandParser, Subcommands, Usage, configured, progress
from innbox.config import Config
from innbox.erasing import Tombstone
from innbox.errors import NotFound, Refused

if TYPE_CHECKING:
    from innbox.app import App

T = TypeVar("T")

PAGE = 500


def add_commands(commands: Subcommands) -> None:
    """Add `guests` with its own commands."""
    guests = commands.add("guests", "copy or erase what is kept of a guest")
    inner = Subcommands(
        guests.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=CommandParser)
    )
    export = inner.add("export", "write everything that is known of a guest, as JSON", run_export)
    _add_guest(export, needed=True)
    _add_output(export)
    erase = inner.add("erase", "erase a guest for good, with all conversations", run_erase)
    _add_guest(erase, needed=False)
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        type=Path,
        help="instead of one guest: all whom a list of `guests erased` names, after a backup was restored",
    )
    _add_output(inner.add("erased", "list the erasures, without a word of who it was", run_erased))


def run_export(arguments: Namespace) -> int:
    """Write a guest's data."""
    config = configured(arguments)
    hotel = _hotel(config, arguments)
    copy = _with_app(config, lambda app: _export(app, hotel, arguments))
    _write(arguments.output, [json.dumps(copy, ensure_ascii=False, indent=2)])
    return 0


def run_erase(arguments: Namespace) -> int:
    """Erase a guest, or those of a list again."""
    config = configured(arguments)
    if arguments.source is not None:
        if arguments.channel or arguments.handle or arguments.hotel:
            raise Usage("Name a guest or a list (--from FILE), not both.")
        return _erase_list(config, arguments.source)
    if not arguments.handle:
        raise Usage("Name the guest (CHANNEL HANDLE), or a list (--from FILE).")
    hotel = _hotel(config, arguments)
    copy = _with_app(config, lambda app: _copy(app, hotel, arguments))
    what = f"{arguments.handle} on {arguments.channel} at {hotel}: {_amounts(copy)}"
    if not arguments.yes:
        _ask(what)
    with progress("Erasing"):
        _with_app(config, lambda app: _erase(app, hotel, arguments))
    print(f"Erased {what}.")
    return 0


def run_erased(arguments: Namespace) -> int:
    """Write the tombstones, one a line."""
    found = _with_app(configured(arguments), _all_tombstones)
    _write(arguments.output, [json.dumps(tombstone.as_json()) for tombstone in found])
    return 0


def _add_guest(parser: Any, *, needed: bool) -> None:
    parser.add_argument("channel", metavar="CHANNEL", nargs=None if needed else "?", help="such as whatsapp")
    parser.add_argument("handle", metavar="HANDLE", nargs=None if needed else "?", help="such as +351911222333")
    parser.add_argument("--hotel", metavar="H", help="the guest's hotel (default: the only one)")


def _add_output(parser: Any) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write to FILE, which nobody else may read")


def _hotel(config: Config, arguments: Namespace) -> str:
    """Return the hotel that is meant. One that is not configured any more may still have guests."""
    if arguments.hotel:
        return str(arguments.hotel)
    if len(config.hotels) > 1:
        raise Usage(f"Name the hotel: --hotel {' or --hotel '.join(config.hotels)}.")
    return next(iter(config.hotels))


async def _copy(app: "App", hotel: str, arguments: Namespace) -> Mapping[str, Any]:
    copy = await app.store.export_guest(hotel, arguments.channel, arguments.handle)
    if copy is not None:
        return copy
    hints = [
        f"There is no {what} {name}; there are {', '.join(known)}."
        for what, name, known in (("hotel", hotel, app.hotels), ("channel", arguments.channel, app.channels))
        if name not in known
    ]
    text = f"There is no guest {arguments.handle} on {arguments.channel} at {hotel}."
    raise NotFound(" ".join([text, *hints]))


async def _export(app: "App", hotel: str, arguments: Namespace) -> Mapping[str, Any]:
    copy = await _copy(app, hotel, arguments)
    await app.record(_who(), "export_guest", hotel, channel=arguments.channel)
    return copy


async def _erase(app: "App", hotel: str, arguments: Namespace) -> None:
    erased = await app.store.erase_guest(hotel, arguments.channel, arguments.handle, _who(), app.erasure_key)
    if erased is not None:
        app.publisher.publish(erased.events)
        await app.record(_who(), "erase_guest", hotel, channel=arguments.channel)


def _erase_list(config: Config, source: Path) -> int:
    tombstones = list(_read(source))
    with progress("Erasing"):
        back = _with_app(config, lambda app: _erase_again(app, tombstones))
    print(f"{_count(len(tombstones), 'erasure')} kept; {_count(back, 'guest')} had come back and {_were(back)} erased.")
    return 0


async def _erase_again(app: "App", tombstones: list[Tombstone]) -> int:
    back = 0
    for tombstone in tombstones:
        erased = await app.store.erase_again(tombstone, app.erasure_key)
        if erased is not None:
            back += 1
            app.publisher.publish(erased.events)
    return back


async def _all_tombstones(app: "App") -> list[Tombstone]:
    return [tombstone async for tombstone in _pages(app)]


async def _pages(app: "App") -> AsyncIterator[Tombstone]:
    after: str | None = None
    while page := await app.store.tombstones(after, PAGE):
        for tombstone in page:
            yield tombstone
        after = page[-1].guest_id


def _read(source: Path) -> Iterator[Tombstone]:
    """Read a list of tombstones. Raises `Refused` with the line that is none, before anything is erased."""
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{source} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield Tombstone.from_json(json.loads(line))
            except ValueError as error:
                raise Refused(
                    f"{source}:{number}: this is no line of `innbox guests erased`. Nothing was done."
                ) from error


def _write(output: Path | None, lines: list[str]) -> None:
    """Write lines to a file that only its owner may read, or to stdout."""
    if output is None:
        for line in lines:
            print(line)
        return
    try:
        with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise Refused(f"{output} cannot be written: {error.strerror}.") from error


def _ask(what: str) -> None:
    """Let whoever is at the terminal decide. Raises `Refused` where that is nobody, or not a yes."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise Refused(f"{what}. To erase that without being asked, add --yes. Nothing was erased.")
    print(f"{what}. This cannot be undone.", file=sys.stderr)
    if input("Erase it? [y/N] ").strip().lower() not in ("y", "yes"):
        raise Refused("Nothing was erased.")


def _amounts(copy: Mapping[str, Any]) -> str:
    messages = sum(len(conversation["messages"]) for conversation in copy["conversations"])
    return f"{_count(len(copy['conversations']), 'conversation')}, {_count(messages, 'message')}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _who() -> str:
    """Return who sits at the command line, as far as the system knows."""
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return "command line"


def _with_app(config: Config, work: Callable[["App"], Awaitable[T]]) -> T:
    return asyncio.run(_in_lifespan(config, work))


async def _in_lifespan(config: Config, work: Callable[["App"], Awaitable[T]]) -> T:
    from innbox.app import App
    from innbox.live import RemoteLive

    app = App.from_config(config)
    async with app.lifespan():
        if config.queue is not None:
            app.live = RemoteLive(config.queue.url)
        return await work(app)
