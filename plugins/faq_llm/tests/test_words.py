import pytest

from innbox_faq_llm.words import LANGUAGES, Words, fold


@pytest.fixture(scope="module")
def words() -> Words:
    return Words()


def test_folding_takes_off_case_accents_and_signs() -> None:
    assert fold("  Pequeno-ALMOÇO, às 7:30! Straße ") == "pequeno almoco as 7 30 strasse"


def test_the_longest_phrase_is_the_topic(words: Words) -> None:
    assert words.topics.read("can i have a late check out").topics == {"late_check_out"}
    assert words.topics.read("late check out and check out").topics == {"late_check_out", "check_out"}
    assert words.topics.read("petit dejeuner").topics == {"breakfast"}
    assert words.topics.read("dejeuner").topics == {"restaurant"}


def test_long_words_also_stand_for_their_compounds(words: Words) -> None:
    assert words.topics.read(fold("Parkplatzgebühren")).topics == {"parking"}
    assert words.topics.read("barista").topics == set()


def test_what_is_no_topic_is_left_in_order(words: Words) -> None:
    assert words.topics.read("is breakfast good on sundays").words == ("is", "good", "on", "sundays")


def test_phrases_are_found_as_whole_words(words: Words) -> None:
    assert "my husband fell" in words.urgent
    assert "a fellow traveller" not in words.urgent


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("When is breakfast?", "en"),
        ("A que horas é o pequeno-almoço?", "pt"),
        ("¿A qué hora es el desayuno?", "es"),
        ("À quelle heure est le petit-déjeuner ?", "fr"),
        ("Wann gibt es Frühstück?", "de"),
        ("Olá", "pt"),
    ],
)
def test_a_language_is_known_by_its_common_words(words: Words, text: str, language: str) -> None:
    assert words.language_of(text, None) == language


@pytest.mark.parametrize(("hint", "language"), [("de-AT", "de"), ("PT", "pt"), ("ja", "en"), (None, "en")])
def test_where_words_tell_nothing_the_known_language_counts(words: Words, hint: str | None, language: str) -> None:
    assert words.language_of("Wifi?", hint) == language


def test_every_text_is_there_in_every_language(words: Words) -> None:
    for kind, texts in words.texts.items():
        assert set(texts) == set(LANGUAGES), kind


def test_a_stop_word_is_no_topic(words: Words) -> None:
    assert {word for word in words.stop if words.topics.read(word).topics} == set()
