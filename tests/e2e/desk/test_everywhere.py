"""Everywhere: on a phone, by keyboard alone, for everybody's eyes and ears, in light and dark, in five languages."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from innbox import CannedReply, new_id
from innbox.testing.running import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.asyncio(loop_scope="session")]

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
TABLET: dict[str, Any] = {"viewport": {"width": 820, "height": 1180}, "has_touch": True, "is_mobile": True}
AXE = Path(__file__).parents[3] / "plugins" / "dashboard" / "page" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
RIGHT_TO_LEFT = "محمد الأمين"
LONG_NAME = "Rindfleischetikettierungsueberwachungsaufgabenuebertragungsgesetz von und zu Hohenzollern"


async def fits(page: Page) -> None:
    """Hold that a page cannot be scrolled sideways."""
    assert await page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0


async def is_for_everybody(page: Page) -> None:
    """Hold that axe finds nothing in a page as it stands."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        "(tags) => axe.run(document, { runOnly: { type: 'tag', values: tags } }).then((found) =>"
        " found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html}`)))",
        RULES,
    )
    assert found == []


async def busy(hotel: Any, colleague: Any) -> Any:
    """Have guests of all kinds; return Bo, who works beside Ana."""
    bo = await colleague("bo")
    for guest in ("Marta", RIGHT_TO_LEFT, LONG_NAME):
        await hotel.says(guest, "What time is breakfast?")
    await bo.does("set_labels", "Marta", labels=["vip", "late arrival", "a third one"])
    await bo.does("take_over", RIGHT_TO_LEFT)
    await hotel.says(LONG_NAME, "There is a fire!")
    await hotel.says("Marta", "Thank you")
    return bo


async def test_everything_fits_a_phone_and_a_tablet(hotel: Any, house: Any, open_desk: Any, colleague: Any) -> None:
    # Given a busy hotel, and a phone
    await busy(hotel, colleague)
    desk = await open_desk(url=house.other_url, **PHONE)

    # Then the list, a conversation and its guest are a screen each, and none is wider than the phone
    await expect(desk.conversations).to_have_count(3)
    await fits(desk.page)
    await desk.line("Marta").tap()
    await expect(desk.said("Thank you").first).to_be_visible()
    await expect(desk.conversations).to_have_count(0)
    await fits(desk.page)
    await desk.button("Guest details").tap()
    guest = desk.page.get_by_role("complementary", name="Guest details")
    await expect(guest.get_by_role("heading", name="Marta")).to_be_visible()
    await expect(desk.conversation).to_be_hidden()
    await fits(desk.page)

    # And the browser's own Back leads through them
    await desk.page.go_back()
    await expect(desk.said("Thank you").first).to_be_visible()
    await expect(guest).to_have_count(0)
    await desk.page.go_back()
    await expect(desk.conversations).to_have_count(3)

    # And on a tablet list and conversation stand side by side
    tablet = await open_desk(url=house.other_url, **TABLET)
    await tablet.line("Marta").tap()
    await expect(tablet.said("Thank you").first).to_be_visible()
    await expect(tablet.conversations).to_have_count(3)
    await fits(tablet.page)


async def test_a_shift_by_keyboard_alone(hotel: Any, house: Any, open_desk: Any, colleague: Any) -> None:
    # Given a desk, and somebody without a mouse
    await busy(hotel, colleague)
    desk = await open_desk(url=house.other_url)
    await expect(desk.conversations).to_have_count(3)
    keys = desk.page.keyboard

    # When they ask for help, the sheet tells of the keys, and Escape puts it away
    await keys.press("?")
    sheet = desk.page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(sheet).to_contain_text("Next conversation")
    await keys.press("Escape")
    await expect(sheet).to_have_count(0)

    # When they go to a view and down its list, and open the second conversation
    await keys.type("ga")
    await keys.press("j")
    await expect(desk.line("Marta").get_by_role("link")).to_be_focused()
    await keys.press("ArrowDown")
    await expect(desk.line(LONG_NAME).get_by_role("link")).to_be_focused()
    await keys.press("k")
    await keys.press("Enter")
    await expect(desk.page.get_by_role("textbox", name="Reply")).to_be_focused()

    # Then what they type is a reply, and no shortcut
    await keys.type("jest?")
    await expect(desk.page.get_by_role("textbox", name="Reply")).to_have_value("jest?")
    await expect(sheet).to_have_count(0)
    await keys.press("Enter")
    await expect(desk.said("jest?")).to_have_count(1)

    # When they leave the field, keys do the rest: note, give back, take over, snooze, label, assign, resolve
    await keys.press("Escape")
    await expect(desk.line("Marta").get_by_role("link")).to_be_focused()
    await keys.press("n")
    await expect(desk.page.get_by_role("textbox", name="Note")).to_be_focused()
    await keys.press("Escape")
    await keys.press("r")
    await expect(desk.page.get_by_role("textbox", name="Reply")).to_be_focused()
    await keys.press("Escape")
    await keys.press("b")
    await expect(desk.button("Take over")).to_be_enabled()
    await keys.press("t")
    await expect(desk.button("Take over")).to_have_count(0)
    for key, name in (("s", "Snooze"), ("l", "Labels"), ("a", "Assign")):
        await keys.press(key)
        await expect(desk.page.get_by_role("dialog", name=name)).to_be_visible()
        await keys.press("Escape")
        await expect(desk.page.get_by_role("dialog", name=name)).to_be_hidden()
    await keys.press("e")
    await expect(desk.line("Marta")).to_have_count(0)

    # And with single keys switched off they do nothing
    await desk.press("Preferences")
    await desk.page.get_by_role("switch", name="Shortcuts by single keys").uncheck()
    await keys.press("Escape")
    await keys.press("?")
    await expect(sheet).to_have_count(0)


@pytest.mark.parametrize(("house", "colours"), [("embedded", "light"), ("two-webs", "dark")], indirect=["house"])
async def test_axe_finds_nothing(hotel: Any, house: Any, open_desk: Any, colleague: Any, colours: str) -> None:
    # Given a busy hotel in light or dark
    await busy(hotel, colleague)
    desk = await open_desk(color_scheme=colours)

    # Then axe finds nothing on the list, with a conversation and its guest open, in the menu and on the sheet
    await expect(desk.conversations).to_have_count(3)
    await is_for_everybody(desk.page)
    await desk.open(LONG_NAME)
    await expect(desk.said("There is a fire!").first).to_be_visible()
    await is_for_everybody(desk.page)
    await desk.press("Preferences")
    await expect(desk.page.get_by_role("dialog", name="Preferences")).to_be_visible()
    await is_for_everybody(desk.page)
    await desk.page.keyboard.press("Escape")
    await desk.button("Assign").click()
    await expect(desk.page.get_by_role("dialog", name="Assign")).to_be_visible()
    await is_for_everybody(desk.page)
    await desk.page.keyboard.press("Escape")
    await desk.page.keyboard.press("Escape")
    await desk.page.keyboard.press("?")
    await is_for_everybody(desk.page)

    # Nor on a phone, screen by screen
    phone = await open_desk(color_scheme=colours, **PHONE)
    await is_for_everybody(phone.page)
    await phone.line(RIGHT_TO_LEFT).tap()
    await expect(phone.button("Guest details")).to_be_visible()
    await is_for_everybody(phone.page)
    await phone.button("Guest details").tap()
    await expect(phone.button("Back to the conversation")).to_be_visible()
    await is_for_everybody(phone.page)


@pytest.mark.parametrize(("house", "colours"), [("embedded", "light"), ("two-webs", "dark")], indirect=["house"])
async def test_axe_finds_nothing_on_the_pages_beside_the_desk(
    hotel: Any, house: Any, new_context: Any, colours: str
) -> None:
    # Given an admin, a day's figures, a canned reply and something in the audit log
    await hotel.app.accounts.add_user(hotel.user("carla"), PASSWORD, "admin", [hotel.slug])
    await hotel.says("Marta", "What time is breakfast?")
    await hotel.app.staff.take_over(await hotel.member("ana"), (await hotel.conversation("Marta")).id)
    await hotel.app.desk_store.save_canned(CannedReply(new_id(), hotel.slug, "late", "Until noon."))
    context = await new_context(color_scheme=colours)
    form: dict[str, str | float | bool] = {"username": hotel.user("carla"), "password": PASSWORD}
    page = await context.new_page()
    await page.goto(f"{house.url}/login")
    await is_for_everybody(page)
    await context.request.post(f"{house.url}/login", form=form, max_redirects=0)

    # Then axe finds nothing on any of them, with all that can be opened open
    for path in ("/numbers", "/audit", "/canned", "/people", "/settings"):
        await page.goto(house.url + path)
        await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        await is_for_everybody(page)


async def test_colours_are_chosen_and_stay_chosen(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given a machine that is set to light
    desk = await open_desk(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await desk.page.evaluate(ground)

    # When dark is chosen, the page is dark at once, after a reload, and on the server's own pages
    await desk.press("Preferences")
    await desk.page.get_by_role("radio", name="Dark").check(force=True)
    dark = await desk.page.evaluate(ground)
    assert dark != light
    await desk.page.reload()
    await expect(desk.connection).to_contain_text("Live")
    assert await desk.page.evaluate(ground) == dark
    await desk.page.goto("about:blank")  # so that the desk asks for nothing while it is signed out
    await desk.page.context.clear_cookies(name=re.compile("session"))
    await desk.page.goto(f"{house.url}/login")
    assert await desk.page.evaluate(ground) == dark


async def test_the_desk_speaks_the_language_that_is_chosen(hotel: Any, house: Any, open_desk: Any) -> None:
    # Given a browser that asks for Portuguese, which the desk speaks from the start
    await hotel.says("Marta", "What time is breakfast?")
    desk = await open_desk(live="Em direto", locale="pt-PT")
    await desk.page.locator("[data-id] > a").click()
    await expect(desk.page.get_by_role("button", name="Assumir", exact=True)).to_be_visible()

    # When another one is chosen, the page speaks it, and the conversation is still open
    for code, take_over, resolved in (
        ("es", "Tomar", "Resueltas"),
        ("fr", "Prendre en charge", "Closes"),
        ("de", "Übernehmen", "Erledigt"),
        ("en", "Take over", "Resolved"),
        ("pt", "Assumir", "Resolvidas"),
    ):
        await desk.page.locator(".menu-button").click()
        await desk.page.locator(".menu select").select_option(code)
        await expect(desk.page.locator("html")).to_have_attribute("lang", code)
        await expect(desk.page.get_by_role("button", name=take_over, exact=True)).to_be_visible()
        await expect(desk.page.get_by_role("radio", name=resolved)).to_have_count(1)

    # And the server's pages follow
    await desk.page.goto("about:blank")  # so that the desk asks for nothing while it is signed out
    await desk.page.context.clear_cookies(name=re.compile("session"))
    await desk.page.goto(f"{house.url}/login")
    await expect(desk.page.get_by_role("button", name="Entrar", exact=True)).to_be_visible()
