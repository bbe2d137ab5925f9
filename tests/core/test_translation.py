"""Translation: beside everything else, and never in anybody's way."""

import asyncio
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from innbox import ModelError, Plugin, PluginSettings, Translation, Translator, hookimpl
from innbox.pipeline import translation
from innbox.pipeline.translation import translated


class Dictionary(Plugin[PluginSettings]):
    """A plugin whose translator knows a few words, each with its language."""

    WORDS = {  # noqa: RUF012 - a table for the tests
        "Tem piscina?": ("pt", "Is there a pool?"),
        "Ok": ("en", "Ok"),
        "Köszönöm": ("hu", "Thank you"),
        "Kitty": ("nl", "Hello\x00 \ud800"),
    }

    def __init__(self, name: str = "dictionary", fault: Exception | None = None, seconds: float = 0.0) -> None:
        super().__init__(name, PluginSettings())
        self.fault = fault
        self.seconds = seconds
        self.asked: list[tuple[str, str | None, str]] = []

    @hookimpl
    def register_translators(self) -> Iterable[Translator]:
        return [self]

    async def translate(self, text: str, source: str | None, target: str) -> Translation:
        self.asked.append((text, source, target))
        await asyncio.sleep(self.seconds)
        if self.fault:
            raise self.fault
        language, words = self.WORDS[text]
        return Translation(words, language)


class Kept:
    """As much of a desk's store as translations need."""

    def __init__(self) -> None:
        self.translations: list[tuple[str, str, str | None]] = []

    async def save_translation(self, message_id: str, language: str, text: str, source: str | None = None) -> Any:
        self.translations.append((language, text, source))
        return SimpleNamespace(events=())


@pytest.fixture
def kept() -> Kept:
    return Kept()


async def test_what_no_database_takes_is_cleaned(workshop: Any) -> None:
    house = await workshop(plugins=[Dictionary()])

    found = await translated(house.app, "Kitty", None, "en", 1.0)

    assert found == Translation("Hello\ufffd \ufffd", "nl")


async def test_the_next_translator_is_asked_where_one_fails(workshop: Any) -> None:
    house = await workshop(plugins=[Dictionary("down", ModelError("down", "503")), good := Dictionary()])

    found = await translated(house.app, "Tem piscina?", None, "en", 5)

    assert found == Translation("Is there a pool?", "pt")
    assert good.asked == [("Tem piscina?", None, "en")]
    assert house.app.metrics.take()["innbox_provider_errors|down|503"] == 1


@pytest.mark.parametrize("dictionary", [Dictionary(fault=RuntimeError("boom")), Dictionary(seconds=60)])
async def test_without_a_translation_there_is_none_soon(workshop: Any, dictionary: Dictionary) -> None:
    house = await workshop(plugins=[dictionary])

    assert await translated(house.app, "Tem piscina?", None, "en", 0.1) is None


async def test_what_guests_write_is_translated_for_staff(workshop: Any, kept: Kept) -> None:
    house = await workshop(plugins=[dictionary := Dictionary()], plain=True)
    house.app.desk_store = kept

    await house.guest_writes("Tem piscina?")

    await house.eventually(lambda: kept.translations)
    assert kept.translations == [("en", "Is there a pool?", "pt")]
    assert dictionary.asked == [("Tem piscina?", None, "en")]


async def test_the_stores_desk_keeps_both_texts_and_the_guests_language(workshop: Any) -> None:
    house = await workshop(plugins=[Dictionary()])

    await house.guest_writes("Tem piscina?")

    async def both() -> Any:
        shown = (await house.history())[0].as_json()
        return shown if shown["translations"] else None

    shown = await house.eventually(both)
    assert (shown["text"], shown["translations"]) == ("Tem piscina?", {"en": "Is there a pool?"})
    assert shown["language"] == "pt"
    assert (await house.conversation()).guest.language == "pt"


async def test_what_staff_can_read_costs_no_call(workshop: Any, kept: Kept) -> None:
    house = await workshop(plugins=[dictionary := Dictionary()], plain=True)
    house.app.desk_store = kept

    await house.guest_writes("Is there a pool on the roof?")  # plainly English
    await house.guest_writes("👍 12:30")
    await house.guest_writes("x" * (translation.LONGEST + 1))
    await house.guest_writes("Köszönöm", handle="guest-2")

    await house.eventually(lambda: kept.translations)
    assert [text for text, _, _ in dictionary.asked] == ["Köszönöm"]


async def test_a_guests_language_is_learnt_once(workshop: Any, kept: Kept) -> None:
    house = await workshop(plugins=[Dictionary()], plain=True)
    house.app.desk_store = kept

    await house.guest_writes("Ok")

    await house.eventually(lambda: kept.translations)
    assert kept.translations == [("en", "Ok", "en")]  # nothing to keep but the language


async def test_a_failing_translator_delays_no_answer(workshop: Any, kept: Kept) -> None:
    house = await workshop(plugins=[Dictionary(seconds=60)], plain=True)
    house.app.desk_store = kept

    await house.guest_writes("Tem piscina?")

    await house.eventually(lambda: house.channel.texts == ["re: Tem piscina?"])
    assert kept.translations == []


async def test_a_flood_is_left_to_those_who_want_to_read_it(
    workshop: Any, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translation, "MOST_WAITING", 2)
    house = await workshop(plugins=[dictionary := Dictionary(seconds=0.3)], plain=True)
    house.app.desk_store = kept

    for number in range(5):
        await house.guest_writes("Köszönöm", handle=f"guest-{number}")

    await house.eventually(lambda: len(kept.translations) == 2)
    assert len(dictionary.asked) == 2


async def test_without_a_desks_store_nothing_is_translated(workshop: Any) -> None:
    house = await workshop(plugins=[dictionary := Dictionary()], plain=True)

    await house.guest_writes("Tem piscina?")

    await house.eventually(lambda: house.channel.texts)
    assert dictionary.asked == []


async def test_the_door_knows_a_plain_language(workshop: Any) -> None:
    house = await workshop()

    plain = await house.guest_writes("Bonjour, avez-vous une chambre ?")
    unknown = await house.guest_writes("Ok", handle="guest-2")

    assert plain.meta["language"] == "fr"
    assert (await house.conversation()).guest.language == "fr"
    assert "language" not in unknown.meta
