"""The SQL of the store: named statements of `queries.sql`, and the numbered migrations."""

import re
from collections.abc import Mapping
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def load_queries() -> Mapping[str, bytes]:
    """Return the statements of `queries.sql` by name, as psycopg takes them."""
    text = files(__package__).joinpath("queries.sql").read_text("utf-8")
    _, *parts = _NAME.split(text)
    return {name: _statement(body).encode() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def load_migrations() -> Mapping[str, bytes]:
    """Return the migrations by name (`0001_tables`), in the order in which they are applied."""
    folder = files(__package__).joinpath("migrations")
    found = sorted((file.name, file) for file in folder.iterdir() if file.name.endswith(".sql"))
    return {name.removesuffix(".sql"): file.read_bytes() for name, file in found}


def _statement(body: str) -> str:
    """Leave out the comments: those at the end belong to the statement that follows."""
    return "\n".join(line for line in body.splitlines() if not line.startswith("--")).strip()
