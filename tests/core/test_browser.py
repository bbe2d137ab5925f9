from pathlib import Path

import pytest

from innbox.testing.browser import MISSING, NAMES, VARIABLE, find_browser


def program(folder: Path, name: str) -> str:
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return str(file)


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose programs all lie in one folder, which is empty."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def test_the_browser_of_the_machine_is_found(path: Path) -> None:
    chrome = program(path, NAMES[-1])
    assert find_browser() == chrome

    chromium = program(path, NAMES[0])
    assert find_browser() == chromium


def test_another_may_be_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, NAMES[0])
    mine = program(path, "my-browser")

    monkeypatch.setenv(VARIABLE, "my-browser")

    assert find_browser() == mine


def test_without_one_there_is_none_and_the_words_name_the_way_out() -> None:
    assert find_browser() is None
    assert VARIABLE in MISSING
