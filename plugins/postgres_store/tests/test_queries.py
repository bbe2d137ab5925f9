"""The SQL file and the code that uses it fit together."""

import re
from importlib.resources import files

from innbox_postgres_store.queries import load_queries


def test_statements_are_found_by_name() -> None:
    assert load_queries()["ping"] == b"SELECT 1"


def test_comments_stay_in_the_file() -> None:
    assert not [name for name, statement in load_queries().items() if b"--" in statement]


def test_every_statement_is_used() -> None:
    package = files("innbox_postgres_store")
    code = "".join(file.read_text() for file in package.iterdir() if file.name.endswith(".py"))

    unused = [name for name in load_queries() if not re.search(f'"{name}"', code)]

    assert unused == []
