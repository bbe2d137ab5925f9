"""The statements of `queries.sql`, by name."""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

MARK = "-- name:"


def read_queries() -> Mapping[str, str]:
    """Return every statement of `queries.sql` by its name; raise `ValueError` where a name is given twice."""
    found: dict[str, str] = {}
    text = (files(__package__) / "queries.sql").read_text(encoding="utf-8")
    for part in text.split(MARK)[1:]:
        name, _, rest = part.partition("\n")
        if name.strip() in found:
            raise ValueError(f"queries.sql: {name.strip()} is there twice")
        found[name.strip()] = _without_comments(rest)
    return MappingProxyType(found)


def _without_comments(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return "\n".join(lines).strip().removesuffix(";")
