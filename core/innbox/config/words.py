"""pydantic's errors as plain sentences, each with the fix. No sentence shows the value: it may be a secret."""

import difflib
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails


def sentence(error: ErrorDetails, known: Iterable[str], owner: str) -> str:
    """Return what is wrong and how to mend it.

    `known` are the keys that could stand where the error is; `owner` is what they are settings of.
    """
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown_key(str(error["loc"][-1]), known, owner)
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", error["msg"]))
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _WITH_LIMIT:
        text, limit = _WITH_LIMIT[kind]
        return text.format(limit=context.get(limit, "?"))
    return _in_our_words(error["msg"])


def unknown_key(key: str, known: Iterable[str], owner: str) -> str:
    """Return that a key does not exist, with the nearest ones that do."""
    known = sorted(known)
    near = difflib.get_close_matches(key, known, n=2, cutoff=0.6)
    if near:
        return f"is not a setting of {owner}; did you mean {' or '.join(near)}?"
    if known:
        return f"is not a setting of {owner}; remove it (there are {', '.join(known)})"
    return f"is not a setting of {owner}, which has none; remove it"


def keys_at(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """Return the keys that a model takes at a path below it, as far as its fields tell."""
    here: Any = model
    for part in path:
        here = _step(here, part)
    found = _model_in(here)
    return [field.alias or name for name, field in found.model_fields.items()] if found else []


def _step(annotation: Any, part: str | int) -> Any:
    """Return the type of what stands under a key or at an index of a value of a type; None where that is unknown."""
    if get_origin(annotation) in (Union, UnionType):
        steps = (_step(member, part) for member in get_args(annotation))
        return next((step for step in steps if step is not None), None)
    if get_origin(annotation) is not None:  # a list or a mapping: the type of its values comes last
        return next((inner for inner in reversed(get_args(annotation)) if inner is not ...), None)
    found = _model_in(annotation)
    field = found.model_fields.get(str(part)) if found else None
    return field.annotation if field else None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType):
        return next((found for member in get_args(annotation) if (found := _model_in(member))), None)
    return None


def _in_our_words(message: str) -> str:
    return message[:1].lower() + message[1:].replace("Input should", "should")


_PLAIN: Mapping[str, str] = {
    "missing": "is missing; add it",
    "int_type": "must be a whole number; write it without quotes",
    "int_parsing": "must be a whole number such as 10",
    "int_from_float": "must be a whole number; write it without decimals",
    "int_parsing_size": "is too large a number; write a smaller one",
    "float_type": "must be a number such as 1.5",
    "float_parsing": "must be a number such as 1.5",
    "finite_number": "must be a finite number such as 1.5",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be a text; write one, in quotes where it looks like a number",
    "list_type": "must be a list such as [a, b]",
    "tuple_type": "must be a list such as [a, b]",
    "set_type": "must be a list such as [a, b]",
    "frozen_set_type": "must be a list such as [a, b]",
    "dict_type": "must hold lines of `key: value`",
    "mapping_type": "must hold lines of `key: value`",
    "model_type": "must hold lines of `key: value`",
    "model_attributes_type": "must hold lines of `key: value`",
    "dataclass_type": "must hold lines of `key: value`",
    "none_required": "must be left empty",
    "url_type": "must be a URL such as https://example.com",
    "url_parsing": "must be a URL such as https://example.com",
    "path_type": "must be a path such as var/innbox.db",
    "string_pattern_mismatch": "is not of the form that is wanted; see the plugin's README",
}

_WITH_LIMIT: Mapping[str, tuple[str, str]] = {
    "greater_than": ("must be more than {limit}; raise it", "gt"),
    "greater_than_equal": ("must be {limit} or more; raise it", "ge"),
    "less_than": ("must be less than {limit}; lower it", "lt"),
    "less_than_equal": ("must be {limit} or less; lower it", "le"),
    "string_too_short": ("is too short; write at least {limit} characters", "min_length"),
    "string_too_long": ("is too long; write at most {limit} characters", "max_length"),
    "too_short": ("is too short; give at least {limit}", "min_length"),
    "too_long": ("is too long; give at most {limit}", "max_length"),
    "literal_error": ("must be {limit}; choose one", "expected"),
    "enum": ("must be {limit}; choose one", "expected"),
    "url_scheme": ("must be a URL that begins with {limit}; change it", "expected_schemes"),
    "url_too_long": ("is too long a URL; write at most {limit} characters", "max_length"),
}


def near(key: str, known: Iterable[str]) -> str:
    """Return the nearest known names, or an empty text."""
    return " or ".join(difflib.get_close_matches(key, sorted(known), n=2, cutoff=0.6))
