"""An empty store on a file of its own, a second one on the same file, and a look at the file past both."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from innbox_sqlite_store import SqliteDatabase

Look = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the schema and nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "innbox.db"
    asyncio.run(_migrate(path))
    return path


async def _migrate(path: Path) -> None:
    store = SqliteDatabase(path)
    store.open()
    await store.migrate()
    await store.close()


@pytest.fixture
def path(tmp_path: Path, migrated: Path) -> Path:
    """The path of a migrated, empty file."""
    return Path(shutil.copy(migrated, tmp_path / "innbox.db"))


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteDatabase]:
    store = SqliteDatabase(path)
    store.open()
    yield store
    await store.close()


@pytest.fixture
async def second_store(path: Path, store: SqliteDatabase) -> AsyncIterator[SqliteDatabase]:
    second = SqliteDatabase(path)
    second.open()
    yield second
    await second.close()


@pytest.fixture
def look(path: Path) -> Look:
    """Run a statement on the file, past the store."""

    def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()

    return run
