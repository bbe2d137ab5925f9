"""Lines of the log: each is one line, whatever strangers put into it."""

from typing import Any

import pytest

from innbox.logs import one_line


@pytest.mark.parametrize("text", ["a\r\nb", "\x1b[31mred", "\x9b31m", "bell\x07", "\u2028", "\u202eback", "\x00"])
def test_what_could_steer_a_terminal_is_escaped(text: str) -> None:
    line = one_line(None, "info", {"event": text, "path": text})

    assert line["event"].isprintable()
    assert line["path"].isprintable()
    assert "\\x" in line["path"]


def test_a_traceback_keeps_its_lines() -> None:
    line = one_line(None, "error", {"exception": 'Traceback:\n\tValueError: "\x1b[2J"'})

    assert line["exception"] == 'Traceback:\n\tValueError: "\\x1b[2J"'


def test_all_else_stays() -> None:
    event: dict[str, Any] = {"event": "gäste: 3 – olá", "count": 3, "more": None}

    assert one_line(None, "info", dict(event)) == event
