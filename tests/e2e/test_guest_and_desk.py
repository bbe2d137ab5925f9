"""Guest and staff, each in a browser of their own."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BREAKFAST = re.compile("from 7:30 to 10:30")
HOSTILE = '<img src=x onerror=alert(1)> <b>bold</b> <a href="javascript:alert(1)">a</a>'
SCRIPT_LINK = "javascript:alert(document.cookie)"


async def test_a_question_is_answered_and_seen_live_at_the_desk(open_chat: Any, open_desk: Any) -> None:
    # Given a desk and a guest
    desk, chat = await open_desk(), await open_chat()
    await expect(desk.conversations).to_have_count(0)

    # When the guest asks something that the facts hold
    await chat.say("What time is breakfast?")

    # Then the answer comes, and the desk has it all without a reload
    await expect(chat.said(BREAKFAST)).to_be_visible()
    await expect(desk.line(BREAKFAST)).to_have_count(1)
    await expect(desk.conversations.get_by_label("1 unread message")).to_be_visible()

    # When staff open the conversation
    await desk.open(BREAKFAST)

    # Then what was said stands there, with what became of the answer, and nothing is unread any more
    await expect(desk.said("What time is breakfast?")).to_be_visible()
    await expect(desk.said(BREAKFAST)).to_be_visible()
    await expect(desk.said(re.compile("^(Sent|Delivered|Read)$"))).to_be_visible()
    await expect(desk.conversations.get_by_label("unread")).to_have_count(0)


async def test_a_note_never_reaches_the_guest(open_chat: Any, open_desk: Any) -> None:
    # Given a conversation that staff look at
    desk, chat = await open_desk(), await open_chat()
    await chat.say("What time is breakfast?")
    await expect(chat.said(BREAKFAST)).to_be_visible()
    await desk.open(BREAKFAST)

    # When they leave a note and then reply
    await desk.note("Complained last time: be kind")
    await expect(desk.said("Complained last time: be kind")).to_be_visible()
    await desk.page.get_by_role("switch", name="Note").uncheck()
    await desk.reply("Shall I keep a table for you?")

    # Then the guest has the reply alone, before and after a reload
    await expect(chat.said("Shall I keep a table for you?")).to_be_visible()
    await expect(chat.page.get_by_text("be kind")).to_have_count(0)
    await chat.page.reload()
    await expect(chat.said("Shall I keep a table for you?")).to_be_visible()
    await expect(chat.page.get_by_text("be kind")).to_have_count(0)
    assert "be kind" not in await chat.page.content()


async def test_search_finds_conversations_by_what_was_said(open_chat: Any, open_desk: Any) -> None:
    # Given two conversations
    desk, early, driver = await open_desk(), await open_chat(), await open_chat()
    await early.say("What time is breakfast?")
    await driver.say("How much is parking?")
    await expect(desk.conversations).to_have_count(2)
    await expect(desk.line("12 euros")).to_have_count(1)

    # When staff search for a word of one of them
    await desk.search("parking")

    # Then that one is left, and can be opened from there
    await expect(desk.conversations).to_have_count(1)
    await desk.open("12 euros")
    await expect(desk.said("How much is parking?")).to_be_visible()

    # When they search for what nobody said, and then for nothing
    await desk.search("submarine")
    await expect(desk.conversations).to_have_count(0)
    await desk.search("")

    # Then all are there again
    await expect(desk.conversations).to_have_count(2)


async def test_what_guests_write_is_text_and_nothing_else(open_chat: Any, open_desk: Any) -> None:
    # Given pages that would tell of every dialogue
    desk, chat = await open_desk(), await open_chat()
    dialogues: list[str] = []
    for page in (desk.page, chat.page):
        page.on("dialog", lambda dialogue: dialogues.append(dialogue.message))

    # When a guest writes markup, a script's address, and a real one
    for text in (HOSTILE, SCRIPT_LINK, "See https://example.org/menu."):
        await chat.say(text)
        await expect(chat.said(text)).to_be_visible()

    # Then all of it stands there as it was written, and only the real address is a link
    await desk.conversations.click()
    for text in (HOSTILE, SCRIPT_LINK):
        await expect(desk.said(text)).to_be_visible()
    for said in (desk.conversation, chat.log):
        await expect(said.locator("img")).to_have_count(0)
        await expect(said.locator("b")).to_have_count(0)
        await expect(said.locator("a")).to_have_count(1)
        await expect(said.get_by_role("link")).to_have_attribute("href", "https://example.org/menu")
        assert "javascript:" not in await said.get_by_role("link").evaluate("link => link.href")

    # And no script ran; the fixtures see that no page reports an error or a violation
    assert dialogues == []
