"""The guest panel: who the guest is, what plugins know and can do, what was said before, and what they consent to."""

from typing import Any

import pytest
from playwright.async_api import expect

from innbox import Address

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]


async def test_what_plugins_know_and_can_do(hotel: Any, open_desk: Any) -> None:
    # Given a guest of whom plugins know something
    await hotel.says_on_the_web("Marta", "The shower is cold", language="pt")
    desk = await open_desk(viewport={"width": 1440, "height": 900})
    await desk.open("Marta")

    # Then it stands beside the conversation
    panel = desk.page.get_by_role("complementary", name="Guest details")
    for said in ("Marta", "Portuguese", "214, sea view", "Loyalty", "Gold"):
        await expect(panel).to_contain_text(said)

    # When a plugin's action is taken on a message, its line tells what came of it
    message = desk.conversation.get_by_role("log").get_by_role("listitem").filter(has_text="The shower is cold").first
    await message.hover()
    await message.get_by_role("button", name="More").click()
    await desk.press("Tell maintenance")
    done = desk.page.get_by_role("status", name="What was done")
    await expect(done).to_have_text("Maintenance knows: The shower is cold")


async def test_a_guest_may_opt_out_and_staff_see_and_change_it(hotel: Any, open_desk: Any) -> None:
    # Given a guest who has opted out
    await hotel.says("Marta", "Good morning")
    await hotel.says("Marta", "STOP")
    desk = await open_desk(viewport={"width": 1440, "height": 900})
    await desk.open("Marta")
    switch = desk.page.get_by_role("switch", name="Wants offers and reminders")
    await expect(switch).not_to_be_checked()

    # Then nothing that they did not ask for can be written to them
    await desk.page.get_by_role("textbox", name="Reply").fill("A table for tonight?")
    await desk.press("Send later")
    await desk.press("In 1 hour")
    await expect(desk.conversation.get_by_role("alert")).to_be_visible()
    conversation = await hotel.conversation("Marta")
    assert not await hotel.app.desk_store.scheduled(conversation.id)

    # When they have told staff that they want it again
    await switch.check()
    await expect(desk.page.get_by_text("They can write STOP")).to_be_visible()
    await expect(switch).to_be_checked()
    assert not (await hotel.conversation("Marta")).guest.opted_out


async def test_earlier_conversations_open_with_a_click(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given a guest with two conversations, on WhatsApp and on the web
    phone = Address("whatsapp", hotel.phone_of("Marta"))
    await hotel.says_on_the_web("Marta", "Do you have a pool?", aliases=(phone,))
    await hotel.says("Marta", "Good evening!")
    desk = await open_desk(viewport={"width": 1440, "height": 900})
    await expect(desk.conversations).to_have_count(2)
    await desk.open("WhatsApp")

    # Then the other stands in the panel, and a click opens it
    other = desk.page.get_by_role("complementary", name="Guest details").get_by_role("link")
    await expect(other).to_contain_text("Web chat")
    await other.click()
    await expect(desk.conversation.get_by_role("log").get_by_text("Do you have a pool?", exact=True)).to_be_visible()
