"""The pages beside the desk: numbers, the audit log, people, canned replies and settings, without any script."""

import csv
import io
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from innbox.testing.running import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

OpenPage = Callable[..., Awaitable[Page]]
LANGUAGES = {"en": "Settings", "pt": "Definições", "es": "Ajustes", "fr": "Réglages", "de": "Einstellungen"}


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(new_context: Any, hotel: Any) -> OpenPage:
    """A function that opens a page as a member of staff, in a browser that runs no script."""

    async def open_page(path: str, user: str, **options: Any) -> Page:
        context = await new_context(java_script_enabled=False, **options)
        form: dict[str, str | float | bool] = {"username": hotel.user(user), "password": PASSWORD}
        await context.request.post(f"{hotel.house.url}/login", form=form, max_redirects=0)
        page: Page = await context.new_page()
        await page.goto(hotel.house.url + path)
        return page

    return open_page


async def test_numbers_of_today_are_drawn_listed_and_taken_away(hotel: Any, open_page: OpenPage, faults: Any) -> None:
    # Given a guest whom the bot has answered, and one with staff
    await hotel.add_user("lea", "lead")
    await hotel.says("Marta", "What time is breakfast?")
    await hotel.says("Jonas", "How much is parking?")
    jonas = await hotel.conversation("Jonas")
    await hotel.app.staff.take_over(await hotel.member("lea"), jonas.id)
    await hotel.app.staff.reply(await hotel.member("lea"), jonas.id, "Ten euros a day.")

    # When a lead looks at the numbers
    page = await open_page("/numbers", "lea")

    # Then they are there as figures, as charts with names, and day by day
    figures = page.locator(".figures > div")
    await expect(figures.filter(has_text="Messages from guests").locator("dd")).to_have_text("2")
    await expect(page.get_by_role("img", name="Messages per day")).to_be_visible()
    await expect(page.get_by_role("img", name="How long guests waited")).to_be_visible()
    today = datetime.now(ZoneInfo("Europe/Lisbon")).date().isoformat()
    days = page.get_by_role("region", name="Day by day").get_by_role("row")
    await expect(days).to_have_count(1 + 28)
    await expect(days.nth(1)).to_contain_text(today)
    assert await page.get_by_role("region", name="Busiest hours").get_by_role("cell", name="2", exact=True).count() == 1

    # And they can be taken away, which the audit log tells
    async with page.expect_download() as taken:
        await page.get_by_role("button", name="CSV").click()
    text = (await (await taken.value).path()).read_text("utf-8-sig")
    rows = {row["day"]: row for row in csv.DictReader(io.StringIO(text))}
    assert (rows[today]["guest_messages"], rows[today]["staff_messages"]) == ("2", "1")
    await page.get_by_role("link", name="Audit log").click()
    await expect(page.get_by_role("row").filter(has_text="Exported")).to_contain_text("what: numbers")

    # And other days can be asked for; days that there are not are told
    await page.get_by_role("link", name="Numbers").click()
    await page.get_by_role("link", name="7 days").click()
    await expect(days).to_have_count(1 + 7)
    faults.expect("400")
    await page.get_by_label("From", exact=True).fill("2026-03-30")
    await page.get_by_label("To", exact=True).fill("2026-03-28")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("alert")).to_contain_text("The first day comes before the last")


async def test_somebody_is_added_signs_in_is_disabled_and_is_out(
    hotel: Any, open_page: OpenPage, open_desk: Any, faults: Any
) -> None:
    # Given an admin of this hotel
    await hotel.app.accounts.add_user(hotel.user("carla"), PASSWORD, "admin", [hotel.slug])
    page = await open_page("/people", "carla")

    # When she adds somebody
    zoe = hotel.user("zoe")
    new = page.get_by_role("region", name="Add somebody")
    await new.get_by_label("Name to sign in with").fill(zoe)
    await new.get_by_label("New password").fill(PASSWORD)
    await new.get_by_label("Role").select_option("Lead")
    await new.get_by_role("checkbox", name=f"Hotel {hotel.slug.upper()}").check()
    await new.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("status")).to_have_text(f"Saved: {zoe}.")

    # Then they have the desk, with the ways of a lead
    desk = await open_desk("zoe")
    assert (await desk.page.request.get(f"{hotel.house.url}/numbers")).status == 200
    assert (await desk.page.request.get(f"{hotel.house.url}/people")).status == 403

    # And are out, wherever they sit, once they are disabled
    faults.expect("401|WebSocket|socket.io")
    line = page.locator("details").filter(has_text=zoe)
    await line.locator("summary").click()
    await line.get_by_role("button", name="Disable").click()
    await expect(page.locator("details").filter(has_text=zoe)).to_contain_text("Disabled")
    await expect(desk.page).to_have_url(f"{hotel.house.url}/login?next=%2Fdashboard", timeout=20_000)

    # And who did it is in the log of those who may see every hotel
    await hotel.add_user("root", "admin")
    log = await open_page(f"/audit?user={hotel.user('carla')}", "root")
    await expect(log.get_by_role("row").filter(has_text="Disabled a person")).to_contain_text(f"who: {zoe}")
    await expect(log.get_by_role("row").filter(has_text="Added a person")).to_contain_text("role: lead")


async def test_an_agent_is_told_that_a_page_is_not_theirs(hotel: Any, open_page: OpenPage, faults: Any) -> None:
    faults.expect("403")
    page = await open_page("/numbers", "ana")
    for path in ("/numbers", "/audit", "/canned", "/people", "/settings"):
        await page.goto(hotel.house.url + path)
        await expect(page.get_by_role("alert")).to_be_visible()
        await expect(page.get_by_role("navigation", name="Pages").get_by_role("link")).to_have_count(1)


async def test_a_lead_keeps_canned_replies(hotel: Any, open_page: OpenPage, faults: Any) -> None:
    # When a lead adds one, with a shortcut that will not do at first
    faults.expect("400")
    await hotel.add_user("lea", "lead")
    page = await open_page("/canned", "lea")
    new = page.locator("details").filter(has_text="Add a reply")
    await new.locator("summary").click()
    await new.get_by_label("Shortcut").fill("late checkout")
    await new.get_by_label("Text").fill("Dear {guest}, until noon.")
    await new.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("A shortcut has")
    new = page.locator("details[open]")
    await expect(new.get_by_label("Text")).to_have_value("Dear {guest}, until noon.")
    await new.get_by_label("Shortcut").fill("/late")
    await new.get_by_role("button", name="Add", exact=True).click()

    # Then it is there, and can be changed and taken away
    kept = page.locator("details").filter(has_text="/late")
    await kept.locator("summary").click()
    await kept.get_by_label("Text").fill("Dear {guest}, until one.")
    await kept.get_by_role("button", name="Save").click()
    (reply,) = await hotel.app.desk_store.canned_replies(frozenset({hotel.slug}))
    assert (reply.shortcut, reply.text) == ("late", "Dear {guest}, until one.")
    await kept.locator("summary").click()
    await kept.get_by_role("button", name="Remove").click()
    await expect(kept).to_have_count(0)


async def test_the_bots_mode_and_who_is_on_call_are_settings(hotel: Any, open_page: OpenPage) -> None:
    await hotel.app.accounts.add_user(hotel.user("carla"), PASSWORD, "admin", [hotel.slug])
    page = await open_page("/settings", "carla")

    await page.get_by_label("How it answers").select_option("It writes drafts that staff send")
    await page.get_by_label("The language of staff").select_option("Português")
    await page.get_by_label("Place 1").select_option(hotel.user("ana"))
    await page.get_by_label("Seconds until it rings for the next one").fill("45")
    await page.get_by_role("button", name="Save").click()

    await expect(page.get_by_role("status")).to_have_text("Saved.")
    await expect(page.get_by_label("Place 1")).to_have_value(hotel.user("ana"))
    kept = (await hotel.app.store.settings())[hotel.slug]
    assert (kept["bot_mode"], kept["staff_language"], kept["ring_seconds"]) == ("draft", "pt", 45)
    assert kept["on_call"] == [hotel.user("ana")]


async def test_the_pages_speak_five_languages_and_fit_a_phone(hotel: Any, open_page: OpenPage) -> None:
    await hotel.app.accounts.add_user(hotel.user("carla"), PASSWORD, "admin", [hotel.slug])
    page = await open_page("/settings", "carla", locale="de-AT", viewport={"width": 360, "height": 740})

    # They begin with the browser's language, and none is wider than a phone
    await expect(page.get_by_role("heading", level=1)).to_have_text(LANGUAGES["de"])
    for path in ("/numbers", "/audit", "/canned", "/people", "/settings"):
        await page.goto(hotel.house.url + path)
        await expect(page.get_by_role("main")).to_be_visible()
        assert await page.locator("html").evaluate("element => element.scrollWidth") <= 360, path

    # And they stay with the language that is chosen
    for language, title in LANGUAGES.items():
        await page.locator(f"button[lang={language}]").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(title)
        await expect(page.locator("html")).to_have_attribute("lang", language)
