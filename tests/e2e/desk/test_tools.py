"""Working tools: labels, assign, snooze, schedule, canned replies and notes with mentions, all of them by keyboard."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from innbox import CannedReply, ConversationStatus, new_id, now

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

BREAKFAST = re.compile("from 7:30 to 10:30")


async def test_labels_are_set_and_taken_away(hotel: Any, open_desk: Any) -> None:
    # Given a conversation, and a label that another has
    await hotel.says("Jonas", "How much is parking?")
    await hotel.app.desk_store.set_labels((await hotel.conversation("Jonas")).id, ["vip"])
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open("Marta")

    # When staff add a new label and one that there is, with the keyboard alone
    await desk.button("Labels").press("Enter")
    field = desk.page.get_by_role("textbox", name="Find or add a label")
    await expect(field).to_be_focused()
    await field.press_sequentially("late checkout")
    await field.press("Enter")
    await expect(desk.button("Remove label late checkout")).to_be_visible()
    await field.press("ArrowDown")
    await desk.page.get_by_role("button", name="vip", exact=True).press("Enter")
    await desk.page.keyboard.press("Escape")

    # Then the conversation has both, at the desk and in the store
    await expect(desk.button("Remove label vip")).to_be_visible()
    assert (await hotel.conversation("Marta")).labels == ("late checkout", "vip")

    # And each is taken away where it stands
    await desk.press("Remove label late checkout")
    await expect(desk.button("Remove label late checkout")).to_have_count(0)
    assert (await hotel.conversation("Marta")).labels == ("vip",)


async def test_a_conversation_is_given_to_a_colleague_and_taken_back(hotel: Any, open_desk: Any) -> None:
    # Given a conversation of the bot's and a colleague
    await hotel.add_user("bo")
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)

    # When it is given to the colleague, they have it
    await desk.press("Assign")
    await desk.press(hotel.user("bo"))
    await expect(desk.said(f"{hotel.user('bo')} answers")).to_be_visible()
    await expect(desk.page.get_by_role("status", name="What was done")).to_contain_text(f"Given to {hotel.user('bo')}")

    # And Undo gives it back to the bot
    await desk.press("Undo")
    await expect(desk.said(re.compile("The bot answers"))).to_be_visible()


async def test_a_snoozed_conversation_wakes_by_a_click_by_its_time_and_by_its_guest(hotel: Any, open_desk: Any) -> None:
    # Given a conversation that Ana has
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)
    await desk.press("Take over")

    # When she lays it aside until the morning, by the hotel's clocks
    await desk.press("Snooze")
    await desk.press("Tomorrow, 8:00")
    await expect(desk.said("Snoozed until tomorrow, 08:00.")).to_be_visible()
    laid_aside = await hotel.conversation("Marta")
    assert laid_aside.status is ConversationStatus.SNOOZED
    assert laid_aside.snoozed_until.minute == 0

    # Then it wakes when she wants it to
    await desk.press("Wake it now")
    await expect(desk.button("Wake it now")).to_have_count(0)
    assert (await hotel.conversation("Marta")).status is ConversationStatus.OPEN

    # And when its time has come
    await hotel.app.staff.snooze(await hotel.member("ana"), laid_aside.id, now() + timedelta(seconds=2))
    await expect(desk.button("Wake it now")).to_be_visible()
    await expect(desk.button("Wake it now")).to_have_count(0)
    assert (await hotel.conversation("Marta")).assignee == hotel.user("ana")

    # And when its guest writes
    await desk.press("Snooze")
    await desk.press("In 1 hour")
    await expect(desk.button("Wake it now")).to_be_visible()
    await hotel.says("Marta", "Good evening")
    await expect(desk.button("Wake it now")).to_have_count(0)
    assert (await hotel.conversation("Marta")).status is ConversationStatus.OPEN


async def test_a_message_is_scheduled_called_back_and_leaves_on_time(hotel: Any, open_desk: Any) -> None:
    # Given a conversation
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)
    reply = desk.page.get_by_role("textbox", name="Reply")
    waiting = desk.page.get_by_role("list", name="Scheduled messages")

    # When staff write something for tomorrow
    await reply.fill("Good morning! Did you sleep well?")
    await desk.press("Send later")
    await desk.press("Tomorrow, 8:00")

    # Then it stands there with its time, nothing has left, and it can be called back
    await expect(waiting).to_contain_text("tomorrow, 08:00")
    await expect(waiting).to_contain_text("Did you sleep well?")
    await expect(reply).to_have_value("")
    await waiting.get_by_role("button", name="Cancel").click()
    await expect(waiting).to_have_count(0)
    conversation = await hotel.conversation("Marta")
    assert not await hotel.app.desk_store.scheduled(conversation.id)

    # And one whose time has come leaves by itself, without a change of hands
    text = "Your table is ready."
    soon = now() + timedelta(seconds=2)
    await hotel.app.staff.schedule(await hotel.member("ana"), conversation.id, text, soon, "soon")
    await expect(waiting).to_contain_text(text)
    await expect(desk.conversation.get_by_role("log").get_by_text(text)).to_be_visible()
    await expect(desk.said(re.compile("The bot answers"))).to_be_visible()
    await expect(waiting).to_have_count(0)


async def test_canned_replies_are_found_as_one_types(hotel: Any, open_desk: Any) -> None:
    # Given two canned replies of the hotel
    for shortcut, text in (("checkin", "Dear {guest}, check-in at {hotel} is from 15:00."), ("wifi", "It is free.")):
        await hotel.app.desk_store.save_canned(CannedReply(new_id(), hotel.slug, shortcut, text))
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)
    reply = desk.page.get_by_role("textbox", name="Reply")

    # When a slash and the first letters are typed, in the middle of a text
    await reply.press_sequentially("Welcome! /ch")
    options = desk.page.get_by_role("listbox", name="Canned replies").get_by_role("option")
    await expect(options).to_have_count(1)
    await reply.press("Enter")

    # Then the reply stands there, filled in and not yet sent
    whole = f"Welcome! Dear Marta, check-in at Hotel {hotel.slug.upper()} is from 15:00."
    await expect(reply).to_have_value(whole)
    await expect(options).to_have_count(0)
    await reply.press("Enter")
    await expect(desk.conversation.get_by_role("log").get_by_text(whole)).to_be_visible()

    # And a mouse finds them too
    await desk.press("Canned replies")
    await desk.page.get_by_role("dialog", name="Canned replies").get_by_role("button", name="/wifi").click()
    await expect(reply).to_have_value("It is free.")


async def test_a_note_calls_a_colleague_and_never_reaches_the_guest(hotel: Any, open_desk: Any) -> None:
    # Given a conversation and a colleague
    await hotel.add_user("bo")
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await desk.open(BREAKFAST)

    # When a note is written that calls them, their name completed
    await desk.page.get_by_role("switch", name="Note").check()
    note = desk.page.get_by_role("textbox", name="Note")
    await note.press_sequentially("Please look at this, @b")
    await expect(desk.page.get_by_role("option", name=hotel.user("bo"))).to_be_visible()
    await note.press("Tab")
    await expect(note).to_have_value(f"Please look at this, @{hotel.user('bo')} ")
    await note.press("Enter")

    # Then it stands in the conversation with the name, and is none of what the guest may see
    called = desk.conversation.get_by_role("log").locator("strong", has_text=f"@{hotel.user('bo')}")
    await expect(called).to_be_visible()
    [kept] = [message for message in await hotel.messages("Marta") if message.author.name == hotel.user("ana")]
    assert kept.direction.value == "note"
    assert list(kept.meta["mentions"]) == [hotel.user("bo")]
