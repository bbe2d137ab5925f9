"""A running Innbox for tests: the real app behind a real server on a free port, in the test's own event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import yaml

from innbox.app import App
from innbox.config import load_config
from innbox.web import create_asgi, server_options

FACTS = """# Hotel Test

## Breakfast

Breakfast is served from 7:30 to 10:30 in the garden room. It is included in every rate.

## Check-in and check-out

Check-in is from 15:00, check-out until 11:00.

## Parking

Parking in the garage costs 12 euros a night.
"""
SECRET_KEY = "a-key-for-tests-and-nothing-else"
PASSWORD = "correct horse battery"
START_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Running:
    """A running Innbox: its address, its app (for looking inside), and an HTTP client that keeps cookies."""

    url: str
    app: App
    http: httpx.AsyncClient
    config_path: Path

    async def add_user(self, name: str = "ana", role: str = "admin", hotels: list[str] | None = None) -> None:
        """Add a member of staff whose password is `PASSWORD`."""
        await self.app.accounts.add_user(name, PASSWORD, role, hotels)

    async def sign_in(self, name: str = "ana") -> None:
        """Sign the HTTP client in."""
        answer = await self.http.post("/login", data={"username": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text

    @property
    def cookies(self) -> str:
        """The client's cookies as a header's value, for a socket."""
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())


def write_config(folder: Path, plugins: Mapping[str, Any], **core: Any) -> Path:
    """Write a configuration with one hotel, `test`, and these plugins; `core` adds or replaces top-level keys.

    Where no plugin named here is a store, `sqlite_store` on a file in the folder is added.
    """
    (folder / "facts.md").write_text(FACTS)
    chosen = dict(plugins)
    if not any(name.endswith("_store") for name in chosen):
        chosen = {"sqlite_store": {"path": str(folder / "innbox.db")}, **chosen}
    data = {
        "public_url": "http://127.0.0.1:8000",
        "secret_key": SECRET_KEY,
        "hotels": {
            "test": {"name": "Hotel Test", "timezone": "Europe/Lisbon", "languages": ["en"], "facts": "facts.md"}
        },
        "turns": {"wait_seconds": 0, "wait_at_most_seconds": 0},
        "plugins": chosen,
        **core,
    }
    path = folder / "innbox.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
    return path


@asynccontextmanager
async def running_innbox(folder: Path, plugins: Mapping[str, Any], **core: Any) -> AsyncIterator[Running]:
    """Run Innbox with these plugins until the block ends; see `write_config`."""
    # With its protocol named, asyncio switches Nagle off: answers leave at once.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        path = write_config(folder, plugins, **{"public_url": url, **core})
        config = load_config(path)
        asgi = create_asgi(config)
        app: App = asgi.other_asgi_app.state.innbox  # type: ignore[attr-defined]
        server = _Server(uvicorn.Config(asgi, **server_options(config)))
        task = asyncio.create_task(server.serve([listener]))
        try:
            async with asyncio.timeout(START_SECONDS):
                while not server.started:
                    if task.done():
                        await task
                        raise RuntimeError("the app did not start; see the log")
                    await asyncio.sleep(0.01)
            async with httpx.AsyncClient(base_url=url, timeout=10) as http:
                yield Running(url, app, http, path)
        finally:
            server.should_exit = True
            await asyncio.wait([task], timeout=20)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
