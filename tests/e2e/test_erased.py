"""An erased guest's conversation leaves the desk, without a reload."""

from typing import Any

import pytest
from playwright.async_api import expect

from innbox import InboxQuery

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

QUESTION = "What time is breakfast?"


async def test_an_erased_conversation_leaves_list_screen_and_address(
    hotel: Any, open_chat: Any, open_desk: Any
) -> None:
    # Given two guests, the conversation of one of them open at the desk, and a draft in it
    chat, other, desk = await open_chat(), await open_chat(), await open_desk()
    await other.say("What does parking cost?")
    await chat.say(QUESTION)
    await desk.open("from 7:30")
    await expect(desk.said(QUESTION)).to_be_visible()
    await desk.page.get_by_role("textbox", name="Reply").fill("A draft")
    assert "#" in desk.page.url

    # When the guest is erased in another process, of which this one hears nothing
    found = (await hotel.app.store.inbox(InboxQuery(q="breakfast"))).conversations
    assert await hotel.app.store.erase_guest("test", "webchat", found[0].guest.handle, "ana", hotel.app.erasure_key)

    # Then the conversation is gone from the list and from the screen, and Back does not bring it again
    await expect(desk.page.get_by_role("heading", name="Choose a conversation")).to_be_visible()
    await expect(desk.conversations).to_have_count(1)
    await expect(desk.line("12 euros")).to_be_visible()
    assert "#" not in desk.page.url
    await desk.open("12 euros")
    await expect(desk.said("What does parking cost?")).to_be_visible()
    await desk.page.go_back()
    await expect(desk.line("12 euros")).to_be_visible()
    await expect(desk.page.get_by_text("breakfast")).to_have_count(0)

    # And the same guest, who writes again, is a new one
    await chat.say("When is check-in?")
    await desk.open("15:00")
    await expect(desk.said("When is check-in?")).to_be_visible()
    await expect(desk.said(QUESTION)).to_have_count(0)
