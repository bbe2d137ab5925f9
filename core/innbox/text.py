"""Text at the door and on the way out: cleaning what comes in, splitting what is too long to leave in one piece."""

import re
from typing import Any

REPLACEMENT = "\ufffd"
_REFUSED = re.compile("[\x00\ud800-\udfff]")
_ENDS = (re.compile(r"(?<=[.!?…。！？])[\s]+"), re.compile(r"\n+"), re.compile(r"\s+"))


def clean_text(text: str) -> str:
    """Replace what databases refuse (NUL, lone surrogates) by U+FFFD; all else stays as the guest wrote it."""
    return _REFUSED.sub(REPLACEMENT, text)


def clean_json(value: Any) -> Any:
    """Clean every text within a JSON value."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(key)): clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return value


def split_text(text: str, max_chars: int | None, max_parts: int) -> tuple[list[str], bool]:
    """Split a text into parts of at most `max_chars`, at sentences where it can, else at lines, words, characters.

    Return the parts, `max_parts` at most, and whether all of the text is in them.
    """
    text = text.strip()
    if max_chars is None or len(text) <= max_chars:
        return [text], True
    parts: list[str] = []
    while text and len(parts) < max_parts:
        head, text = _cut(text, max_chars)
        parts.append(head)
    return parts, not text


def _cut(text: str, max_chars: int) -> tuple[str, str]:
    """Cut off the first part; the cut is the last good one in the second half of the room there is."""
    if len(text) <= max_chars:
        return text, ""
    for end in _ENDS:
        places = [match.start() for match in end.finditer(text, 0, max_chars + 1) if match.start() >= max_chars // 2]
        if places:
            return text[: places[-1]].rstrip(), text[places[-1] :].lstrip()
    return text[:max_chars], text[max_chars:]
