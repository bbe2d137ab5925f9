"""What `innbox` exports is sorted, real, documented and pinned: plugins stand on it."""

from pathlib import Path

import innbox

PINNED = Path(__file__).with_name("public_api.txt")


def test_the_public_names_are_those_that_were_promised() -> None:
    """A new name is added to public_api.txt; to take one away breaks plugins."""
    assert sorted(innbox.__all__) == PINNED.read_text().split()


def test_the_public_names_are_sorted_and_real() -> None:
    def kind(name: str) -> tuple[int, str]:
        return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)

    assert list(innbox.__all__) == sorted(innbox.__all__, key=kind)
    for name in innbox.__all__:
        assert getattr(innbox, name) is not None


def test_public_classes_and_functions_are_documented() -> None:
    undocumented = [
        name
        for name in innbox.__all__
        if callable(getattr(innbox, name)) and not (getattr(getattr(innbox, name), "__doc__", "") or "").strip()
    ]

    assert not undocumented
