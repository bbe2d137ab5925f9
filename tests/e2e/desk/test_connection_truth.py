"""Connection truth: a cut line is told of within five seconds, and after it exactly what was missed appears."""

import asyncio
import re
import time
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

OFFLINE = re.compile("Offline")
OFFLINE_WITHIN_SECONDS = 5.0


async def test_after_a_cut_line_exactly_what_was_missed_appears(
    hotel: Any, line: Any, open_desk: Any, colleague: Any, faults: Any
) -> None:
    # Given a desk whose line can be cut, with a conversation of Ana's open, and another one in the list
    faults.expect("ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket")  # the browser itself notes each attempt to connect
    for guest in ("Marta", "Jonas"):
        await hotel.says(guest, "What time is breakfast?")
    desk, bo = await open_desk(url=line.url), await colleague("bo")
    await desk.open("Marta")
    await expect(desk.said("from 7:30")).to_have_count(1)
    await desk.press("Take over")
    await expect(desk.button("Return to bot")).to_be_visible()
    await desk.page.evaluate("window.notReloaded = true")

    # When the line is cut, the desk says so within five seconds
    await line.cut()
    started = time.monotonic()
    await expect(desk.connection).to_contain_text(OFFLINE)
    assert time.monotonic() - started < OFFLINE_WITHIN_SECONDS

    # When guests and colleagues go on meanwhile, and the line is there again
    for number in range(3):
        await hotel.says("Marta", f"missed {number}")
    await bo.does("agent_note", "Marta", text="missed note")
    await bo.does("take_over", "Jonas")
    await hotel.says("Nadia", "missed newcomer")
    await line.mend()
    await expect(desk.connection).to_contain_text("Live")
    await hotel.says("Marta", "after the cut")

    # Then all of it is there, once and in order, without a reload
    await expect(desk.said("after the cut")).to_have_count(1)
    said = await desk.conversation.get_by_role("log").inner_text()
    found = re.findall(r"missed \w+|after the cut", said)
    assert found == ["missed 0", "missed 1", "missed 2", "missed note", "after the cut"]
    await expect(desk.conversations).to_have_count(3)
    await expect(desk.line("Nadia")).to_have_count(1)
    await expect(desk.line("Jonas")).to_contain_text(hotel.user("bo"))
    assert await desk.page.evaluate("window.notReloaded") is True


@pytest.mark.parametrize("house", ["embedded"], indirect=True)  # the page alone can find out
async def test_a_line_on_which_nobody_answers_any_more_is_told_of_too(
    open_desk: Any, held_socket: Any, faults: Any
) -> None:
    # Given a desk whose socket stays open
    faults.expect("WebSocket")
    desk = await open_desk(prepare=held_socket.stand_between)

    # When nothing comes through it any more, as with a laptop that left the house
    held_socket.held = True
    started = time.monotonic()

    # Then the desk says so within five seconds, and is live again when something does
    await expect(desk.connection).to_contain_text(OFFLINE)
    assert time.monotonic() - started < OFFLINE_WITHIN_SECONDS
    held_socket.release()
    await expect(desk.connection).to_contain_text("Live")


async def test_what_is_pressed_before_the_first_connection_waits_for_it(
    hotel: Any, open_desk: Any, held_socket: Any
) -> None:
    # Given a page that is drawn while its line is still being opened
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk(prepare=held_socket.stand_between)
    await desk.open("Marta")
    await expect(desk.button("Take over")).to_be_visible()
    held_socket.held = True
    await desk.page.reload()

    # When something is pressed, nothing is told to have failed, and it is done once the line is there
    await desk.press("Take over")
    await desk.page.wait_for_timeout(500)
    await expect(desk.conversation.get_by_role("alert")).to_have_count(0)
    await expect(desk.button("Take over")).to_be_visible()
    held_socket.release()
    await expect(desk.button("Return to bot")).to_be_visible()


async def test_what_happens_while_a_conversation_is_being_opened_is_there_when_it_is_open(
    hotel: Any, open_desk: Any
) -> None:
    # Given a conversation whose messages are slow to arrive: they were read before the guest's next question
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk()
    await expect(desk.line("from 7:30")).to_have_count(1)
    read, asked_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Any) -> None:
        answer = await route.fetch()
        read.set()
        await asked_on.wait()
        await route.fulfill(response=answer)

    await desk.page.route(re.compile("/get_messages"), hold)

    # When somebody opens it, and the question and its answer are told of before the messages arrive
    await desk.open("Marta")
    await read.wait()
    await hotel.says("Marta", "And how much is parking?")
    await expect(desk.line("12 euros")).to_have_count(1)
    asked_on.set()

    # Then nothing is missing
    await expect(desk.said("from 7:30")).to_have_count(1)
    await expect(desk.said("And how much is parking?")).to_have_count(1)
    await expect(desk.said("12 euros")).to_have_count(1)


async def test_what_could_not_be_done_does_not_stand_there_as_if_it_were(
    hotel: Any, line: Any, open_desk: Any, faults: Any
) -> None:
    # Given a desk whose line is cut
    faults.expect("ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket")
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk(url=line.url, viewport={"width": 1440, "height": 900})
    await desk.open("Marta")
    mode = desk.page.get_by_label("What the bot does here")
    wants = desk.page.get_by_role("switch", name="Wants offers and reminders")
    await expect(wants).to_be_checked()
    await line.cut()
    await expect(desk.connection).to_contain_text(OFFLINE)

    # When somebody silences the bot, and somebody the offers
    await mode.select_option("Off")
    await expect(desk.conversation.get_by_role("alert")).to_contain_text("cannot be reached")
    await expect(mode).to_have_value("")
    await wants.click()

    # Then what is stands there, not what was wished
    await expect(wants).to_be_checked()
