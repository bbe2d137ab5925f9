"""What `innbox` exports is sorted, real and documented: plugins stand on it."""

import innbox


def test_the_public_names_are_sorted_and_real() -> None:
    assert list(innbox.__all__) == sorted(innbox.__all__)
    for name in innbox.__all__:
        assert getattr(innbox, name) is not None


def test_public_classes_and_functions_are_documented() -> None:
    undocumented = [
        name
        for name in innbox.__all__
        if callable(getattr(innbox, name)) and not (getattr(getattr(innbox, name), "__doc__", "") or "").strip()
    ]

    assert not undocumented
