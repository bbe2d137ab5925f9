"""`innbox serve`, `worker`, `migrate`, `check` and `plugins`: running the house and looking after it."""

import asyncio
from argparse import Namespace
from importlib.metadata import EntryPoint

from innbox.cli.common import (
    Subcommands,
    check_port,
    clean_stop,
    config_path,
    configured,
    needed_config_path,
    port_number,
    positive,
    progress,
    table,
)
from innbox.config import Config, load_config
from innbox.errors import PluginError
from innbox.plugins import hooks_of, installed, load_class


def add_commands(commands: Subcommands) -> None:
    """Add the commands of this module."""
    serve = commands.add("serve", "the web process; without a queue, the work too", run_serve)
    serve.add_argument("--host", metavar="H", default="127.0.0.1", help="address to listen at (default: 127.0.0.1)")
    serve.add_argument("--port", metavar="P", type=port_number, default=8000, help="port to listen at (default: 8000)")
    serve.add_argument("--workers", metavar="N", type=positive, default=1, help="web processes on the port")
    worker = commands.add("worker", "a worker on the queue", run_worker)
    worker.add_argument("--processes", metavar="N", type=positive, default=1, help="processes to run (default: 1)")
    commands.add("migrate", "bring the store's schema up to date", run_migrate)
    check = commands.add("check", "check the configuration and tell every fault at once", run_check)
    check.add_argument("--live", action="store_true", help="also let each plugin try its service")
    commands.add("plugins", "what is installed, what is enabled, and which hooks each implements", run_plugins)


def run_serve(arguments: Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    path = needed_config_path(arguments)
    config = load_config(path)
    check_port(arguments.host, arguments.port)
    from innbox.web import serve

    with clean_stop():
        return serve(config, path, arguments.host, arguments.port, arguments.workers)


def run_worker(arguments: Namespace) -> int:
    """Work until Ctrl-C or SIGTERM."""
    path = needed_config_path(arguments)
    from innbox.worker import work

    return work(path, arguments.processes)


def run_migrate(arguments: Namespace) -> int:
    """Apply what is missing of the schema and say what it was."""
    config = configured(arguments)
    with progress("Bringing the schema up to date"):
        applied = asyncio.run(_migrate(config))
    for name in applied:
        print(f"applied {name}")
    print("The schema is up to date.")
    return 0


async def _migrate(config: Config) -> list[str]:
    from innbox.app import App

    app = App.from_config(config)
    async with app.lifespan(check_schema=False):
        return list(await app.store.migrate())


def run_check(arguments: Namespace) -> int:
    """Check the file, and that the plugins' parts fit together; with `--live`, their services too."""
    config = configured(arguments)
    from innbox.web import create_asgi

    create_asgi(config)
    hotels = ", ".join(config.hotels)
    print(f"OK: {needed_config_path(arguments)}: hotels {hotels}; plugins {', '.join(config.plugins)}")
    return asyncio.run(_check_live(config)) if arguments.live else 0


async def _check_live(config: Config) -> int:
    from innbox.app import App

    app = App.from_config(config)
    with progress("Asking the services"):
        async with app.lifespan(check_schema=False):
            results = await app.dispatch.check_live()
            behind = await app.store.pending_migrations() if config.queue is not None else ()
    failed = bool(behind)
    for name, line, error, seconds in results:
        failed = failed or error is not None
        verdict = f"OK: {line or 'answers'}" if error is None else f"FAILED: {error or type(error).__name__}"
        print(f"{name}: {verdict} ({seconds:.2f} s)")
    if behind:
        print(f"The schema is behind by {len(behind)}. Run: innbox migrate")
    return 1 if failed else 0


def run_plugins(arguments: Namespace) -> int:
    """Print the table of plugins; what is enabled is told where a configuration is named."""
    path = config_path(arguments)
    enabled = set(load_config(path).plugins) if path else None
    points = sorted(installed().items())
    if not points:
        print("No plugin is installed.")
        return 0
    print(table(("plugin", "enabled", "version", "hooks"), [_row(name, point, enabled) for name, point in points]))
    return 0


def _row(name: str, point: EntryPoint, enabled: set[str] | None) -> tuple[str, ...]:
    try:
        hooks = ", ".join(hooks_of(load_class(point))) or "none"
    except PluginError as error:
        hooks = f"cannot be used: {error}"
    on = "?" if enabled is None else "yes" if name in enabled else "no"
    return name, on, point.dist.version if point.dist else "?", hooks
