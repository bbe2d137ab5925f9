"""Words of danger, and wishes to hear no more: found whatever their case, accents and punctuation, and nowhere else."""

import tomllib
from importlib.resources import files
from itertools import chain

import pytest

from innbox.phrases import Danger, opts_out, words_of


@pytest.mark.parametrize(
    ("text", "word", "language"),
    [
        ("FIRE!!! room 12", "fire", "en"),
        ("I can’t breathe", "can't breathe", "en"),
        ("we are locked out", "locked out", "en"),
        ("Nao consigo respirar", "não consigo respirar", "pt"),
        ("Estamos PRESOS no elevador.", "presos no elevador", "pt"),
        ("¡Hay humo en el pasillo!", "hay humo", "es"),
        ("Il y a le feu au 3e", "feu", "fr"),
        ("Ich bin ausgesperrt", "ausgesperrt", "de"),
        ("wir wurden ueberfallen", "überfallen", "de"),
    ],
)
def test_words_of_danger_are_found_however_they_are_written(text: str, word: str, language: str) -> None:
    found = Danger().in_text(text)

    assert (found.words, found.language) == ((word,), language)


@pytest.mark.parametrize(
    "text",
    [
        "Is there a fireplace in the room?",
        "Does the terrace have a fire pit?",
        "May I smoke on the balcony?",
        "What brand is the coffee machine?",
        "Where is the emergency exit, in case of emergency?",
        "Wir freuen uns auf das Feuerwerk",
        "Há fogo de artifício na passagem de ano?",
        "Peut-on voir le feu d'artifice ?",
        "Ist das Frühstück eingeschlossen?",
        "Where can I stop a taxi?",
        "",
    ],
)
def test_a_question_is_no_alarm(text: str) -> None:
    assert not Danger().in_text(text)


def test_a_harmless_phrase_hides_no_danger_beside_it() -> None:
    assert Danger().in_text("The fire pit set the curtain on fire").words == ("on fire",)


def test_every_phrase_of_the_list_is_found_by_itself_and_no_harmless_one() -> None:
    listed = tomllib.loads(files("innbox.phrases").joinpath("danger.toml").read_text(encoding="utf-8"))
    danger = Danger()

    assert set(listed) == {"en", "pt", "es", "fr", "de"}
    for phrase in chain.from_iterable(lists["danger"] for lists in listed.values()):
        assert danger.in_text(f"Please help: {phrase}!"), phrase
    for phrase in chain.from_iterable(lists["harmless"] for lists in listed.values()):
        assert not danger.in_text(phrase), phrase


def test_what_a_hotel_adds_is_meant() -> None:
    danger = Danger(["Wasserschaden", "fire pit"])

    assert danger.in_text("ein WASSERSCHADEN im Bad").words == ("Wasserschaden",)
    assert danger.in_text("the fire pit").words == ("fire pit",)


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Stopp!", "ARRET", "arrêt", "baja", "Sair", "unsubscribe"])
def test_a_whole_message_opts_out(text: str) -> None:
    assert opts_out(text) is True


@pytest.mark.parametrize("text", ["START", "start!", "Começar", "alta"])
def test_a_whole_message_opts_in_again(text: str) -> None:
    assert opts_out(text) is False


@pytest.mark.parametrize("text", ["Where does the bus stop?", "stop by at nine", "cancel", "", "stop " * 100, "!"])
def test_any_other_message_opts_nobody_out(text: str) -> None:
    assert opts_out(text) is None


def test_words_are_lower_case_without_accents() -> None:
    assert words_of("Ó Straße — l’été 24/7") == ("o", "strasse", "l", "ete", "24", "7")
