"""Finding the passage that answers a question: full-text search proposes, the share of the question covered decides."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from innbox_faq_llm.facts import Passage
from innbox_faq_llm.words import Said, Words, fold

CANDIDATES = 24
# What a part of the question weighs.
TOPIC_WEIGHT, WORD_WEIGHT, GENERIC_WEIGHT = 3.0, 1.0, 0.25
# How well a passage covers it, by where it stands.
IN_HEADING, IN_PASSAGE, IN_SECTION = 1.0, 0.8, 0.5
_LONGEST_ENDING = 3  # `towel` may stand for `towels`, `bread` not for `breakfast`


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: topics, words of weight, and generic ones."""

    topics: frozenset[str]
    words: tuple[str, ...]
    generic: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.topics or self.words)


@dataclass(frozen=True, slots=True)
class Found:
    """A passage with the share of the question that it covers (0 to 1), and whether its heading covers some."""

    passage: Passage
    score: float
    heading_fits: bool


@dataclass(frozen=True, slots=True)
class _Known:
    passage: Passage
    said: Said
    heading: Said
    section: Said


class Index:
    """The passages of one facts text. Searching takes about a millisecond for a facts file of a hotel's size."""

    def __init__(self, passages: Sequence[Passage], words: Words) -> None:
        self._words = words
        self._known = _know(passages, words)
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._sql = _statements()
        self._database.execute(self._sql["create"])
        self._database.executemany(self._sql["add"], [_row(number, known) for number, known in enumerate(self._known)])

    def close(self) -> None:
        self._database.close()

    def section(self, number: int) -> list[Passage]:
        """Return the passages of a section, in order."""
        return [known.passage for known in self._known if known.passage.section == number]

    def find(self, question: Question) -> list[Found]:
        """Return the passages that cover some of the question, the best first."""
        if not question:
            return []
        rows = self._database.execute(self._sql["find"], (_query(question), CANDIDATES)).fetchall()
        found = [self._weigh(question, self._known[number]) for number, _ in rows]
        return sorted(found, key=lambda one: -one.score)  # sorting keeps the order of search where scores are equal

    def _weigh(self, question: Question, known: _Known) -> Found:
        total = covered = in_heading = 0.0
        for topic in question.topics:
            weight = WORD_WEIGHT if topic in self._words.mentions else TOPIC_WEIGHT
            places = (topic in known.heading.topics, topic in known.said.topics, topic in known.section.topics)
            total, covered = total + weight, covered + weight * _value(places)
            in_heading += places[0]
        for words, weight in ((question.words, WORD_WEIGHT), (question.generic, GENERIC_WEIGHT)):
            for word in words:
                places = (_has(known.heading, word), _has(known.said, word), _has(known.section, word))
                total, covered = total + weight, covered + weight * _value(places)
                in_heading += places[0] and weight == WORD_WEIGHT
        return Found(known.passage, covered / total, in_heading > 0)


def _know(passages: Sequence[Passage], words: Words) -> list[_Known]:
    read = words.topics.read
    said = [read(fold(passage.text)) for passage in passages]
    sections: dict[int, Said] = {}
    for passage, one in zip(passages, said, strict=True):
        before = sections.get(passage.section, Said(frozenset(), ()))
        sections[passage.section] = Said(before.topics | one.topics, before.words + one.words)
    headings = {passage.heading: read(fold(passage.heading)) for passage in passages}
    return [
        _Known(passage, one, headings[passage.heading], sections[passage.section])
        for passage, one in zip(passages, said, strict=True)
    ]


def _row(number: int, known: _Known) -> tuple[int, str, str, str, str]:
    texts = (" ".join(known.heading.words), " ".join(known.said.words))
    return (number, *texts, _topic_words(known.heading.topics), _topic_words(known.said.topics))


def _topic_words(topics: frozenset[str]) -> str:
    return " ".join(topic.replace("_", "") for topic in sorted(topics))


def _query(question: Question) -> str:
    """Return the question in FTS5's language. Every word was folded to letters and digits, so quoting is enough."""
    parts = [f'{{heading_topics body_topics}} : "{_topic_words(frozenset({topic}))}"' for topic in question.topics]
    words = (*question.words, *question.generic)
    parts += [f'{{heading body}} : "{_stem(word)}" *' for word in words]
    return " OR ".join(parts)


def _value(places: tuple[bool, bool, bool]) -> float:
    in_heading, in_passage, in_section = places
    return IN_HEADING if in_heading else IN_PASSAGE if in_passage else IN_SECTION if in_section else 0.0


def _has(said: Said, word: str) -> bool:
    stem, longest = _stem(word), len(word) + _LONGEST_ENDING
    if len(word) < 4:
        return word in said.words
    return any(known.startswith(stem) and len(known) <= longest for known in said.words)


def _stem(word: str) -> str:
    """Return the part of a word by which its other forms are found; not grammar, but the same for five languages."""
    if len(word) >= 8:
        return word[:-2]
    return word[:-1] if len(word) >= 5 else word


def _statements() -> dict[str, str]:
    text = (files("innbox_faq_llm") / "index.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
