"""Both pages on a phone: 360 pixels wide, touched rather than clicked."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LONG_WORD = "Rindfleischetikettierungsueberwachungsaufgabenuebertragungsgesetz" * 3


async def test_list_conversation_and_back(open_chat: Any, open_desk: Any) -> None:
    # Given a guest and staff on phones, and a guest's word that is wider than both
    desk, chat = await open_desk(**PHONE), await open_chat(**PHONE)
    await chat.say(LONG_WORD)
    await chat.say("What time is breakfast?")
    await expect(desk.conversations).to_have_count(1)
    await fits(desk.page)
    await expect(desk.conversation).to_be_hidden()

    # When staff open the conversation, it stands in the list's place
    await desk.conversations.tap()
    await expect(desk.said("What time is breakfast?")).to_be_visible()
    await expect(desk.said(LONG_WORD)).to_be_visible()
    await expect(desk.conversations).to_be_hidden()
    await fits(desk.page)

    # And a reply reaches the guest
    await desk.page.get_by_role("textbox", name="Reply").fill("At half past seven.")
    await desk.button("Send").tap()
    await expect(chat.said("At half past seven.")).to_be_visible()
    await fits(chat.page)

    # When they go back, the list is there again
    await desk.button("Back").tap()
    await expect(desk.conversations).to_be_visible()
    await expect(desk.conversation).to_be_hidden()

    # And the browser's own way back does the same
    await desk.conversations.tap()
    await expect(desk.said("At half past seven.")).to_be_visible()
    await desk.page.go_back()
    await expect(desk.conversations).to_be_visible()
    await fits(desk.page)


async def test_the_bar_holds_the_name_and_nothing_is_drawn_at_the_edge(
    open_chat: Any, open_desk: Any, hotel: Any
) -> None:
    # Given a member of staff with a long name, on a phone
    await hotel.add_user("Maria Francisca Albuquerque")
    desk, chat = await open_desk("Maria Francisca Albuquerque", **PHONE), await open_chat()

    # Then the name is there, in one line with the way out, as far as there is room
    name, sign_out = desk.page.get_by_text("Maria Francisca"), desk.button("Sign out")
    await expect(name).to_be_visible()
    of_name, of_button = await name.bounding_box(), await sign_out.bounding_box()
    assert of_name["x"] + of_name["width"] <= of_button["x"] <= 360
    assert of_button["y"] < of_name["y"] + of_name["height"] / 2 < of_button["y"] + of_button["height"]
    assert of_name["y"] < 40
    await fits(desk.page)

    # And the list's own edge, which on a wide screen parts it from the conversation, is gone
    edge = "getComputedStyle(document.querySelector('.inbox')).borderRightWidth"
    assert await desk.page.evaluate(edge) == "0px"

    # And a source that the bot's text names itself is told once
    await chat.say("What time is breakfast?")
    await desk.conversations.tap()
    await expect(desk.said("(From: Breakfast)")).to_be_visible()
    await expect(desk.said("Sources")).to_have_count(0)


async def fits(page: Page) -> None:
    """Hold that a page cannot be scrolled sideways."""
    assert await page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
