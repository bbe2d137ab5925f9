"""People beyond the contract."""

from typing import Any

import psycopg
import pytest

from innbox import NotFound, User, now
from innbox_postgres_store.store import DatabaseStore

BUSY_HOUSE = """
INSERT INTO audit (id, at, user_name, action, hotel, detail)
SELECT gen_random_uuid(), now(), 'user ' || i % 50, 'take_over', 'hotel ' || i % 40, '{}'
FROM generate_series(1, 9000) AS i;
ANALYZE audit;
"""


async def test_nobody_has_no_session(store: DatabaseStore) -> None:
    with pytest.raises(NotFound):
        await store.open_session("hash", "nobody", now())


async def test_users_keep_the_time_at_which_they_were_made(store: DatabaseStore) -> None:
    made = now()
    await store.add_user(User("Ana", "agent", frozenset({"miramar"}), created_at=made), "hash")

    (found,) = await store.users()

    assert found == User("Ana", "agent", frozenset({"miramar"}), created_at=made)


async def test_a_page_of_the_audit_log_is_read_from_an_index(
    store: DatabaseStore, sql: psycopg.Connection[tuple[Any, ...]]
) -> None:
    sql.execute(BUSY_HOUSE)
    below = "id < gen_random_uuid() ORDER BY id DESC LIMIT 50"
    plans = {
        "audit_pkey": f"SELECT * FROM audit WHERE {below}",
        "audit_by_hotel": f"SELECT * FROM audit WHERE hotel = 'hotel 7' AND {below}",
        "audit_by_user": f"SELECT * FROM audit WHERE user_name = 'user 7' AND {below}",
    }
    for index, query in plans.items():
        plan = "\n".join(row[0] for row in sql.execute(f"EXPLAIN {query}").fetchall())
        assert index in plan, plan
    assert len(await store.audit_log(frozenset({"hotel 7"}), None, 50)) == 50
