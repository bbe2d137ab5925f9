"""Where two values of the ports differ, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from innbox.testing.store_machine.model import AT_ONCE, come

DUE = frozenset({"answer_at", "deliver_at"})  # once such a time has come, it does not matter how long ago that was


def differences(expected: Any, found: Any, at: str = "") -> Iterator[str]:
    """Yield one line for each place at which `found` is not what was expected."""
    if at.rpartition(".")[2] in DUE:
        expected, found = _settled(expected), _settled(found)
    if is_dataclass(expected) and type(expected) is type(found):
        for one in fields(expected):
            yield from differences(getattr(expected, one.name), getattr(found, one.name), f"{at}.{one.name}")
    elif isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in [*expected, *(key for key in found if key not in expected)]:
            yield from differences(expected.get(key), found.get(key), f"{at}.{key}")
    elif isinstance(expected, tuple) and isinstance(found, tuple) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{at}[{number}]")
    elif expected != found:
        yield f"{at or 'result'}: expected {expected!r}, found {found!r}"


def _settled(moment: Any) -> Any:
    return AT_ONCE if isinstance(moment, datetime) and come(moment) else moment
