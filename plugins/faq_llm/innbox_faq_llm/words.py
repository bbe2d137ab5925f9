"""Words in five languages: folding, the topics that join them, and the phrases that steer."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "pt", "es", "fr", "de")
OPEN_END = 6  # letters from which on a topic's last word also stands for what begins with it


def fold(text: str) -> str:
    """Return a text in lower case, without accents, its words parted by single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(re.findall(r"[^\W_]+", plain))


@dataclass(frozen=True, slots=True)
class Said:
    """What a text is about: its topics, and the words that belong to none, in order."""

    topics: frozenset[str]
    words: tuple[str, ...]


class Phrases:
    """A set of phrases that can be found in folded text as whole words."""

    def __init__(self, phrases: Iterable[str]) -> None:
        folded = sorted({fold(phrase) for phrase in phrases}, key=len, reverse=True)
        self._pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, folded))})\b")

    def __contains__(self, folded: object) -> bool:
        return isinstance(folded, str) and self._pattern.search(folded) is not None

    def without(self, folded: str) -> str:
        """Return the text without the phrases."""
        return " ".join(self._pattern.sub(" ", folded).split())


class Topics:
    """Finds topics in folded text, the longest phrase first: "late check-out" is no "check-out"."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        self._topic_of = {fold(phrase): topic for topic, several in phrases.items() for phrase in several}
        longest_first = sorted(self._topic_of, key=len, reverse=True)
        self._pattern = re.compile(rf"\b(?:{'|'.join(_open_ended(phrase) for phrase in longest_first)})")

    def read(self, folded: str) -> Said:
        """Return the topics of a text and the words that are left."""
        topics: set[str] = set()

        def take(match: re.Match[str]) -> str:
            topics.add(self._topic(match.group()))
            return " "

        left = self._pattern.sub(take, folded)
        return Said(frozenset(topics), tuple(left.split()))

    def _topic(self, found: str) -> str:
        while found not in self._topic_of:  # an open end: cut back to the phrase
            found = found[:-1]
        return self._topic_of[found]


class Words:
    """The data files, read once by each plugin: about 60 ms, mostly for compiling patterns."""

    def __init__(self) -> None:
        self._words = _read("words.toml")
        topics = _read("topics.toml")
        self.topics = Topics({**topics["topics"], **topics["mentions"]})
        self.mentions = frozenset(topics["mentions"])
        self.texts: Mapping[str, Mapping[str, str]] = _read("texts.toml")
        self.stop = frozenset(word for phrase in self._all("stop") for word in fold(phrase).split())
        self.generic = frozenset(word for phrase in self._all("generic") for word in fold(phrase).split())
        self.greeting, self.thanks, self.person, self.urgent, self.problem = (
            Phrases(self._all(kind)) for kind in ("greeting", "thanks", "person", "urgent", "problem")
        )
        self._telltales = {language: self._common(language) for language in LANGUAGES}

    def language_of(self, text: str, otherwise: str | None) -> str:
        """Guess a text's language by its common words; where that is a draw, it is `otherwise`, or English."""
        words = fold(text).split()
        counts = {language: sum(word in known for word in words) for language, known in self._telltales.items()}
        best = max(counts.values())
        leading = [language for language in LANGUAGES if counts[language] == best and best > 0]
        hint = (otherwise or "")[:2].lower()
        if len(leading) == 1:
            return leading[0]
        if hint in LANGUAGES and (not leading or hint in leading):
            return hint
        return leading[0] if leading else LANGUAGES[0]

    def _common(self, language: str) -> frozenset[str]:
        kinds = ("stop", "generic", "greeting", "thanks")
        phrases = (phrase for kind in kinds for phrase in self._words[kind][language])
        return frozenset(word for phrase in phrases for word in fold(phrase).split())

    def _all(self, kind: str) -> list[str]:
        return [phrase for language in LANGUAGES for phrase in self._words[kind][language]]


def _open_ended(phrase: str) -> str:
    last = phrase.rsplit(" ", 1)[-1]
    return re.escape(phrase) + (r"\w*" if len(last) >= OPEN_END else r"\b")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("innbox_faq_llm") / "data" / name).read_text(encoding="utf-8"))
