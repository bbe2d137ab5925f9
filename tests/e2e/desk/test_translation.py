"""Two-way translation: both texts are kept and shown, and a translator that fails holds nothing up."""

from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]


async def test_both_sides_are_read_in_both_languages(hotel: Any, open_desk: Any) -> None:
    # Given a guest who writes German
    await hotel.says("Lena", "Haben Sie ein Kinderbett?")
    desk = await open_desk()
    await desk.open("Lena")
    log = desk.conversation.get_by_role("log")
    asked = log.get_by_role("listitem").filter(has_text="Haben Sie ein Kinderbett?").first

    # Then what it means stands below it, and can be put away
    await expect(log.get_by_text("Do you have a cot?")).to_be_visible()
    await expect(asked.get_by_text("Haben Sie ein Kinderbett?")).to_be_visible()
    await desk.press("Translated from German")
    await expect(log.get_by_text("Do you have a cot?")).to_have_count(0)

    # When they reply in their own language and want it translated, the guest gets German, and both stand there
    await desk.press("Translate my replies into German")
    await desk.reply("Of course, it is free.")
    sent = log.get_by_role("listitem").filter(has_text="Natürlich, es ist kostenlos.")
    await expect(sent).to_contain_text("Of course, it is free.")
    [kept] = [message for message in await hotel.messages("Lena") if message.author.name == hotel.user("ana")]
    assert kept.text == "Natürlich, es ist kostenlos."
    assert kept.meta["original"] == "Of course, it is free."

    # And what the guest says next is translated by itself
    await hotel.says("Lena", "Danke!")
    await expect(log.get_by_text("Thank you!")).to_be_visible()


async def test_a_translator_that_fails_holds_nothing_up(hotel: Any, open_desk: Any) -> None:
    # Given replies that are to be translated, and a translator that does not know what comes
    await hotel.says_on_the_web("Lena", "Gibt es einen Lift?", language="de")
    desk = await open_desk()
    await desk.open("Lena")
    await desk.press("Translate my replies into German")

    # When staff reply, it leaves as they wrote it, and they are told
    await desk.reply("There are two.")
    await expect(desk.page.get_by_role("status", name="What was done")).to_contain_text("as you wrote it")
    await expect(desk.conversation.get_by_role("log").get_by_text("There are two.")).to_be_visible()

    # And a message that cannot be translated stays as it is, with the reason
    await desk.press("Translate")
    await expect(desk.conversation.get_by_role("alert")).to_contain_text("could not be translated")
    await expect(desk.conversation.get_by_role("log").get_by_text("Gibt es einen Lift?", exact=True)).to_be_visible()
