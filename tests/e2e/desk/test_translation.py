"""Two-way translation: both texts are kept and shown, and a translator that fails holds nothing up."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import expect

from innbox import ModelError, Translation

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

DICTIONARY = {
    ("Haben Sie ein Kinderbett?", "en"): "Do you have a cot?",
    ("Of course, it is free.", "de"): "Natürlich, es ist kostenlos.",
    ("Danke!", "en"): "Thank you!",
}


class Dictionary:
    """A translator that knows few sentences by heart, and can be away."""

    name = "dictionary"
    away = False

    async def translate(self, text: str, source: str | None, target: str) -> Translation:
        if self.away:
            raise ModelError("It does not answer.", "away")
        return Translation(DICTIONARY[text, target], "de" if target == "en" else "en")


@pytest.fixture
def dictionary(hotel: Any) -> Iterator[Dictionary]:
    """The translator of the house's first web process."""
    translator, before = Dictionary(), hotel.app.translators
    hotel.app.translators = (translator,)
    yield translator
    hotel.app.translators = before


async def test_both_sides_are_read_in_both_languages(hotel: Any, dictionary: Dictionary, open_desk: Any) -> None:
    # Given a guest who writes German
    conversation = await hotel.says("Lena", "Haben Sie ein Kinderbett?", language="de")
    desk = await open_desk()
    await desk.open("Lena")
    log = desk.conversation.get_by_role("log")

    # When staff ask what it means, it stands below what the guest wrote, and can be put away
    await desk.press("Translate")
    await expect(log.get_by_text("Do you have a cot?")).to_be_visible()
    await expect(log.get_by_text("Haben Sie ein Kinderbett?")).to_be_visible()
    await desk.press("Translated from German")
    await expect(log.get_by_text("Do you have a cot?")).to_have_count(0)

    # When they reply in their own language and want it translated, the guest gets German, and both stand there
    await desk.press("Translate my replies into German")
    await desk.reply("Of course, it is free.")
    sent = log.get_by_role("listitem").filter(has_text="Natürlich, es ist kostenlos.")
    await expect(sent).to_contain_text("Of course, it is free.")
    said = (await hotel.app.store.history(conversation.id, None, 50)).messages
    [kept] = [message for message in said if message.author.name == hotel.user("ana")]
    assert kept.text == "Natürlich, es ist kostenlos."
    assert kept.meta["original"] == "Of course, it is free."

    # And what the guest says next is translated by itself
    await hotel.says("Lena", "Danke!", language="de")
    await expect(log.get_by_text("Thank you!")).to_be_visible()


async def test_a_translator_that_is_away_holds_nothing_up(hotel: Any, dictionary: Dictionary, open_desk: Any) -> None:
    # Given replies that are to be translated, and a translator that does not answer
    conversation = await hotel.says("Lena", "Haben Sie ein Kinderbett?", language="de")
    desk = await open_desk()
    await desk.open("Lena")
    await desk.press("Translate my replies into German")
    dictionary.away = True

    # When staff reply, it leaves as they wrote it, and they are told
    await desk.reply("Of course, it is free.")
    await expect(desk.page.get_by_role("status", name="What was done")).to_contain_text("as you wrote it")
    await expect(desk.conversation.get_by_role("log").get_by_text("Of course, it is free.")).to_be_visible()
    said = (await hotel.app.store.history(conversation.id, None, 50)).messages
    assert [message.text for message in said if message.author.name == hotel.user("ana")] == ["Of course, it is free."]

    # And a message that cannot be translated stays as it is, with the reason
    await desk.press("Translate")
    await expect(desk.conversation.get_by_role("alert")).to_contain_text("could not be translated")
