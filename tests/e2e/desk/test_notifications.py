"""Notifications: the browser's own, and a sound, for what is mine or urgent; none for the rest, no flood."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

# What the browser would show, and the notes that it would play.
LISTEN = """
window.shown = [];
window.notes = [];
window.asked = 0;
window.Notification = class {
  static permission = localStorage.getItem('may') ?? 'default';
  static async requestPermission() {
    window.asked += 1;
    localStorage.setItem('may', 'granted');
    return (this.permission = 'granted');
  }
  constructor(title, options) { window.shown.push([title, options.body]); }
  close() {}
};
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) {
  window.notes.push(this.frequency.value);
  return start.apply(this, at);
};
"""


RING_MS = 6000  # longer than the pause between two rings


async def listen(page: Page) -> None:
    await page.clock.install()  # so that nobody has to wait for the next ring
    await page.add_init_script(LISTEN)


async def shown(desk: Any) -> Any:
    return await desk.page.evaluate("shown")


async def notes(desk: Any) -> int:
    return len(await desk.page.evaluate("notes"))


async def until(desk: Any, count: int) -> Any:
    """Wait until so many notifications were shown; return them."""
    async with asyncio.timeout(10):
        while len(found := await shown(desk)) < count:
            await asyncio.sleep(0.05)
    return found


async def test_what_is_mine_is_told_and_nothing_else_without_a_flood_after_a_cut(
    hotel: Any, house: Any, line: Any, open_desk: Any, colleague: Any, faults: Any
) -> None:
    # Given Ana's desk, which has never asked for leave by itself, and guests of hers, of Bo's, and of the bot's
    faults.expect("ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket")
    bo = await colleague("bo")
    for guest in ("Mia", "Mateo", "Bela", "Botto"):
        await hotel.says(guest, "What time is breakfast?")
    for guest in ("Mia", "Mateo"):
        await bo.does("assign", guest, assignee=hotel.user("ana"))
    await bo.does("take_over", "Bela")
    desk = await open_desk(url=line.url, prepare=listen)
    assert await desk.page.evaluate("asked") == 0

    # When she allows notifications by the button
    await desk.press("Preferences")
    await desk.press("Allow notifications")
    await expect(desk.page.get_by_role("switch", name="Notifications for what is mine")).to_be_checked()
    await desk.page.keyboard.press("Escape")

    # Then a guest of hers is told of, with a sound; the others' are not
    await hotel.says("Bela", "A question to Bo")
    await hotel.says("Botto", "How much is parking?")
    await hotel.says("Mia", "A question to Ana")
    found = await until(desk, 1)
    assert found == [["Mia", "A question to Ana"]]
    assert await notes(desk) > 0

    # And a note that calls her is told of, wherever it stands
    await bo.does("agent_note", "Bela", text=f"@{hotel.user('ana')} please have a look")
    assert (await until(desk, 2))[1][0] == "Bela"

    # When much is missed during a cut, it is told of together, once, with one sound
    await line.cut()
    await expect(desk.connection).to_contain_text("Offline")
    for number in range(4):
        await hotel.says("Mia", f"missed {number}")
        await hotel.says("Mateo", f"missed {number}")
    before = await notes(desk)
    await line.mend()
    await expect(desk.connection).to_contain_text("Live")
    assert (await until(desk, 3))[2:] == [["8 messages in 2 conversations of yours", ""]]
    assert await notes(desk) - before <= 2  # the two notes of one sound, at most

    # And what she reads at the moment is not told of
    await desk.open("Mia")
    await expect(desk.said("missed 3")).to_be_visible()
    await hotel.says("Mia", "Seen as it comes")
    await expect(desk.said("Seen as it comes")).to_be_visible()
    assert len(await shown(desk)) == 3

    # And after a reload her choice stands
    await desk.page.reload()
    await expect(desk.connection).to_contain_text("Live")
    await hotel.says("Mateo", "Once more")
    assert await until(desk, 1) == [["Mateo", "Once more"]]


async def test_what_is_urgent_rings_until_somebody_has_heard(
    hotel: Any, house: Any, open_desk: Any, colleague: Any
) -> None:
    # Given two desks, one of which looks at another conversation
    await hotel.add_user("bo")
    await hotel.says("Jonas", "What time is breakfast?")
    ana = await open_desk("ana", prepare=listen)
    bo = await open_desk("bo", url=house.other_url, prepare=listen)
    await ana.open("Jonas")
    await bo.page.mouse.click(700, 400)  # a browser lets a page sound only once somebody has used it

    # When a guest writes of danger
    await hotel.says("Marta", "Help, there is a fire in my room")

    # Then both desks say so above all else, and sound again and again
    for desk in (ana, bo):
        ring = desk.page.get_by_role("alert").filter(has_text="Urgent: Marta")
        await expect(ring).to_contain_text("fire")
        assert await sounds_in(desk, RING_MS)

    # When one of them has heard, both are quiet
    await ana.press("Acknowledge")
    for desk in (ana, bo):
        await expect(desk.page.get_by_role("alert").filter(has_text="Urgent: Marta")).to_have_count(0)
        assert not await sounds_in(desk, 3 * RING_MS)
    await expect(bo.line("Marta")).to_contain_text("Urgent")


async def sounds_in(desk: Any, milliseconds: int) -> bool:
    """Let the page's clock run on; say whether it sounded meanwhile."""
    before = await notes(desk)
    await desk.page.clock.fast_forward(milliseconds)
    return await notes(desk) > before
