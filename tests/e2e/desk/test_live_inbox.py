"""Live inbox: what is new shows at once, ten thousand open conversations are as quick as ten."""

import time
from typing import Any

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

MANY = 10_000
SHOWN_WITHIN_MS = 200
OPEN_WITHIN_MS = 300
ROUNDS = 3  # a machine that does something else meanwhile may spoil one
NOTE_WHEN_SHOWN = """
() => {
  const shownAt = new Map();
  const note = () => {
    for (const [text] of document.querySelector('.list').innerText.matchAll(/word-\\d+/g))
      if (!shownAt.has(text)) shownAt.set(text, performance.timeOrigin + performance.now());
  };
  new MutationObserver(note).observe(document.body, { subtree: true, childList: true, characterData: true });
  window.shown = async (text) => {
    while (!shownAt.has(text)) await new Promise(requestAnimationFrame);
    return shownAt.get(text);
  };
}
"""


async def test_a_new_message_shows_within_200_ms_of_its_commit(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given a desk at the other web process, and ten guests
    desk = await open_desk(url=house.other_url)
    for number in range(10):
        await hotel.says(f"Guest {number}", "Good evening")
    await expect(desk.conversations).to_have_count(10)
    await desk.page.evaluate(NOTE_WHEN_SHOWN)

    # When they write, one after the other
    count = 0
    for _ in range(ROUNDS):
        times = []
        for _ in range(20):
            count += 1
            started = time.time()
            await hotel.says(f"Guest {count % 10}", f"word-{count}")
            times.append(await desk.page.evaluate(f"shown('word-{count}')") - started * 1000)

        # Then each is there within 200 ms of its commit (95 of 100), which is after the start of these clocks
        if sorted(times)[int(len(times) * 0.95) - 1] < SHOWN_WITHIN_MS:
            return
    pytest.fail(f"shown after {sorted(map(round, times))} ms")


async def test_ten_thousand_open_conversations_open_at_once_and_scroll_smoothly(
    hotel: Any, house: Any, open_desk: Any
) -> None:
    # Given a hotel with ten thousand open conversations
    await hotel.says("Marta", "What time is breakfast?")
    hotel.copy(await hotel.conversation("Marta"), MANY)
    desk = await open_desk(url=house.other_url)
    page = desk.page

    # Then its list is drawn within 300 ms of the script's start
    times = []
    for _ in range(ROUNDS):
        await expect(desk.line("Marta")).to_be_visible()
        times.append(
            await page.evaluate(
                "performance.getEntriesByName('desk: list drawn')[0].startTime -"
                " performance.getEntriesByName('desk: begins')[0].startTime"
            )
        )
        await page.reload()
    assert min(times) < OPEN_WITHIN_MS, times

    # And only what is seen is drawn, by pages that are asked for by key
    await expect(desk.line("Marta")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert await desk.conversations.count() < 100

    # When staff scroll down as fast as they can
    frames = await page.evaluate(SCROLL_DOWN)

    # Then there is a conversation wherever they look, and no frame keeps them waiting
    assert frames["rows"] > 1000, frames
    assert frames["blank"] <= frames["seen"] * 0.02, frames
    assert frames["median"] < 50, frames
    assert await desk.conversations.count() < 100
    pages = [url for url in asked if "cursor=" in url]
    assert len(pages) >= 10
    assert not [url for url in pages if "offset" in url]

    # And a new message is on top, while what is read stays where it is
    before = await page.evaluate(FIRST_ROW)
    place = await page.evaluate(PLACE, before["id"])
    await hotel.says("Jonas", "Good evening")
    await expect(page.locator(f"[data-id='{before['id']}']")).to_have_attribute("aria-posinset", str(place + 1))
    assert await page.evaluate(FIRST_ROW) == before


SCROLL_DOWN = """
async () => {
  const list = document.querySelector('.list');
  const gaps = [];
  let [seen, blank, last] = [0, 0, performance.now()];
  for (const end = last + 6000; performance.now() < end && list.scrollTop < 100_000;) {
    list.scrollTop += 600;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    const box = list.getBoundingClientRect();
    const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    seen += 1;
    blank += there.closest('.item') ? 0 : 1;
  }
  gaps.sort((a, b) => a - b);
  const rows = Number(document.querySelector('.item:last-child').getAttribute('aria-posinset'));
  return { seen, blank, rows, median: gaps[gaps.length >> 1], worst: gaps.at(-1) };
}
"""
FIRST_ROW = """
() => {
  const list = document.querySelector('.list').getBoundingClientRect();
  const item = document.elementFromPoint(list.left + 40, list.top + 4).closest('.item');
  return { id: item.dataset.id, top: item.getBoundingClientRect().top };
}
"""
PLACE = "(id) => Number(document.querySelector(`[data-id='${id}']`).getAttribute('aria-posinset'))"
