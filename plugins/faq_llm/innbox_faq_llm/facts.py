"""Reading a hotel's facts: markdown becomes passages, each a sentence or a list item under its heading."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from innbox import Snippet

_HEADING = re.compile(r"^#{1,6}(?:\s+(.*?))?\s*#*\s*$")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+(.*)$")
_RULE = re.compile(r"^\s*(?:[-*_|:\s]){3,}$")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[^\sa-z])")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)\s]+)[^)]*\)")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or a list item. `section` counts the headings of the facts; `heading` is the innermost one, or the
    source of a snippet; it is empty above the first."""

    section: int
    heading: str
    text: str
    is_item: bool = False


def read_facts(facts: str, snippets: Sequence[Snippet] = ()) -> list[Passage]:
    """Return the passages of a facts file in their order, then those of the snippets."""
    passages = list(_passages(_COMMENT.sub("", facts), 0, ""))
    for number, snippet in enumerate(snippets, passages[-1].section + 1 if passages else 0):
        passages.extend(_passages(snippet.text, number * 1000, snippet.source))
    return passages


def as_text(passages: Sequence[Passage]) -> str:
    """Return passages as a chat message shows them: sentences in a row, items on lines of their own."""
    text = ""
    for passage in passages:
        if passage.is_item:
            text += ("\n" if text else "") + f"- {passage.text}"
        else:
            text += ("" if not text else "\n" if text.rsplit("\n", 1)[-1].startswith("- ") else " ") + passage.text
    return text


def _passages(markdown: str, section: int, heading: str) -> Iterator[Passage]:
    paragraph: list[str] = []
    item: list[str] = []

    def finish() -> Iterator[Passage]:
        if item:
            yield Passage(section, heading, " ".join(item), is_item=True)
        for sentence in _SENTENCE_END.split(" ".join(paragraph)):
            if sentence.strip():
                yield Passage(section, heading, sentence.strip())
        paragraph.clear()
        item.clear()

    for line in markdown.splitlines():
        found_heading, found_item = _HEADING.match(line), _ITEM.match(line)
        if not line.strip() or found_heading or found_item or _RULE.match(line):
            yield from finish()
        if found_heading:
            section, heading = section + 1, _plain(found_heading.group(1) or "")
        elif found_item:
            item.append(_plain(found_item.group(1)))
        elif line.strip() and not _RULE.match(line):
            (item if item else paragraph).append(_plain(line))
    yield from finish()


def _plain(line: str) -> str:
    """Return a line without markdown's signs; a link becomes its words and its address, a table's row its cells."""
    line = _LINK.sub(_link, line.strip())
    line = _EMPHASIS.sub(r"\2", line)
    if line.startswith("|"):
        line = ", ".join(cell.strip() for cell in line.strip("|").split("|") if cell.strip())
    return line.removeprefix("> ").strip()


def _link(match: re.Match[str]) -> str:
    words, address = match.groups()
    return address if not words or words == address else f"{words} ({address})"
