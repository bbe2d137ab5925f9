"""People beyond the contract."""

import pytest

from innbox import NotFound, User, now
from innbox_postgres_store.store import DatabaseStore


async def test_nobody_has_no_session(store: DatabaseStore) -> None:
    with pytest.raises(NotFound):
        await store.open_session("hash", "nobody", now())


async def test_users_keep_the_time_at_which_they_were_made(store: DatabaseStore) -> None:
    made = now()
    await store.add_user(User("Ana", "agent", frozenset({"miramar"}), created_at=made), "hash")

    (found,) = await store.users()

    assert found == User("Ana", "agent", frozenset({"miramar"}), created_at=made)
