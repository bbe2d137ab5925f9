"""The language of a page: which one a visitor reads, and the sentences in it.

The sentences lie in `messages/LANGUAGE.toml`; every language has the same keys.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from innbox import InnboxError, Refused, StoreUnavailable
from innbox_dashboard.session import local_path

LANGUAGES: Mapping[str, str] = {  # each by its own name
    "en": "English",
    "pt": "Português",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
}
COOKIE = "innbox_language"
_A_YEAR = 365 * 24 * 3600
_QUALITY = re.compile(r"q=([01](?:\.[0-9]{1,3})?)", re.ASCII)


class Texts:
    """The sentences of one language: `texts("people.title")`, with values for what stands in braces."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._sentences = sentences(language)

    def __call__(self, key: str, **values: Any) -> str:
        """Return a sentence; raises `KeyError` where there is none."""
        sentence = self._sentences[key]
        return sentence.format(**values) if values else sentence

    def named(self, section: str, word: str) -> str:
        """Return the sentence for a word of the data; the word itself where there is none."""
        return self._sentences.get(f"{section}.{word}", word)

    def told(self, error: InnboxError) -> str:
        """Return an error's sentence: in this language where the error's code has one here, else as it came."""
        if isinstance(error, StoreUnavailable):
            return self("refused.unavailable")
        code = error.code if isinstance(error, Refused) else type(error).__name__.lower()
        return self._sentences.get(f"refused.{code}", str(error))


@cache
def sentences(language: str) -> Mapping[str, str]:
    """Return a language's sentences by their keys, `section.name`."""
    text = (files("innbox_dashboard") / "messages" / f"{language}.toml").read_text("utf-8")
    return dict(_flat(tomllib.loads(text)))


def language_of(connection: HTTPConnection) -> str:
    """Return the language that a visitor has chosen, else the first of their browser's that we have, else English."""
    chosen = connection.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    return next((found for found in _wanted(connection.headers.get("accept-language", "")) if found in LANGUAGES), "en")


async def choose(request: Request) -> Response:
    """`POST /language` with the fields `language` and `next`: keep the choice in a cookie, and go back."""
    async with request.form() as form:
        language, target = form.get("language"), local_path(form.get("next"))
    if not isinstance(language, str) or language not in LANGUAGES:
        raise Refused(f"The language is one of {', '.join(LANGUAGES)}.")
    response = RedirectResponse(target, 303)
    # The desk's own script reads it, so it is not hidden from scripts; it says nothing that a page would not.
    response.set_cookie(COOKIE, language, max_age=_A_YEAR, path="/", samesite="lax")
    return response


def _wanted(header: str) -> Iterator[str]:
    """Yield the languages of an Accept-Language header without their regions, the most wanted first (RFC 9110,
    section 12.5.4)."""
    ranges = []
    for place, part in enumerate(header[:500].split(",")):
        tag, _, parameters = part.strip().partition(";")
        quality = _QUALITY.search(parameters)
        ranges.append((-float(quality[1]) if quality else -1.0, place, tag.partition("-")[0].lower()))
    return (tag for quality, _, tag in sorted(ranges) if quality)


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
