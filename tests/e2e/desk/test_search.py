"""Search: by name, number, words and label, from the list itself."""

import time
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]


async def test_a_conversation_is_found_by_name_number_words_and_label(
    hotel: Any, house: Any, open_desk: Any, colleague: Any
) -> None:
    # Given guests among whom one is sought
    await hotel.says("Ângela Conceição", "Could we have a cot for the baby?")
    for guest in ("Marta", "Jonas", "Nadia"):
        await hotel.says(guest, "What time is breakfast?")
    bo = await colleague("bo")
    await bo.does("set_labels", "Ângela Conceição", labels=["honeymoon"])
    desk = await open_desk(url=house.other_url)
    await expect(desk.conversations).to_have_count(4)

    # When staff look for her in each of the ways, she alone is found
    for words in ("conceição", hotel.phone_of("Ângela Conceição"), "cot baby", "honeymoon"):
        await desk.search(words)
        await expect(desk.page.get_by_role("status", name="Search")).to_have_text("1 found")
        await expect(desk.conversations).to_have_count(1)
        await expect(desk.line("Ângela")).to_have_count(1)

    # And what was found can be opened with the keyboard alone
    await desk.page.get_by_role("searchbox", name="Search").press("Escape")
    await expect(desk.conversations).to_have_count(4)
    await desk.page.keyboard.press("Escape")
    await desk.page.keyboard.type("/cot")
    await expect(desk.conversations).to_have_count(1)
    await desk.open_by_keyboard("Ângela")
    await expect(desk.said("Could we have a cot for the baby?").first).to_be_visible()

    # And a search for what nobody said finds nothing, and says so
    await desk.search("submarine")
    await expect(desk.page.get_by_role("heading", name="Nothing found for “submarine”")).to_be_visible()
    started = time.monotonic()
    await desk.search("")
    await expect(desk.conversations).to_have_count(4)
    assert time.monotonic() - started < 2  # nothing is asked for: the list was there all the time
