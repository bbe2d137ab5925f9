from innbox.text import clean_json, clean_text, split_text


def test_what_databases_refuse_is_replaced() -> None:
    assert clean_text("a\x00b\ud800c") == "a\ufffdb\ufffdc"
    assert clean_json({"k\x00": ["v\x00", 1, None]}) == {"k\ufffd": ["v\ufffd", 1, None]}


def test_a_short_text_stays_whole() -> None:
    assert split_text(" Good evening. ", 1600, 4) == (["Good evening."], True)
    assert split_text("x" * 5000, None, 4) == (["x" * 5000], True)


def test_a_long_text_is_split_at_sentences() -> None:
    text = " ".join(f"Sentence number {number} ends here." for number in range(40))

    parts, whole = split_text(text, 300, 10)

    assert whole
    assert all(len(part) <= 300 and part.endswith(".") for part in parts)
    assert " ".join(parts) == text


def test_without_sentences_it_is_split_at_words_and_then_anywhere() -> None:
    parts, whole = split_text("word " * 100, 60, 20)
    assert whole
    assert all(len(part) <= 60 and not part.startswith(" ") for part in parts)

    parts, whole = split_text("x" * 100, 40, 4)
    assert (parts, whole) == (["x" * 40, "x" * 40, "x" * 20], True)


def test_more_than_the_parts_allowed_is_said() -> None:
    parts, whole = split_text("x" * 1000, 100, 4)

    assert len(parts) == 4
    assert not whole
