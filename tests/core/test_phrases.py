"""Words of danger, and wishes to hear no more: found whatever their case, accents and punctuation, and nowhere else."""

import tomllib
from importlib.resources import files
from itertools import chain

import pytest

from innbox.phrases import Danger, language_of, opts_out, sentence_in, words_of


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
    assert opts_out(words_of(text)) is True


@pytest.mark.parametrize("text", ["START", "start!", "Começar", "alta"])
def test_a_whole_message_opts_in_again(text: str) -> None:
    assert opts_out(words_of(text)) is False


@pytest.mark.parametrize("text", ["Where does the bus stop?", "stop by at nine", "cancel", "", "stop " * 100, "!"])
def test_any_other_message_opts_nobody_out(text: str) -> None:
    assert opts_out(words_of(text)) is None


def test_words_are_lower_case_without_accents() -> None:
    assert words_of("Ó Straße — l’été 24/7") == ("o", "strasse", "l", "ete", "24", "7")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello!", "en"),
        ("Is the pool heated in May?", "en"),
        ("Olá, obrigado!", "pt"),
        ("A que horas é o pequeno-almoço amanhã?", "pt"),
        ("Buenas noches, ¿dónde puedo aparcar?", "es"),
        ("Bonjour, avez-vous une chambre pour deux nuits ?", "fr"),
        ("Guten Abend, können wir noch einchecken?", "de"),
        ("koennen wir frueher fruehstuecken, bitte", "de"),
        ("Ich habe ein Zimmer mit breakfast gebucht", "de"),
        ("Buongiorno, avete una camera con vista sul mare?", "it"),
        ("Hoe laat is het ontbijt, en kunnen we vroeg inchecken?", "nl"),
        ("The room is lovely, and we had a great night in the bar by the pool with all our friends of old", "en"),
    ],
)
def test_a_language_is_known_where_it_is_plain_to_see(text: str, language: str) -> None:
    assert language_of(words_of(text)) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ok",
        "12:30",
        "Check-in 15:00",
        "はい、お願いします",
        "Miramar",
        "the und",
        "Jó napot kívánok, szeretnék egy szobát is",
    ],
)
def test_a_language_that_is_not_plain_to_see_is_nobodys(text: str) -> None:
    assert language_of(words_of(text)) is None


def test_no_word_tells_two_languages_of_the_desk() -> None:
    listed = tomllib.loads(files("innbox.phrases").joinpath("languages.toml").read_text(encoding="utf-8"))
    told: dict[str, str] = {}
    for language, lists in ((language, listed[language]) for language in ("en", "pt", "es", "fr", "de")):
        for word in {words_of(word)[0] for name in lists for word in lists[name]}:
            assert told.setdefault(word, language) == language, f"{word} is in {told[word]} and {language}"


def test_a_sentence_of_ours_is_told_in_the_language_of_staff_where_we_have_it() -> None:
    assert sentence_in("The bot asks for a person.", "pt") == "O bot pede uma pessoa."
    assert sentence_in("The bot asks for a person.", "ja") == "The bot asks for a person."
    assert sentence_in("Wants a refund", "pt") == "Wants a refund"


def test_every_sentence_has_all_languages_of_the_desk() -> None:
    listed = tomllib.loads(files("innbox.phrases").joinpath("sentences.toml").read_text(encoding="utf-8"))

    assert all(set(translations) == {"pt", "es", "fr", "de"} for translations in listed.values())
