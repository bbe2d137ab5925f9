"""Phrases that need no model: words of danger, how guests opt out of messages, and what staff are told in notes.

Those of guests are found as whole words, whatever their case, accents and punctuation.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

MOST_LOOKED_AT = 10_000  # characters of a message
MOST_COUNTED = 200  # words looked at for their language
SURE, SHARE = 2, 0.2  # points that tell it, and points a word

_WORD = re.compile(r"\w+")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue"}  # how they are written where a keyboard has none

Words = tuple[str, ...]


def words_of(text: str) -> Words:
    """Return the words of a text, in lower case and without accents."""
    lower = text[:MOST_LOOKED_AT].casefold()
    return tuple(_WORD.findall(lower if lower.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFKD", lower))))


@dataclass(frozen=True, slots=True)
class Found:
    """The phrases found in a text, as they are listed, and the language of the first (None: a hotel's own)."""

    words: tuple[str, ...]
    language: str | None = None

    def __bool__(self) -> bool:
        return bool(self.words)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase to look for; one that is `listed` as None means no danger."""

    words: Words
    listed: str | None
    language: str | None = None


class Danger:
    """The words of danger: those that Innbox brings in five languages, and more where a hotel adds some."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        own = [_Phrase(words_of(phrase), phrase) for phrase in more]
        self._beginning: dict[str, list[_Phrase]] = {}
        known: set[Words] = set()
        for phrase in (*own, *_brought()):  # what a hotel adds is meant, whatever else is listed
            if phrase.words and phrase.words not in known:
                known.add(phrase.words)
                self._beginning.setdefault(phrase.words[0], []).append(phrase)
        for phrases in self._beginning.values():
            phrases.sort(key=lambda phrase: -len(phrase.words))

    def in_text(self, text: str) -> Found:
        """Return what is found in a guest's text, the first first."""
        return self.in_words(words_of(text))

    def in_words(self, words: Words) -> Found:
        """The same, for a text's words."""
        found: list[_Phrase] = []
        place = 0
        while place < len(words):
            phrase = self._at(words, place)
            place += len(phrase.words) if phrase else 1
            if phrase and phrase.listed:
                found.append(phrase)
        return Found(tuple(dict.fromkeys(str(phrase.listed) for phrase in found)), found[0].language if found else None)

    def _at(self, words: Words, place: int) -> _Phrase | None:
        """Return the longest phrase that begins at a place."""
        for phrase in self._beginning.get(words[place], ()):
            if words[place : place + len(phrase.words)] == phrase.words:
                return phrase
        return None


def opts_out(words: Words) -> bool | None:
    """Say whether a guest's whole message opts out (True) or in again (False) of messages that they did not ask for;
    None for any other message."""
    return _opting_out().get(words)


def language_of(words: Words) -> str | None:
    """Return the language of a text where it is plain to see that it is one of those of `languages.toml`; None where it
    is not."""
    points: dict[str, int] = {}
    known = _known_words()
    looked_at = words[:MOST_COUNTED]
    for word in looked_at:
        for language, weight in known.get(word, ()):
            points[language] = points.get(language, 0) + weight
    (best, most), (_, second), *_ = sorted([*points.items(), ("", 0), ("", 0)], key=lambda item: -item[1])
    return best if most >= max(SURE, len(looked_at) * SHARE) and most > 1.5 * second else None


def sentence_in(sentence: str, language: str) -> str:
    """Return one of Innbox's own sentences for staff in their language; any other as it is."""
    return str(_sentences().get(sentence, {}).get(language, sentence))


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    return _listed("sentences.toml")


@cache
def _brought() -> tuple[_Phrase, ...]:
    return tuple(_read_danger())


def _read_danger() -> Iterator[_Phrase]:
    for language, lists in _listed("danger.toml").items():
        for phrase in lists["danger"]:
            yield from (_Phrase(words, phrase, language) for words in _spellings(phrase))
        for phrase in lists["harmless"]:
            yield from (_Phrase(words, None) for words in _spellings(phrase))


@cache
def _known_words() -> Mapping[str, Sequence[tuple[str, int]]]:
    known: dict[str, list[tuple[str, int]]] = {}
    for language, lists in _listed("languages.toml").items():
        for weight, name in ((1, "words"), (2, "greeting")):
            for word in {words[0] for listed in lists[name] for words in _spellings(listed)}:
                known.setdefault(word, []).append((language, weight))
    return known


@cache
def _opting_out() -> Mapping[Words, bool]:
    listed = _listed("opting_out.toml")
    wishes = {words: False for phrase in listed["in"] for words in _spellings(phrase)}
    return wishes | {words: True for phrase in listed["out"] for words in _spellings(phrase)}


def _listed(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _spellings(phrase: str) -> set[Words]:
    written = phrase.lower()
    for umlaut, letters in _UMLAUTS.items():
        written = written.replace(umlaut, letters)
    return {words_of(phrase), words_of(written)}
