"""The bot answers, drafts or is silent; why it answered so; and what it hands over."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import expect

from innbox import BotMode, Direction, HandledBy

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

BREAKFAST = re.compile("from 7:30 to 10:30")
PARKING = re.compile("12 euros")


async def test_the_bots_draft_is_edited_sent_or_put_away(hotel: Any, open_desk: Any) -> None:
    # Given a conversation in which the bot is to draft
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)
    await desk.page.get_by_label("What the bot does here").select_option("Drafts")
    await expect(desk.said(re.compile("The bot drafts, you send"))).to_be_visible()
    draft = desk.page.get_by_role("region", name="The bot’s draft")
    reply = desk.page.get_by_role("textbox", name="Reply")
    log = desk.conversation.get_by_role("log")

    # When the guest asks, nothing leaves: the draft stands above the reply
    await hotel.says("Marta", "And how much is parking?")
    await expect(draft).to_contain_text(PARKING)
    await expect(log.get_by_text(PARKING)).to_have_count(0)

    # When staff edit it, their text leaves, and the conversation is still the bot's
    await draft.get_by_role("button", name="Edit").click()
    await expect(reply).to_have_value(PARKING)
    await desk.reply("Twelve euros a night, Mrs Silva.")
    await expect(log.get_by_text("Twelve euros a night, Mrs Silva.")).to_be_visible()
    await expect(draft).to_have_count(0)
    assert (await hotel.conversation("Marta")).handled_by is HandledBy.BOT

    # When the next is sent as it is, it leaves
    await hotel.says("Marta", "Once more: how much is parking?")
    await expect(draft).to_contain_text(PARKING)
    await desk.press("Send draft")
    await expect(log.get_by_text(PARKING)).to_be_visible()
    await expect(draft).to_have_count(0)

    # When one is put away, it is gone, and can still be had back
    await hotel.says("Marta", "When is check-in?")
    await expect(draft).to_contain_text(re.compile("15:00"))
    await draft.get_by_role("button", name="Dismiss").click()
    await expect(draft).to_have_count(0)
    await desk.press("Undo")
    await expect(reply).to_have_value(re.compile("15:00"))


async def test_a_silent_bot_leaves_everything_to_staff(hotel: Any, open_desk: Any) -> None:
    # Given a conversation in which the bot is switched off
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)
    await desk.page.get_by_label("What the bot does here").select_option("Off")
    async with asyncio.timeout(5):  # no word at the desk changes before the next message
        while (await hotel.conversation("Marta")).bot_mode is not BotMode.OFF:
            await asyncio.sleep(0.02)

    # When the guest asks, it waits for staff
    await hotel.says("Marta", "And how much is parking?")
    await expect(desk.said(re.compile("Waiting for staff"))).to_be_visible()
    await expect(desk.said(PARKING)).to_have_count(0)


async def test_why_this_answer(hotel: Any, open_desk: Any) -> None:
    # Given an answer of the bot's
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)

    # When somebody asks why
    answer = desk.conversation.get_by_role("listitem").filter(has_text=BREAKFAST)
    await answer.get_by_text("Why this answer").click()

    # Then it tells the facts, the model, how long it took and what it cost
    why = answer.locator("dl")
    for said in ("Facts", "Breakfast", "Tools", "Model", "faq", "Time", "Cost"):
        await expect(why).to_contain_text(said)


async def test_what_is_handed_over_comes_with_a_note(hotel: Any, open_desk: Any) -> None:
    # Given a guest who asks what the bot does not know
    desk = await open_desk()
    await hotel.says("Marta", "What time is breakfast?")
    await expect(desk.line(BREAKFAST)).to_be_visible()
    await hotel.says("Marta", "I want to speak to a person, the shower in 305 is cold")

    # Then staff have it, with a quiet note of what it is about, five lines at most, that the guest never sees
    await desk.open("Marta")
    await expect(desk.said(re.compile("Waiting for staff"))).to_be_visible()
    note = desk.conversation.get_by_role("listitem").filter(has_text="Note · Innbox")
    await expect(note).to_contain_text("The guest asks for a person.")
    [kept] = [message for message in await hotel.messages("Marta") if message.direction is Direction.NOTE]
    assert len(kept.text.splitlines()) <= 5
