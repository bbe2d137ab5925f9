"""The guest's page in a real browser, against the real socket."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from innbox import Attachment, AuthorKind

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Awaitable[Page]]

BLOCKED_STORAGE = """
for (const kind of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, kind, { get() { throw new DOMException("blocked", "SecurityError"); } });
"""


@pytest.fixture
def house(make_house: Any, real_static: Path) -> Any:
    return make_house(static=real_static)


async def write(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.get_by_role("button", name="Send").click()


async def sent(page: Any) -> None:
    """Wait until the one message of the guest is confirmed."""
    await expect(page.get_by_role("img", name="Sent", exact=True)).to_have_count(1, timeout=10_000)


def said(page: Any, text: str) -> Any:
    return page.get_by_role("log").get_by_text(text, exact=True)


async def test_a_guest_writes_and_is_answered_live(served: Any, open_page: OpenPage) -> None:
    page = await open_page(f"{served.url}/chat/miramar")
    await expect(page.get_by_role("heading", name="Hotel Miramar")).to_be_visible()
    await expect(page.get_by_role("status", name="Connection")).to_have_text("Online")

    await write(page, "When is breakfast?")
    await sent(page)
    await served.says(served.only_conversation, "From 7:30.")
    await served.says(served.only_conversation, "Enjoy it.", AuthorKind.STAFF)

    await expect(said(page, "When is breakfast?")).to_have_count(1)
    await expect(said(page, "From 7:30.")).to_be_visible()
    await expect(page.get_by_text("Assistant", exact=True)).to_be_visible()
    await expect(page.get_by_text("Our team", exact=True)).to_be_visible()


async def test_files_of_staff_are_there_to_be_seen_and_fetched(served: Any, open_page: OpenPage) -> None:
    page = await open_page(f"{served.url}/chat/miramar")
    await write(page, "How do I find you?")
    await sent(page)
    files = (
        Attachment("image", "image/png", "map.png", 68, "/media/m/0"),
        Attachment("file", "application/pdf", "menu.pdf", 9, "/media/m/1"),
        Attachment("audio", "audio/ogg", "hello.ogg", 9, "/media/m/2"),
    )

    message, _ = await served.says(served.only_conversation, "", AuthorKind.STAFF, files)

    picture = page.get_by_role("img", name="map.png")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("naturalWidth", 1)  # it was allowed, and it came
    link = page.get_by_role("link", name="menu.pdf")
    await expect(link).to_have_attribute("href", served.file_link(message.id, 1))
    await expect(page.locator("audio")).to_have_attribute("src", served.file_link(message.id, 2))
    await page.reload()
    await expect(page.get_by_role("img", name="map.png")).to_be_visible()


async def test_a_reload_finds_the_conversation_again(served: Any, open_page: OpenPage) -> None:
    page = await open_page(f"{served.url}/chat/miramar")
    await write(page, "Hello")
    await sent(page)
    await served.says(served.only_conversation, "Good evening")
    await expect(said(page, "Good evening")).to_be_visible()

    await page.reload()

    await expect(said(page, "Hello")).to_have_count(1)
    await expect(said(page, "Good evening")).to_have_count(1)


async def test_what_the_guest_has_in_sight_is_reported_as_read(served: Any, open_page: OpenPage) -> None:
    page = await open_page(f"{served.url}/chat/miramar")
    await write(page, "Hello")
    await sent(page)

    answer, _ = await served.says(served.only_conversation, "Good evening")

    async with asyncio.timeout(5):
        while not served.reports:
            await asyncio.sleep(0.02)
    assert [report.message_id for report in served.reports] == [answer.id]


async def test_it_speaks_the_guests_language(served: Any, open_page: OpenPage) -> None:
    page = await open_page(f"{served.url}/chat/miramar", locale="pt-BR")

    await expect(page.get_by_role("textbox", name="Mensagem")).to_be_visible()
    await expect(page.get_by_role("button", name="Enviar")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "pt-BR")


async def test_what_is_written_offline_is_sent_once_when_the_server_is_back(house: Any, open_page: OpenPage) -> None:
    async with house.serving():
        port = int(house.url.rpartition(":")[2])
        page = await open_page(f"{house.url}/chat/miramar")
        await expect(page.get_by_role("status", name="Connection")).to_have_text("Online")
    await expect(page.get_by_role("status", name="Connection")).to_contain_text("No connection")
    await write(page, "Are you there?")
    await expect(page.get_by_role("img", name="Waiting to be sent")).to_have_count(1)

    async with house.serving(port):
        await sent(page)
        await expect(said(page, "Are you there?")).to_have_count(1)

    assert [inbound.text for inbound in house.inbound] == ["Are you there?"]


async def test_markup_stays_text_and_only_web_addresses_are_links(served: Any, open_page: OpenPage) -> None:
    page = await open_page(f"{served.url}/chat/miramar")
    await write(page, "<img src=x onerror=alert(1)>")
    await expect(said(page, "<img src=x onerror=alert(1)>")).to_be_visible()
    await sent(page)

    await served.says(served.only_conversation, "javascript:alert(1) or (https://miramar.example/a?b=1).")

    await expect(page.get_by_role("log").get_by_role("link")).to_have_attribute("href", "https://miramar.example/a?b=1")
    await expect(page.locator("img")).to_have_count(0)


async def test_a_message_that_is_refused_says_why_and_can_be_deleted(served: Any, open_page: OpenPage) -> None:
    page = await open_page(f"{served.url}/chat/miramar")
    await page.get_by_role("textbox", name="Message").evaluate("box => { box.maxLength = 9999; }")

    await write(page, "x" * 2001)

    await expect(page.get_by_text("This message is too long.")).to_be_visible()
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("article")).to_have_count(0)
    assert served.inbound == []


async def test_it_works_where_the_browser_keeps_nothing(served: Any, open_page: OpenPage) -> None:
    page = await open_page("about:blank")
    await page.add_init_script(BLOCKED_STORAGE)
    await page.goto(f"{served.url}/chat/miramar")

    await write(page, "Hello")

    await sent(page)


async def test_the_bubble_on_a_hotels_site_opens_closes_and_counts(
    make_house: Any, real_static: Path, site: Any, open_page: OpenPage
) -> None:
    house = make_house(static=real_static, allowed_origins=[site.url])
    async with house.serving():
        site.html = f'<!doctype html><h1>Rooms</h1><script src="{house.url}/chat/miramar/embed.js"></script>'
        site.policy = f"script-src {house.url}; style-src 'none'; frame-src {house.url}"
        page = await open_page(site.url)
        bubble = page.get_by_role("button", name="Chat with Hotel Miramar")

        await bubble.click()
        chat = page.frame_locator("iframe")
        await chat.get_by_role("textbox", name="Message").fill("Hello")
        await chat.get_by_role("button", name="Send").click()
        await sent(chat)
        await page.keyboard.press("Escape")
        await expect(page.locator("iframe")).to_be_hidden()
        await house.says(house.only_conversation, "Good evening")

        await expect(bubble).to_have_accessible_name("Chat with Hotel Miramar (1 unread)")
        await bubble.click()
        await expect(chat.get_by_text("Good evening")).to_be_visible()
        await expect(bubble).to_have_accessible_name("Chat with Hotel Miramar")


async def test_a_site_that_is_not_allowed_cannot_frame_the_chat(served: Any, site: Any, open_page: OpenPage) -> None:
    site.html = f'<!doctype html><iframe src="{served.url}/chat/miramar"></iframe>'
    page = await open_page("about:blank")

    async with page.expect_console_message(lambda message: "frame-ancestors" in message.text, timeout=5000):
        await page.goto(site.url)
