"""What members of staff do: sign in, take over, give back, resolve, and switch the bot off."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from innbox.testing.running import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BREAKFAST = re.compile("from 7:30 to 10:30")


async def test_from_the_sign_in_to_a_resolved_conversation(
    hotel: Any, new_context: Any, open_chat: Any, desk_on: Any, faults: Any
) -> None:
    # Given a guest whom the bot has answered, and the desk's address opened by somebody who is not signed in
    chat = await open_chat()
    await chat.say("What time is breakfast?")
    await expect(chat.said(BREAKFAST)).to_be_visible()
    desk = desk_on(await (await new_context()).new_page())
    await desk.page.goto(f"{hotel.url}/")

    # When they mistype the password
    faults.expect("401")  # the browser itself notes that an answer was 401
    await sign_in(desk.page, "ana", "not the password")

    # Then the page says so and keeps the name
    await expect(desk.page.get_by_role("alert")).to_contain_text("password")
    await expect(desk.page.locator("[name=username]")).to_have_value("ana")

    # When they sign in, open the conversation with the keyboard, and take over
    await sign_in(desk.page, "ana", PASSWORD)
    await expect(desk.connection).to_contain_text("Live")
    await desk.open_by_keyboard(BREAKFAST)
    await expect(desk.said("What time is breakfast?")).to_be_visible()
    await desk.press("Take over")

    # Then their replies reach the guest live, and the bot is silent
    await expect(desk.button("Return to bot")).to_be_visible()
    await desk.reply("Good morning, this is Ana.")
    await expect(chat.said("Good morning, this is Ana.")).to_be_visible()
    await expect(desk.said(re.compile("^(Sent|Delivered|Read)$"))).to_have_count(2)
    await chat.say("Nice to meet you")
    await expect(desk.said("Nice to meet you")).to_be_visible()
    await desk.reply("Anything else?")
    await expect(chat.said("Anything else?")).to_be_visible()
    assert await chat.said(BREAKFAST).count() == 1

    # When they give the conversation back, the bot answers again
    await desk.press("Return to bot")
    await expect(desk.button("Take over")).to_be_visible()
    await chat.say("And how much is parking?")
    await expect(chat.said(re.compile("12 euros"))).to_be_visible()

    # When they resolve it, it leaves the list of what is open
    await desk.press("Resolve")
    await expect(desk.conversations).to_have_count(0)

    # And the guest's next message brings it back
    await chat.say("What time is breakfast on Sunday?")
    await expect(desk.conversations).to_have_count(1)


async def sign_in(page: Any, name: str, password: str) -> None:
    await page.locator("[name=username]").fill(name)
    await page.locator("[name=password]").fill(password)
    await page.locator("[name=password]").press("Enter")


async def test_two_take_over_and_one_is_told_who_has_it(
    hotel: Any, open_chat: Any, open_desk: Any, held_socket: Any
) -> None:
    # Given one conversation at two desks, of which Bo's has not heard yet that Ana takes it over
    await hotel.add_user("bo", "agent")
    chat, ana = await open_chat(), await open_desk("ana")
    bo = await open_desk("bo", prepare=held_socket.stand_between)
    await chat.say("What time is breakfast?")
    for desk in (ana, bo):
        await desk.open(BREAKFAST)
        await expect(desk.button("Take over")).to_be_visible()
    held_socket.held = True
    await ana.press("Take over")
    await expect(ana.button("Return to bot")).to_be_visible()

    # When Bo takes it over as well
    await bo.press("Take over")
    held_socket.release()

    # Then Bo is told who has it, and Ana keeps it
    await expect(bo.conversation.get_by_role("alert")).to_contain_text("ana")
    await expect(bo.button("Take over")).to_have_count(0)
    await expect(bo.line("ana")).to_have_count(1)
    await expect(ana.conversation.get_by_role("alert")).to_have_count(0)


async def test_with_the_bot_switched_off_guests_wait_for_staff(open_chat: Any, open_desk: Any) -> None:
    # Given an admin at the settings
    desk, chat = await open_desk(), await open_chat()
    await desk.page.goto(desk.page.url.replace("/dashboard", "/settings"))
    switch = desk.page.locator("input[type=checkbox][name=bot_test]")
    await expect(switch).to_be_checked()

    # When they switch the hotel's bot off
    await switch.uncheck()
    await desk.press("Save")
    await expect(desk.page.get_by_role("status")).to_have_text("Saved.")
    await expect(switch).not_to_be_checked()

    # Then a guest's message waits for staff, and only staff answer it
    await desk.page.get_by_role("link", name="Back to the desk").click()
    await chat.say("What time is breakfast?")
    await desk.open("What time is breakfast?")
    await expect(desk.said(re.compile("Waiting for staff"))).to_be_visible()
    await desk.reply("From half past seven.")
    await expect(chat.said("From half past seven.")).to_be_visible()
    await expect(chat.said(BREAKFAST)).to_have_count(0)
