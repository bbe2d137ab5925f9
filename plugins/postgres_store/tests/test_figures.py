"""Figures beyond the contract: waiting times that no test can wait for, and what a month of them costs to read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from innbox import WAIT_BOUNDS, Author, AuthorKind, Draft, Inbound, IngestRules, now
from innbox_postgres_store.store import DatabaseStore

Says = Callable[..., Inbound]
Sql = psycopg.Connection[tuple[Any, ...]]

LONG_HISTORY = """
INSERT INTO figures (at, hotel)
SELECT at, hotel
FROM generate_series(date_bin('15 minutes', now(), 'epoch') - interval '90 days', now(), interval '15 minutes') AS at,
     unnest(ARRAY['miramar', 'palace']) AS hotel;
ANALYZE figures;
"""


def test_the_database_classes_waits_as_innbox_does(sql: Sql) -> None:
    for number, bound in enumerate(WAIT_BOUNDS, 1):
        found = sql.execute("SELECT wait_class(%s::float8), wait_class(%s::float8)", [bound, bound + 0.001]).fetchall()
        assert found == [(number, number + 1)]
    assert sql.execute("SELECT wait_class(0)").fetchall() == [(1,)]


@pytest.mark.parametrize(("seconds", "number"), [(0, 0), (11, 1), (200, 4), (100_000, 10)])
async def test_a_long_wait_is_in_its_class(
    store: DatabaseStore, says: Says, sql: Sql, seconds: int, number: int
) -> None:
    taken = await store.ingest(says(), IngestRules(0, 0))
    sql.execute("UPDATE conversations SET unanswered_since = unanswered_since - make_interval(secs => %s)", [seconds])

    await store.staff_message(taken.conversation.id, "Ana", [Draft("Hi", Author(AuthorKind.STAFF, "Ana"))], None)

    found = await store.figures(None, now() - timedelta(hours=1), now() + timedelta(hours=1))
    waits = [sum(classes) for classes in zip(*(one.waits_by_staff for one in found), strict=True)]
    assert waits == [int(one == number) for one in range(len(WAIT_BOUNDS) + 1)]


async def test_a_month_is_read_from_an_index(store: DatabaseStore, sql: Sql) -> None:
    sql.execute(LONG_HISTORY)
    for hotels in ("NULL", "'{miramar}'"):
        statement = store._database.queries["figures"].decode()
        for parameter, value in {"$1": hotels, "$2": "'yesterday'", "$3": "'today'"}.items():
            statement = statement.replace(parameter, value)
        plan = "\n".join(row[0] for row in sql.execute(f"EXPLAIN {statement}").fetchall())
        assert "figures_pkey" in plan, plan
