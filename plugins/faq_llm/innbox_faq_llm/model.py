"""The model: it answers with what the hotel's facts say, word for word, or hands over."""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from innbox import ChatMessage, Completion, CompletionRequest, Snippet, Usage
from innbox_faq_llm.facts import Passage, as_text, read_facts
from innbox_faq_llm.index import Index, Question
from innbox_faq_llm.words import Words, fold

MAX_INDEXES = 32  # facts texts whose index is kept
MAX_QUESTION = 4000  # characters that are read; a longer text is no question
MAX_PARTS = 5  # questions answered at once
SAME_SCORE = 0.9  # passages of a section that cover nearly as much as its best are told with it
_PART_END = re.compile(r"(?<=[?!.…])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a guest said."""

    text: str
    folded: str
    question: Question
    is_question: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the facts say, and under which heading."""

    text: str
    source: str


class FaqModel:
    """Implements the LLM port by search, without a network."""

    def __init__(self, name: str, min_score: float, max_chars: int) -> None:
        self.name = name
        self._min_score = min_score
        self._max_chars = max_chars
        self._words = Words()
        self._indexes: OrderedDict[str, Index] = OrderedDict()

    def learn(self, facts: str) -> None:
        """Index a facts text now, so that its first question is as quick as the next."""
        self._index(facts, ())

    def close(self) -> None:
        """Forget the indexes."""
        while self._indexes:
            self._indexes.popitem()[1].close()

    async def complete(self, request: CompletionRequest) -> Completion:
        """Answer from the facts, or hand over with a reason for staff. Never raises."""
        started = time.perf_counter()
        completion = self._answer(request)
        return replace(completion, model=self.name, usage=Usage(seconds=time.perf_counter() - started, cost_usd=0.0))

    def _answer(self, request: CompletionRequest) -> Completion:
        asked = request.question[:MAX_QUESTION]
        folded = fold(asked)
        language = self._words.language_of(asked, request.language)
        for phrases, reason in (
            (self._words.urgent, "This may be urgent: the guest may need help now."),
            (self._words.person, "The guest asks for a person."),
            (self._words.problem, "The guest has a problem, or something of their own to settle."),
        ):
            if folded in phrases:
                return Completion(hand_over=True, reason=reason)
        parts = self._parts(asked, request)
        if not any(part.question for part in parts):
            parts = self._parts(f"{_said_before(request.dialogue)} {asked}", request) if _goes_on(parts) else []
        if not any(part.question for part in parts):
            return self._small_talk(folded, request, language)
        return self._look_up(parts, request, language)

    def _parts(self, asked: str, request: CompletionRequest) -> list[Part]:
        """Part what was asked. What has no subject of its own belongs to what was said before it."""
        hotel = frozenset(fold(request.hotel).split())
        parts: list[Part] = []
        for text in _PART_END.split(asked):
            part = self._part(text, hotel)
            if not part.folded:
                continue
            if parts and not part.question:
                text = f"{parts[-1].text} {text}"
                joined = self._part(text, hotel)
                parts[-1] = replace(joined, is_question=parts[-1].is_question or part.is_question)
            elif parts and not parts[-1].question:
                parts[-1] = part
            else:
                parts.append(part)
        return parts

    def _part(self, text: str, hotel: frozenset[str]) -> Part:
        words = self._words
        folded = fold(text)
        said = words.topics.read(words.thanks.without(words.greeting.without(folded)))
        known = words.stop | hotel
        question = Question(
            said.topics,
            tuple(dict.fromkeys(word for word in said.words if word not in known and word not in words.generic)),
            tuple(dict.fromkeys(word for word in said.words if word not in known and word in words.generic)),
        )
        return Part(text, folded, question, text.rstrip().endswith("?") or bool(said.topics))

    def _small_talk(self, folded: str, request: CompletionRequest, language: str) -> Completion:
        for phrases, kind in ((self._words.greeting, "greeting"), (self._words.thanks, "thanks")):
            if folded in phrases and len(folded.split()) <= 8:
                return Completion(self._words.texts[kind][language].format(hotel=request.hotel))
        return Completion(hand_over=True, reason="It is not clear what the guest asks.")

    def _look_up(self, parts: Sequence[Part], request: CompletionRequest, language: str) -> Completion:
        """Answer every part. A question that the facts do not answer goes to staff with all the others: half an answer
        would leave the guest waiting for the rest. A remark that they do not know is let pass."""
        index = self._index(request.facts, request.snippets)
        answers: list[Answer] = []
        for part in parts[:MAX_PARTS]:
            answer = self._find(index, part.question)
            if answer is not None:
                answers.append(answer)
            elif part.is_question:
                return Completion(hand_over=True, reason=f"The facts do not answer: “{_short(part.text)}”")
        if not answers or len(parts) > MAX_PARTS:
            return Completion(hand_over=True, reason="The facts do not answer what the guest wrote.")
        return self._told(list(dict.fromkeys(answers)), language)

    def _find(self, index: Index, question: Question) -> Answer | None:
        found = index.find(question)
        if not found or found[0].score < self._min_score:
            return None
        best = found[0]
        section = index.section(best.passage.section)
        if not best.heading_fits:
            near = {one.passage for one in found if one.score >= best.score * SAME_SCORE}
            section = [passage for passage in section if passage in near]
        return Answer(as_text(self._as_much_as_fits(section, best.passage)), best.passage.heading)

    def _as_much_as_fits(self, section: Sequence[Passage], best: Passage) -> list[Passage]:
        """Return whole passages from the section's start, or where the best one would be lost, from there."""
        for first in (0, section.index(best)):
            kept: list[Passage] = []
            for passage in section[first:]:
                if kept and len(as_text([*kept, passage])) > self._max_chars:
                    break
                kept.append(passage)
            if best in kept:
                return kept
        return [best]

    def _told(self, answers: Sequence[Answer], language: str) -> Completion:
        told = self._words.texts["source"][language]
        texts = [
            f"{answer.text}\n{told.format(source=answer.source)}" if answer.source else answer.text
            for answer in answers
        ]
        sources = tuple(dict.fromkeys(answer.source or "facts" for answer in answers))
        return Completion("\n\n".join(texts), sources=sources)

    def _index(self, facts: str, snippets: Sequence[Snippet]) -> Index:
        """Return the index of these facts, made at their first question."""
        whole = "\0".join([facts, *(f"{snippet.source}\0{snippet.text}" for snippet in snippets)])
        key = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()
        index = self._indexes.get(key)
        if index is None:
            index = self._indexes[key] = Index(read_facts(facts, snippets), self._words)
            while len(self._indexes) > MAX_INDEXES:
                self._indexes.popitem(last=False)[1].close()
        self._indexes.move_to_end(key)
        return index


def _goes_on(parts: Sequence[Part]) -> bool:
    """Say whether something is asked without naming the subject: "And how much does it cost?"."""
    return any(part.question.generic for part in parts)


def _said_before(dialogue: Sequence[ChatMessage]) -> str:
    """Return what the guest said last before the last answer."""
    answered = max((number for number, message in enumerate(dialogue) if message.role == "assistant"), default=0)
    said = [message.content for message in dialogue[:answered] if message.role == "user"]
    return said[-1][:MAX_QUESTION] if said else ""


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:200].rstrip() + "…"
