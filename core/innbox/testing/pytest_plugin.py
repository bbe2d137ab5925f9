"""Fixtures for Innbox's own tests and for those of integrators, found by pytest through an entry point."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# Before they are imported: so a failing assert of a contract shows the values, in anybody's tests.
pytest.register_assert_rewrite(
    "innbox.testing.cache_contract",
    "innbox.testing.channel_contract",
    "innbox.testing.llm_contract",
    "innbox.testing.store_contract",
    "innbox.testing.store_machine",
)

from innbox.testing import services  # noqa: E402 - after the registration, as pytest demands

if TYPE_CHECKING:
    from innbox.testing.running import Running

RunInnbox = Callable[..., Awaitable["Running"]]


@pytest.fixture(scope="session")
def postgres() -> Iterator[services.PostgresServer]:
    """A real PostgreSQL server for the whole run."""
    with services.postgres_server() as server:
        yield server


@pytest.fixture
def database_url(postgres: services.PostgresServer) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(scope="session")
def redis_server_url() -> Iterator[str]:
    """A real Redis-compatible server for the whole run."""
    with services.redis_server() as url:
        yield url


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """The URL of an empty Redis database."""
    import redis

    client = redis.Redis.from_url(redis_server_url)
    client.flushall()
    client.close()
    return redis_server_url


@pytest.fixture
async def run_innbox(tmp_path: Path) -> AsyncIterator[RunInnbox]:
    """A function that runs Innbox with the plugins given to it and returns it running: `await run_innbox({...})`.

    Everything that was run ends with the test. See `innbox.testing.running.write_config` for what may be given.
    """
    from innbox.testing.running import Running, running_innbox

    async with AsyncExitStack() as stack:
        count = 0

        async def run(plugins: Mapping[str, Any], **core: Any) -> Running:
            nonlocal count
            count += 1
            folder = tmp_path / f"innbox-{count}"
            folder.mkdir()
            return await stack.enter_async_context(running_innbox(folder, plugins, **core))

        yield run
