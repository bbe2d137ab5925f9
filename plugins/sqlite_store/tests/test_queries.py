"""The statements: each is there once, used, and valid against the schema."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

import innbox_sqlite_store
from innbox_sqlite_store.queries import read_queries

PACKAGE = Path(innbox_sqlite_store.__file__).parent
USE = re.compile(r"tx\.(?:one|all|run)\(\s*\"(\w+)\"")


def used() -> set[str]:
    return {name for module in PACKAGE.glob("*.py") for name in USE.findall(module.read_text(encoding="utf-8"))}


def test_every_statement_is_used_and_every_used_one_is_there() -> None:
    assert set(read_queries()) == used()


def test_every_statement_fits_the_schema(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for name, statement in read_queries().items():
            values: Mapping[str, object] = dict.fromkeys(re.findall(r":(\w+)", statement))
            plan = connection.execute(f"EXPLAIN {statement}", values).fetchall()
            assert plan, name


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("audit", "PRIMARY KEY"),
        ("audit_of_hotel", "audit_of_hotel"),
        ("audit_of_user", "audit_of_user"),
        ("figures", "PRIMARY KEY"),
        ("is_retired", "PRIMARY KEY"),
    ],
)
def test_what_grows_is_read_from_an_index_without_sorting(path: Path, name: str, index: str) -> None:
    statement = read_queries()[name]
    with closing(sqlite3.connect(path)) as connection:
        values: Mapping[str, object] = dict.fromkeys(re.findall(r":(\w+)", statement))
        plan = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert any(step.startswith("SEARCH") and index in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


VIEWS = {
    "view_drawer": "conversations_by_drawer",
    "view_all": "conversations_not_resolved",
    "view_urgent": "conversations_urgent",
    "view_waiting": "conversations_waiting",
    "count_drawer": "conversations_by_drawer",
    "count_urgent": "conversations_urgent",
    "count_waiting": "conversations_waiting",
}


@pytest.mark.parametrize(("name", "index"), VIEWS.items())
def test_a_view_is_walked_along_its_index(path: Path, name: str, index: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        values = {"hotel": "miramar", "drawer": "bot", "at": 0, "id": "", "label": None, "limit": 50}
        plan = [step[3] for step in connection.execute(f"EXPLAIN QUERY PLAN {read_queries()[name]}", values)]

    assert any(f"INDEX {index} " in step for step in plan), plan
    assert not any("USE TEMP B-TREE" in step for step in plan), plan


def test_timers_are_read_from_small_indexes_only(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        values = {"now": 0, "limit": 50}
        statement = f"EXPLAIN QUERY PLAN {read_queries()['due_timers']}"
        plan = "\n".join(step[3] for step in connection.execute(statement, values))

    for index in ("conversations_to_wake", "conversations_to_give_back", "conversations_to_ring"):
        assert f"INDEX {index} " in plan, plan
    assert "INDEX scheduled_messages_to_send " in plan, plan
    assert "SCAN conversations" not in plan, plan


def test_the_sweeper_reads_small_indexes_only(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for name, index in (("due_answers", "conversations_answer"), ("due_deliveries", "conversations_deliver")):
            values = {"now": 0, "dead": 0, "limit": 10}
            plan = connection.execute(f"EXPLAIN QUERY PLAN {read_queries()[name]}", values).fetchall()
            assert f"INDEX {index} " in plan[0][3], plan
            assert not any("SCAN conversations" in step[3] for step in plan)


LARGE = ("conversations", "messages", "guests", "addresses", "events", "raw_inbound", "turns")
# The search looks at the name and the handles of every guest, of which a house of one file has some thousands.
SCANS = {("inbox_search", "guests"), ("inbox_search", "addresses")}


def test_no_statement_reads_a_large_table_whole(path: Path) -> None:
    found = set()
    with closing(sqlite3.connect(path)) as connection:
        for name, statement in read_queries().items():
            values: Mapping[str, object] = dict.fromkeys(re.findall(r":(\w+)", statement))
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall():
                scanned = re.match(r"SCAN (\w+)(?! USING INDEX)\b", step)
                if scanned and scanned[1] in LARGE and "USING INDEX" not in step:
                    found.add((name, scanned[1]))

    assert found == SCANS


def test_the_inbox_is_walked_along_its_index(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        statement = read_queries()["inbox"]
        values: Mapping[str, object] = dict.fromkeys(re.findall(r":(\w+)", statement))
        plan = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()]

    assert any("USING INDEX conversations_inbox" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan
