"""`innbox demo`: Innbox on this machine with nothing else: what `make demo` runs."""

import asyncio
import os
import secrets
from argparse import ArgumentTypeError, Namespace
from pathlib import Path

from innbox.cli.common import Subcommands, check_port, clean_stop, config_path, port_number
from innbox.config import Config, load_config
from innbox.errors import NotReady, Refused
from innbox.logs import set_up_logs

FOLDER = Path("var/demo")  # in the working directory, like the database that demo.yaml names
USER = "demo"
ANY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - only compared with


def add_commands(commands: Subcommands) -> None:
    """Add `demo`."""
    commands.add("demo", "try Innbox here: no keys, no servers (HOST and PORT in the environment move it)", run_demo)


def run_demo(arguments: Namespace) -> int:
    """Set up what is not there yet, say where everything is, and serve until Ctrl-C."""
    path = config_path(arguments) or demo_config()
    host, port = os.environ.get("HOST") or "127.0.0.1", _port(os.environ.get("PORT") or "8000")
    check_port(host, port)
    url = _url(host, port)
    FOLDER.mkdir(parents=True, exist_ok=True)
    key, _ = kept_secret(FOLDER / "secret_key", 32)
    config = load_config(path, {**os.environ, "INNBOX_SECRET_KEY": key, "PUBLIC_URL": url})
    set_up_logs("warning", config.logs.format, "cli")
    password = asyncio.run(_prepare(config))
    hotel = next(iter(config.hotels))
    print(f"Desk: {url}/dashboard")
    print(f"Guest chat: {url}/chat/{hotel}")
    print(f"Name: {USER}")
    print(f"Password: {password}", flush=True)
    from innbox.web import serve

    with clean_stop():
        return serve(config, path, host, port, 1)


def demo_config() -> Path:
    """Return the demo's configuration: that of the working directory, else that of this source tree."""
    for folder in (Path.cwd(), Path(__file__).parents[3]):
        if (folder / "config" / "demo.yaml").is_file():
            return folder / "config" / "demo.yaml"
    raise NotReady("There is no config/demo.yaml here. Run this in Innbox's folder, or name a file with -c.")


def kept_secret(path: Path, size: int) -> tuple[str, bool]:
    """Return a secret of `size` random bytes that is kept in a file for its owner alone, and whether it is new."""
    try:
        kept = path.read_text().strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept, False
    made = secrets.token_urlsafe(size)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(made + "\n")
    return made, True


async def _prepare(config: Config) -> str:
    """Bring the schema up to date, see that the demo's user is there, and return the password."""
    from innbox.app import App

    app = App.from_config(config)
    async with app.lifespan(check_schema=False):
        await app.store.migrate()
        password, new = kept_secret(FOLDER / "password", 9)
        if not any(user.name == USER for user in await app.accounts.users()):
            await app.accounts.add_user(USER, password, "admin", None)
        elif new:
            await app.accounts.set_password(USER, password)
    return password


def _port(text: str) -> int:
    try:
        return port_number(text)
    except ArgumentTypeError as error:
        raise Refused(f"PORT in the environment: {error}.") from None


def _url(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in ANY_ADDRESS else f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"
