"""Take over and give back: one click, one winner, for a while or for good, and the way back from each."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from innbox import HandledBy, now

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

BREAKFAST = re.compile("from 7:30 to 10:30")


async def test_the_loser_of_two_is_told_who_won(hotel: Any, house: Any, open_desk: Any, held_socket: Any) -> None:
    # Given two desks, at two web processes where there are two, of which Bo's hears nothing for a moment
    await hotel.add_user("bo")
    await hotel.says("Marta", "What time is breakfast?")
    ana = await open_desk("ana")
    bo = await open_desk("bo", url=house.other_url, prepare=held_socket.stand_between)
    for desk in (ana, bo):
        await desk.open(BREAKFAST)
        await expect(desk.button("Take over")).to_be_visible()
    held_socket.held = True

    # When Ana takes the conversation over, and then Bo
    await ana.press("Take over")
    await expect(ana.said(re.compile("You answer"))).to_be_visible()
    await bo.press("Take over")
    held_socket.release()

    # Then Bo is told who has it
    await expect(bo.conversation.get_by_role("alert")).to_contain_text(hotel.user("ana"))
    await expect(bo.said(f"{hotel.user('ana')} answers")).to_be_visible()
    await expect(ana.conversation.get_by_role("alert")).to_have_count(0)


async def test_a_reply_takes_over_and_the_bot_is_silent_until_it_has_it_again(hotel: Any, open_desk: Any) -> None:
    # Given a conversation of the bot's
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)

    # When staff reply, they have it
    await desk.reply("Good morning, this is Ana.")
    await expect(desk.said(re.compile("You answer"))).to_be_visible()

    # Then the bot says nothing to what the guest asks, until it is given back and answers it
    await hotel.says("Marta", "And how much is parking?")
    await expect(desk.said("And how much is parking?")).to_be_visible()
    await asyncio.sleep(0.5)
    await expect(desk.said(re.compile("12 euros"))).to_have_count(0)
    await desk.press("Return to bot")
    await expect(desk.said(re.compile("12 euros"))).to_be_visible()

    # And what was done can be undone
    await desk.press("Undo")
    await expect(desk.said(re.compile("You answer"))).to_be_visible()


async def test_take_over_for_a_while(hotel: Any, open_desk: Any) -> None:
    # Given a conversation of the bot's
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)

    # When staff take it over for a quarter of an hour
    await desk.press("Take over for a while")
    await desk.press("15 min")

    # Then the desk shows until when, and they can keep it
    await expect(desk.said(re.compile("Bot again today|Bot again tomorrow"))).to_be_visible()
    kept = await hotel.conversation("Marta")
    assert timedelta(minutes=14) < kept.bot_back_at - now() <= timedelta(minutes=15)
    await desk.press("Keep it with staff")
    await expect(desk.said(re.compile("Bot again"))).to_have_count(0)

    # When they say later that the bot is to have it, and that time has come, the bot has it and answers
    await hotel.says("Marta", "And how much is parking?")
    await desk.press("Return to bot later")
    await desk.press("1 h")
    await expect(desk.said(re.compile("Bot again"))).to_be_visible()
    await hotel.app.desk_store.set_bot_back(kept.id, now())
    await expect(desk.button("Take over")).to_be_visible()
    await expect(desk.said(re.compile("12 euros"))).to_be_visible()
    assert (await hotel.conversation("Marta")).handled_by is HandledBy.BOT


async def test_what_is_resolved_by_mistake_comes_back(hotel: Any, open_desk: Any) -> None:
    # Given a conversation of the bot's, and one of Ana's
    await hotel.says("Marta", "What time is breakfast?")
    await hotel.says("Jonas", "And how much is parking?")
    desk = await open_desk()
    await expect(desk.line(re.compile("12 euros"))).to_be_visible()

    for guest, who in (("Marta", "The bot answers"), ("Jonas", "You answer")):
        # When each is resolved
        await desk.open(guest)
        if guest == "Jonas":
            await desk.press("Take over")
        await expect(desk.said(re.compile(who))).to_be_visible()
        await desk.press("Resolve")
        await expect(desk.page.get_by_role("status", name="What was done")).to_contain_text("Resolved.")
        await expect(desk.line(guest)).to_have_count(0)

        # Then Undo brings it back into the hands that had it
        await desk.press("Undo")
        await expect(desk.said(re.compile(who))).to_be_visible()
        await expect(desk.line(guest)).to_have_count(1)
