"""Prompts: the core's own, and a hotel's in their place."""

from pathlib import Path

import pytest

from innbox import Hotel, RuntimeSettings, Snippet
from innbox.pipeline.prompts import Prompts


def hotel(prompts: Path | None = None) -> Hotel:
    return Hotel(
        slug="miramar",
        name="Hotel Miramar",
        timezone="Europe/Lisbon",
        languages=("pt", "en"),
        facts="Breakfast from 7:30.",
        prompts=prompts,
    )


def test_the_model_is_told_facts_context_and_what_staff_added() -> None:
    prompts = Prompts({"miramar": hotel()})

    text = prompts.system(
        hotel(), RuntimeSettings(instructions="The lift is broken."), [Snippet("Room 12, until Friday", "Stay")], "pt"
    )

    assert "Hotel Miramar" in text
    assert "Breakfast from 7:30." in text
    assert "The lift is broken." in text
    assert "# Stay\n\nRoom 12, until Friday" in text
    assert "{{" not in text


def test_braces_in_facts_or_instructions_are_text() -> None:
    text = Prompts({"miramar": hotel()}).system(hotel(), RuntimeSettings(instructions="{{ 7 * 7 }}"), [], None)

    assert "{{ 7 * 7 }}" in text


@pytest.mark.parametrize(
    ("language", "word"), [("pt", "Obrigado"), ("es", "Gracias"), ("fr", "Merci"), ("de", "Danke"), ("ja", "Thank you")]
)
def test_the_guest_is_told_in_their_language(language: str, word: str) -> None:
    text = Prompts({"miramar": hotel()}).hand_over(hotel(), RuntimeSettings(), language)

    assert text.startswith(word)
    assert "\n" not in text


@pytest.mark.parametrize(
    ("language", "word"),
    [("pt", "Alertámos"), ("es", "Hemos"), ("fr", "Nous"), ("de", "Wir"), ("ja", "We"), (None, "Alertámos")],
)
def test_a_guest_in_danger_is_told_in_their_language(language: str | None, word: str) -> None:
    text = Prompts({"miramar": hotel()}).urgent(hotel(), language)

    assert text.startswith(word)
    assert "\n" not in text


def test_the_desks_own_words_come_first() -> None:
    text = Prompts({"miramar": hotel()}).hand_over(hotel(), RuntimeSettings(handover_text=" We call you. "), "pt")

    assert text == "We call you."


def test_a_hotels_folder_overrides_one_prompt_and_keeps_the_others(tmp_path: Path) -> None:
    (tmp_path / "system.md.j2").write_text("You are the night porter of {{ hotel.name }}.")
    own = hotel(tmp_path)
    prompts = Prompts({"miramar": own})

    assert prompts.system(own, RuntimeSettings(), [], None) == "You are the night porter of Hotel Miramar."
    assert prompts.hand_over(own, RuntimeSettings(), "en").startswith("Thank you")
