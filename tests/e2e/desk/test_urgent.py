"""Urgent: words of danger call staff, until somebody says that they have heard."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]


async def test_words_of_danger_are_shown_until_somebody_has_heard(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given two desks
    await hotel.add_user("bo")
    ana, bo = await open_desk("ana"), await open_desk("bo", url=house.other_url)

    # When a guest writes of danger
    await hotel.says("Marta", "There is a fire in the corridor!")

    # Then both see it, with the guest's word
    for desk in (ana, bo):
        await desk.open("Marta")
        strip = desk.conversation.get_by_role("alert").filter(has_text="Urgent")
        await expect(strip).to_contain_text("fire")

    # When one says that they have heard, both know who it was
    await ana.press("Acknowledge")
    await expect(ana.said(re.compile("Heard by You"))).to_be_visible()
    await expect(bo.said(re.compile(f"Heard by {hotel.user('ana')}"))).to_be_visible()
    await expect(bo.button("Acknowledge")).to_have_count(0)
