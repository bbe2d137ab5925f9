"""The store in any order of events: thousands of random steps, compared with a small model."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from datetime import datetime
from pathlib import Path

import pytest

from innbox.testing.store_machine import NewStore, StoreAtHand, walk
from innbox_sqlite_store import SqliteDatabase

STEPS = 300


@pytest.fixture
def new_store(tmp_path: Path, migrated: Path) -> NewStore:
    """A function that opens an empty store, each time on a file of its own."""
    count = 0

    def new() -> AbstractAsyncContextManager[StoreAtHand]:
        nonlocal count
        count += 1
        return _open(Path(shutil.copy(migrated, tmp_path / f"{count}.db")))

    return new


@asynccontextmanager
async def _open(path: Path) -> AsyncIterator[StoreAtHand]:
    async def set_seen(worker: str, at: datetime) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE workers SET seen_at = ? WHERE name = ?", (int(at.timestamp() * 1e6), worker))

    store = SqliteDatabase(path)
    store.open()
    try:
        yield StoreAtHand(store, set_seen)
    finally:
        await store.close()


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_store_goes_the_models_way(new_store: NewStore, seed: int) -> None:
    async with new_store() as at_hand:
        house = await walk(at_hand, seed, STEPS)

    assert house.talks
