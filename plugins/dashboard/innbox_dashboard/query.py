"""Reading what stands in an address: each raises `Refused` with a sentence for what does not fit."""

import re
from datetime import date
from enum import StrEnum
from typing import TypeVar

from starlette.requests import Request

from innbox import App, NotFound, Refused, User

MAX_TEXT = 200
MOST_AT_ONCE = 200  # conversations, messages or entries of a page
_WHOLE_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

Choice = TypeVar("Choice", bound=StrEnum)


def text(request: Request, name: str, most: int = MAX_TEXT) -> str | None:
    """Return a parameter, None where it is left out or empty. NUL is refused by databases."""
    value = request.query_params.get(name, "").strip()
    if len(value) > most:
        raise Refused(f"{name} has at most {most} characters.")
    if "\x00" in value:
        raise Refused(f"{name} has a character that cannot be looked for.")
    return value or None


def needed(request: Request, name: str) -> str:
    """Return a parameter that must be there."""
    value = text(request, name)
    if value is None:
        raise Refused(f"{name} is missing.")
    return value


def choice(request: Request, name: str, choices: type[Choice]) -> Choice | None:
    """Return one of some words."""
    value = text(request, name)
    if value is None:
        return None
    if value not in list(choices):
        raise Refused(f"{name} is one of {', '.join(choices)}.")
    return choices(value)


def number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """Return a whole number within bounds."""
    value = text(request, name)
    if value is None:
        return default
    if not _WHOLE_NUMBER.fullmatch(value) or not least <= int(value) <= most:
        raise Refused(f"{name} is a whole number from {least} to {most}.")
    return int(value)


def day(request: Request, name: str) -> date | None:
    """Return a day, which is written YYYY-MM-DD."""
    value = text(request, name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value) if _DAY.fullmatch(value) else _refuse_day(name)
    except ValueError:
        return _refuse_day(name)


def hotels(request: Request, app: App, user: User) -> frozenset[str] | None:
    """Return the hotels that are asked about: the one named, else all that the user may see (None: every one)."""
    asked = text(request, "hotel")
    if asked is None:
        return user.hotels
    if asked not in app.hotels or not user.may_see(asked):
        raise NotFound("There is no such hotel.")
    return frozenset((asked,))


def _refuse_day(name: str) -> date:
    raise Refused(f"{name} is a day, written YYYY-MM-DD.")
