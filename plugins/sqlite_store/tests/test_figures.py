"""Figures: what the contract leaves to the store, which is waiting times that no test can wait for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from innbox import WAIT_BOUNDS, now
from innbox.testing.store_contract.scenes import guest_writes, staff_draft
from innbox_sqlite_store import SqliteDatabase


@pytest.mark.parametrize(("seconds", "number"), [(0, 0), (11, 1), (200, 4), (100_000, 10)])
async def test_a_long_wait_is_in_its_class(
    store: SqliteDatabase, look: Callable[..., Any], seconds: int, number: int
) -> None:
    taken = await guest_writes(store)
    look("UPDATE conversations SET waiting_since = waiting_since - ?", seconds * 1_000_000)

    await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Hi")], None)

    found = await store.figures(None, now() - timedelta(hours=1), now() + timedelta(hours=1))
    waits = [sum(classes) for classes in zip(*(one.waits_by_staff for one in found), strict=True)]
    assert waits == [int(one == number) for one in range(len(WAIT_BOUNDS) + 1)]
