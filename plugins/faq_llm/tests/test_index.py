from collections.abc import Iterator

import pytest

from innbox_faq_llm.facts import read_facts
from innbox_faq_llm.index import Index, Question
from innbox_faq_llm.words import Words


def question(*words: str, topics: frozenset[str] = frozenset(), generic: tuple[str, ...] = ()) -> Question:
    return Question(topics, words, generic)


@pytest.fixture
def index() -> Iterator[Index]:
    facts = """
## Breakfast
Breakfast is served from 7:30.

## Prices
Prices are with breakfast.

## Pets
Small dogs are welcome. They may not come to the terraces.
"""
    index = Index(read_facts(facts), Words())
    yield index
    index.close()


def test_a_heading_counts_more_than_a_mention(index: Index) -> None:
    first, second = index.find(question(topics=frozenset({"breakfast"})))

    assert (first.passage.heading, first.score, first.heading_fits) == ("Breakfast", 1.0, True)
    assert (second.passage.heading, second.heading_fits) == ("Prices", False)
    assert second.score == pytest.approx(0.8)


def test_other_forms_of_a_word_are_found(index: Index) -> None:
    assert index.find(question("terrace"))[0].passage.text == "They may not come to the terraces."


def test_a_word_is_not_found_in_a_much_longer_one(index: Index) -> None:
    assert all(found.score == 0 for found in index.find(question("bread")))


def test_the_score_is_the_share_that_is_covered(index: Index) -> None:
    (found,) = [one for one in index.find(question("welcome", "elephants")) if one.score]

    assert found.score == pytest.approx(0.4)


def test_what_has_no_subject_finds_nothing(index: Index) -> None:
    assert index.find(question(generic=("time",))) == []


def test_words_of_the_query_language_are_words(index: Index) -> None:
    assert index.find(question("near", "and", "or", "not")) is not None
