"""`innbox chat`: talk to a hotel's bot in the terminal. Nothing is stored or sent."""

import asyncio
import sys
from argparse import Namespace

from innbox.cli.common import Subcommands, configured, progress
from innbox.config import Config
from innbox.errors import NotFound


def add_commands(commands: Subcommands) -> None:
    """Add `chat`."""
    chat = commands.add("chat", "talk to the bot in the terminal; nothing is stored or sent", run_chat)
    chat.add_argument("--hotel", metavar="H", help="which hotel's bot (default: the file's first)")


def run_chat(arguments: Namespace) -> int:
    """Answer line after line until the end of input."""
    config = configured(arguments)
    try:
        asyncio.run(_chat(config, _chosen(config, arguments.hotel)))
    except KeyboardInterrupt:
        print()
    return 0


def _chosen(config: Config, hotel: str | None) -> str:
    if hotel is not None and hotel not in config.hotels:
        raise NotFound(f"There is no hotel {hotel}; there are {', '.join(config.hotels)}.")
    return hotel or next(iter(config.hotels))


async def _chat(config: Config, hotel: str) -> None:
    from innbox.app import App
    from innbox.pipeline.preview import answer

    app = App.from_config(config)
    on_terminal = sys.stdin.isatty()
    dialogue: list[tuple[str, str]] = []
    async with app.lifespan(check_schema=False):
        if on_terminal:
            print(f"You are a guest of {app.hotels[hotel].name}. An empty line ends the chat.")
        while text := (await _line(on_terminal)).strip():
            dialogue.append(("guest", text))
            with progress("The bot is thinking"):
                said = await answer(app, hotel, dialogue)
            dialogue.append(("bot", said))
            print(f"Bot: {said}" if on_terminal else said, flush=True)


async def _line(on_terminal: bool) -> str:
    """Return the next line. On a terminal without blocking the loop, and without a thread that Ctrl-C cannot end."""
    if not on_terminal:
        return sys.stdin.readline()
    print("You: ", end="", flush=True)
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline()
