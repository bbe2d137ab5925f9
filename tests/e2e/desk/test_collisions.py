"""No collisions: who looks and writes is shown, and no reply leaves past what its writer has not seen."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

BREAKFAST = re.compile("from 7:30 to 10:30")


async def test_who_looks_and_who_writes_is_shown(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given two members of staff, at two web processes where there are two, at one conversation
    await hotel.add_user("bo")
    await hotel.says("Marta", "What time is breakfast?")
    ana, bo = await open_desk("ana"), await open_desk("bo", url=house.other_url)
    await ana.open(BREAKFAST)
    await bo.open(BREAKFAST)

    # Then each sees that the other looks, and writes
    await expect(ana.said(f"{hotel.user('bo')} is looking")).to_be_visible()
    await bo.page.get_by_role("textbox", name="Reply").press_sequentially("Good")
    await expect(ana.said(f"{hotel.user('bo')} is typing")).to_be_visible()


async def test_a_reply_is_held_over_what_appeared_as_it_was_sent(hotel: Any, open_desk: Any) -> None:
    # Given a reply that is being written, at a desk whose clock stands still: nothing stands long enough to be read
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)
    await desk.press("Take over")
    await desk.page.clock.set_fixed_time("2030-05-04T10:00:00Z")
    reply = desk.page.get_by_role("textbox", name="Reply")
    await reply.fill("See you at breakfast!")

    # When the guest writes, and the reply is sent
    await hotel.says("Marta", "We leave at six, though.")
    await expect(desk.said("We leave at six, though.")).to_be_visible()
    await reply.press("Enter")

    # Then it has not left: what came is pointed out, and the text is still there
    held = desk.conversation.get_by_role("alert").filter(has_text="Not sent yet")
    await expect(held).to_contain_text("Not sent yet")
    await expect(held).to_contain_text("We leave at six, though.")
    await expect(reply).to_have_value("See you at breakfast!")

    # When its writer has looked and goes on writing, the next try leaves
    await desk.press("Keep writing")
    await expect(held).to_have_count(0)
    await desk.reply("Then we pack it for you.")
    await expect(desk.conversation.get_by_role("log").get_by_text("Then we pack it for you.")).to_be_visible()
    await expect(reply).to_have_value("")


async def test_the_server_holds_what_the_desk_could_not_know(hotel: Any, open_desk: Any, held_socket: Any) -> None:
    # Given a desk that hears nothing for a moment
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk(prepare=held_socket.stand_between)
    await desk.open(BREAKFAST)
    await desk.press("Take over")
    await expect(desk.said(re.compile("You answer"))).to_be_visible()
    reply = desk.page.get_by_role("textbox", name="Reply")
    await reply.fill("See you at breakfast!")
    held_socket.held = True

    # When the guest writes meanwhile, and the reply is sent
    await hotel.says("Marta", "We leave at six, though.")
    await reply.press("Enter")
    held_socket.release()

    # Then the server has not let it out, and its writer has it back with a look at what came
    held = desk.conversation.get_by_role("alert").filter(has_text="Not sent yet")
    await expect(held).to_contain_text("We leave at six, though.")
    await expect(reply).to_have_value("See you at breakfast!")
    assert "See you at breakfast!" not in [message.text for message in await hotel.messages("Marta")]

    # When they send it anyway, it leaves
    await desk.press("Send anyway")
    await expect(desk.conversation.get_by_role("log").get_by_text("See you at breakfast!")).to_be_visible()
    await expect(held).to_have_count(0)
