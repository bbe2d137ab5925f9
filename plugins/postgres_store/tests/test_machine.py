"""The store in any order of events: thousands of random steps, compared with a small model."""

from datetime import datetime
from typing import Any

import psycopg
import pytest

from innbox.testing.store_machine import StoreAtHand, walk
from innbox_postgres_store.store import DatabaseStore

STEPS = 300


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_store_goes_the_models_way(
    store: DatabaseStore, sql: psycopg.Connection[tuple[Any, ...]], seed: int
) -> None:
    async def set_seen(worker: str, at: datetime) -> None:
        sql.execute("UPDATE workers SET seen_at = %s WHERE name = %s", (at, worker))

    house = await walk(StoreAtHand(store, set_seen), seed, STEPS)

    assert house.talks
