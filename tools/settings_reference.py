"""Writes docs/settings.md from the settings themselves; with --check, only says whether it is up to date."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from innbox.config import Config, Hotel, Logs, Metrics, Queue, Turns, Urgency
from innbox.plugins import installed, load_class

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "settings.md"
HEAD = """# Settings

Made from the settings themselves by `python tools/settings_reference.py`; a test fails when it is out of date.

`${NAME}` and `${NAME:-default}` are read from the environment. Any plugin takes `enabled: false` as well.
"""
HIDDEN = {"slug", "facts_path"}


def text() -> str:
    """Return the whole page."""
    parts = [HEAD, *section("The file", Config), *section("`queue`", Queue), *section("`hotels.NAME`", Hotel)]
    parts += [*section("`hotels.NAME.urgent`", Urgency)]
    parts += [*section("`turns`", Turns), *section("`metrics`", Metrics), *section("`logs`", Logs)]
    ours = {path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml")}
    for name, point in sorted(installed().items()):
        if name in ours:
            parts += section(f"`plugins.{name}`", load_class(point).Settings)
    return "\n".join(parts)


def section(title: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield a heading and a table of a model's fields."""
    doc = (model.__doc__ or "").strip().split("\n\n")[0] if model.__doc__ != BaseModel.__doc__ else ""
    yield f"\n## {title}\n"
    if doc:
        yield doc + "\n"
    fields = {name: field for name, field in model.model_fields.items() if name not in HIDDEN}
    if not fields:
        yield "No settings.\n"
        return
    yield "| key | type | default | what |\n| --- | --- | --- | --- |"
    for name, field in fields.items():
        what = (field.description or "").replace("|", "\\|")
        yield f"| `{name}` | {type_name(field.annotation)} | {default(field)} | {what} |"
    yield ""


def type_name(annotation: Any) -> str:
    """Return a type as a reader of YAML would say it."""
    inner = [kind for kind in get_args(annotation) if kind is not type(None)]
    origin = getattr(annotation, "__origin__", None)
    if annotation is SecretStr:
        return "text (secret)"
    if annotation in PLAIN:
        return PLAIN[annotation]
    if str(origin) == "typing.Literal":
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    if origin in (list, tuple, set, frozenset):
        return f"list of {type_name(inner[0])}s" if inner else "list"
    if origin is dict or "Mapping" in str(origin):
        return "keys and values"
    if inner:
        return " or ".join(dict.fromkeys(type_name(kind) for kind in inner))
    return "section" if isinstance(annotation, type) and issubclass(annotation, BaseModel) else "text"


def default(field: Any) -> str:
    """Return a field's default as YAML, or that it has none."""
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined:
        return ""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list | tuple | set | frozenset):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`" if str(value) else '`""`'


PLAIN: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


def main() -> int:
    """Write the page, or compare it."""
    made = text()
    if "--check" in sys.argv:
        current = TARGET.read_text() if TARGET.exists() else ""
        if current != made:
            print("docs/settings.md is out of date; run: python tools/settings_reference.py", file=sys.stderr)
            return 1
        return 0
    TARGET.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
