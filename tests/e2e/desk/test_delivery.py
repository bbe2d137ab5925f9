"""Honest delivery: ticks, why a message failed, a real new attempt, and what only a person can decide."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]


def sent(house: Any, text: str) -> int:
    """Return how often WhatsApp was given a text."""
    return sum(message.body == text for message in house.twilio.messages)


async def test_a_message_is_ticked_off_until_it_was_read(hotel: Any, open_desk: Any) -> None:
    # Given a guest on WhatsApp
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open("Marta")

    # When staff reply, the desk tells by name how far it has come
    await desk.reply("From half past seven.")
    message = desk.conversation.get_by_role("listitem").filter(has_text="From half past seven.")
    await expect(message.get_by_text(re.compile("^Read$"))).to_be_attached()


async def test_a_failed_message_says_why_and_is_tried_anew(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given a reply that WhatsApp refuses
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open("Marta")
    await desk.press("Take over")
    text = f"From half past seven. {hotel.slug}"
    house.twilio.fail("21211", times=1)
    await desk.reply(text)

    # Then the desk says so in plain words
    message = desk.conversation.get_by_role("listitem").filter(has_text=text)
    await expect(message).to_contain_text(re.compile("Failed: .{10,}"))
    assert sent(house, text) == 0

    # When staff want it sent again, it is, once
    await message.get_by_role("button", name="Retry").click()
    await expect(message.get_by_text(re.compile("^Read$"))).to_be_attached()
    await expect(message.get_by_role("button", name="Retry")).to_have_count(0)
    assert sent(house, text) == 1


async def test_where_nobody_can_tell_staff_say_what_became_of_it(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given two replies of which nobody can tell whether they arrived
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open("Marta")
    texts = [f"From half past seven. {hotel.slug}", f"Until half past ten. {hotel.slug}"]
    for text in texts:
        await desk.reply(text)
        await expect(
            desk.conversation.get_by_role("listitem").filter(has_text=text).get_by_text(re.compile("^Read$"))
        ).to_be_attached()
    house.database.run("UPDATE messages SET status = 'parked' WHERE text = {}", texts[0])
    house.database.run("UPDATE messages SET status = 'parked' WHERE text = {}", texts[1])
    await desk.page.reload()
    first, second = (desk.conversation.get_by_role("listitem").filter(has_text=text) for text in texts)
    await expect(first.get_by_text("Did it arrive?")).to_be_visible()

    # When staff say that the first did, it counts as sent
    await first.get_by_role("button", name="It arrived").click()
    await expect(first.get_by_text(re.compile("^Sent$"))).to_be_attached()

    # When they say that the second did not, it is sent again
    await second.get_by_role("button", name="Send again").click()
    await expect(second.get_by_text(re.compile("^(Sent|Delivered|Read)$"))).to_be_attached()
    assert [sent(house, text) for text in texts] == [1, 2]
