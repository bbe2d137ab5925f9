"""Takes the pictures in docs/: runs the demo's hotel with a day's conversations and photographs desk and chat.

`python tools/screenshots.py` needs a Chromium (see tools/get_browser). WhatsApp is a stand-in on this machine; all else
is what `make demo` runs. Nothing of it is kept but the pictures.

`python tools/screenshots.py --states FOLDER` takes other ones, to be looked at and thrown away: the desk in every
state, empty and busy, offline and failed, on a phone and a tablet, dark, and in each language.
"""

import argparse
import asyncio
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import socketio
import yaml
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from innbox import new_id, now, rfc3339
from innbox.testing.browser import ARGUMENTS, MISSING, find_browser
from innbox.testing.running import PASSWORD, Running, running_innbox
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, HOTEL_NUMBER, TwilioWire, WireTemplate

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
STAFF = "Inês"
COLLEAGUE = "Tomás"
DRAFT = "Done! They wait for you at the entrance from 9:00."
LENA = ("Lena Fischer", "+4915155501734")
JAMES = ("James Whitfield", "+447700900417")
ANNA = ("Anna Kowalska", "+48512555013")
SOPHIE = ("Sophie Laurent", "+33639985512")
TEMPLATE = WireTemplate(
    "room_ready", "Hello {{1}}, your room {{2}} is ready. See you soon!", variables={"1": "", "2": ""}
)
RIGHT_TO_LEFT = ("محمد الأمين", "+96612345678")
LONG_NAME = ("Maximiliane Rindfleischetikettierungsueberwachung von und zu Hohenzollern", "+4930555018")
WIDE, SMALL = (1280, 800), (360, 740)
TOUCHED: Mapping[str, Any] = {"has_touch": True, "is_mobile": True}
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "light": {"size": WIDE},
    "dark": {"size": WIDE, "color_scheme": "dark"},
    "tablet": {"size": (820, 1180), **TOUCHED},
    "phone": {"size": SMALL, **TOUCHED},
    "phone-dark": {"size": SMALL, "color_scheme": "dark", **TOUCHED},
}
LARGEST = 200_000  # bytes: a picture in a README must not keep its reader waiting
PATIENCE = 15.0


async def main() -> int:
    """Take all pictures; return the exit code."""
    parser = argparse.ArgumentParser(description="Take the pictures in docs/.")
    parser.add_argument("--states", type=Path, metavar="FOLDER", help="take those of every state of the desk instead")
    wanted = parser.parse_args()
    program = find_browser()
    if program is None:
        print(MISSING, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        async with TwilioWire() as twilio, demo(Path(folder), twilio) as innbox, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
            photographer = Photographer(innbox, browser, wanted.states or DOCS)
            day = Day(innbox, twilio, browser)
            if wanted.states:
                wanted.states.mkdir(parents=True, exist_ok=True)
                await photographer.of_nothing()
            await day.morning()
            if not wanted.states:
                await photographer.for_the_readme(day)
            await day.evening(Path(folder))
            await (photographer.of_every_state(day) if wanted.states else photographer.for_the_shift(day))
            await day.end()
            await browser.close()
    return 0 if wanted.states else report(photographer.taken)


@asynccontextmanager
async def demo(folder: Path, twilio: TwilioWire) -> AsyncIterator[Running]:
    """Run the demo's hotel on a store of its own, with WhatsApp, and two members of staff."""
    config = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text())
    for hotel in config["hotels"].values():
        hotel["facts"] = str(ROOT / "config" / hotel["facts"])
    plugins = {name: settings for name, settings in config["plugins"].items() if not name.endswith("_store")}
    plugins["whatsapp_twilio"] = {
        "account_sid": ACCOUNT_SID,
        "auth_token": AUTH_TOKEN,
        "api_base_url": twilio.url,
        "numbers": {HOTEL_NUMBER: next(iter(config["hotels"]))},
    }
    async with running_innbox(folder, plugins, hotels=config["hotels"]) as innbox:
        await innbox.add_user(STAFF)
        await innbox.add_user(COLLEAGUE)
        yield innbox


class Day:
    """The conversations of a day, told by guests and staff through the same doors as in life."""

    def __init__(self, innbox: Running, twilio: TwilioWire, browser: Browser) -> None:
        self._innbox = innbox
        self._twilio = twilio
        self._browser = browser
        self._desks: dict[str, socketio.AsyncClient] = {}
        self.james = self.anna = self.lena = self.sophie = ""  # conversations
        self.chat: Any = None  # what the browser of a guest of the web chat keeps

    async def morning(self) -> None:
        """Let happen what the pictures of the house show."""
        for name in (STAFF, COLLEAGUE):
            await self._sit_down(name)
        await self._resolved()
        await self._waiting()
        self.james = await self._answered(*JAMES, "Hi, how much is the transfer from Lisbon airport?")
        self.chat = await self._at_the_web_chat()
        self.anna = await self._answered(*ANNA, "Can we bring our dog? He weighs 9 kg")
        self.lena = await self._handled_by_staff()

    async def evening(self, folder: Path) -> None:
        """Let happen what the pictures of a shift show."""
        self._twilio.templates.append(TEMPLATE)
        await self._desk(STAFF, "set_bot_mode", self.anna, mode="draft")
        await self.writes(*ANNA, "And what time is breakfast on Sunday?")
        await self._until(lambda found: found["suggestion"] is not None, ANNA[0])
        self._close_window(folder, self.james)
        await self.writes(*SOPHIE, "There is a smell of burning in our corridor!")
        await self._until(lambda found: found["urgent"] is not None, SOPHIE[0])
        tomorrow = rfc3339((now() + timedelta(days=1)).replace(hour=7, minute=30, second=0))
        good_morning = "Good morning Mrs Fischer! Your bicycles stand at the entrance."
        await self._desk(STAFF, "set_labels", self.lena, labels=["bicycles", "family"])
        await self._desk(STAFF, "agent_note", self.lena, text=f"@{COLLEAGUE}, are there helmets for three?")
        await self._desk(STAFF, "schedule_message", self.lena, text=good_morning, at=tomorrow)

    async def end(self) -> None:
        """Send everybody home."""
        for desk in self._desks.values():
            await desk.disconnect()

    async def _resolved(self) -> None:
        guest = ("Paulo Teixeira", "+351912555088")
        conversation = await self._answered(*guest, "Boa tarde, a que horas abre a piscina?")
        await self._desk(COLLEAGUE, "agent_message", conversation, text="Boa tarde Paulo! A piscina abre às 9:00.")
        await self.writes(*guest, "Obrigado!")
        await self._desk(COLLEAGUE, "mark_read", conversation)
        await self._desk(COLLEAGUE, "resolve", conversation)

    async def _waiting(self) -> None:
        await self.writes(*SOPHIE, "The air conditioning in 305 is dripping on the carpet")
        found = await self._until(lambda found: found["handled_by"] == "staff", SOPHIE[0])
        self.sophie = str(found["id"])
        await self.writes(*SOPHIE, "Could somebody have a look before dinner?")

    async def _handled_by_staff(self) -> str:
        conversation = await self._answered(*LENA, "Hello! Can I rent a bicycle?")
        await self._desk(STAFF, "agent_message", conversation, text="Shall I keep two for you, Mrs Fischer?")
        await self.writes(*LENA, "Yes please, and one for our son. He is 1.30 m tall.")
        await self._desk(STAFF, "agent_note", conversation, text="The small blue one for the boy. Rui checks it.")
        await self._desk(STAFF, "mark_read", conversation)
        await asyncio.sleep(1)  # until the guest's phone has reported that all of it was read
        return conversation

    async def _at_the_web_chat(self) -> Any:
        """Have a guest ask at the page itself, and keep what their browser keeps."""
        context = await self._browser.new_context(locale="en-GB")
        page = await context.new_page()
        await page.goto(f"{self._innbox.url}/chat/miramar")
        await say(page, "Hello! Is the wifi free?")
        await page.get_by_role("log").get_by_text("Miramar Guests").wait_for()
        found = (await self._inbox())[0]["id"]
        await self._desk(COLLEAGUE, "take_over", found)
        await say(page, "And could we have two more pillows in room 214?")
        await page.get_by_role("img", name="Sent").nth(1).wait_for()
        await self._desk(COLLEAGUE, "agent_message", found, text="Of course. They will be there in ten minutes.")
        await page.get_by_role("log").get_by_text("in ten minutes").wait_for()
        await say(page, "That was quick, thank you!")
        await page.get_by_role("img", name="Sent").nth(2).wait_for()
        storage = await context.storage_state()
        await context.close()
        return storage

    async def _answered(self, name: str, number: str, text: str) -> str:
        """Have a guest ask and the house answer; return the conversation's id."""
        await self.writes(name, number, text)
        found = await self._until(lambda found: found["last_message"]["direction"] == "out", name)
        return str(found["id"])

    async def writes(self, name: str, number: str, text: str) -> None:
        """Have a guest write on WhatsApp."""
        form = self._twilio.inbound_form(text, sender=number, name=name)
        status = await self._twilio.post_inbound(f"{self._innbox.url}/whatsapp", form)
        assert status == 200, status

    async def _until(self, holds: Callable[[dict[str, Any]], bool], name: str) -> dict[str, Any]:
        """Wait until something holds for the conversation of a guest, and return it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for found in await self._inbox():
                    if found["guest"]["name"] == name and holds(found):
                        return found
                await asyncio.sleep(0.1)

    async def _inbox(self) -> list[dict[str, Any]]:
        answer = await self._innbox.http.get("/get_conversations")
        found: list[dict[str, Any]] = answer.raise_for_status().json()["conversations"]
        return found

    def _close_window(self, folder: Path, conversation: str) -> None:
        """Let 24 hours pass for a conversation."""
        with closing(sqlite3.connect(folder / "innbox.db", timeout=PATIENCE)) as database, database:
            yesterday = int((now() - timedelta(minutes=1)).timestamp() * 1_000_000)
            database.execute("UPDATE conversations SET window_closes_at = ? WHERE id = ?", (yesterday, conversation))

    async def _sit_down(self, name: str) -> None:
        self._innbox.http.cookies.clear()  # or the one who signed in before would be signed out
        await self._innbox.sign_in(name)
        desk = self._desks[name] = socketio.AsyncClient(reconnection=False)
        await desk.connect(self._innbox.url, headers={"Cookie": self._innbox.cookies}, transports=["websocket"])

    async def _desk(self, name: str, event: str, conversation: str, **data: Any) -> None:
        told = {"conversation_id": conversation, "client_id": new_id(), **data}
        answer = await self._desks[name].call(event, told, timeout=PATIENCE)
        assert answer["ok"], answer


async def say(page: Page, text: str) -> None:
    """Write at the guest's page."""
    await page.get_by_role("textbox", name="Message").fill(text)
    await page.get_by_role("button", name="Send").click()


Prepare = Callable[[Page], Awaitable[object]]


class Photographer:
    """Takes the pictures, one after the other."""

    def __init__(self, innbox: Running, browser: Browser, folder: Path) -> None:
        self._innbox = innbox
        self._browser = browser
        self._folder = folder
        self._desk = f"{innbox.url}/dashboard"
        self.taken: list[str] = []

    async def for_the_readme(self, day: Day) -> None:
        """What the house looks like."""
        opened = f"{self._desk}#{day.lena}"
        phone: dict[str, Any] = {"has_touch": True, "is_mobile": True}
        await self._take("desk.png", opened, (1280, 800), drafting)
        await self._take("desk-dark.png", opened, (1280, 800), drafting, color_scheme="dark")
        await self._take("desk-phone.png", self._desk, (360, 740), **phone)
        chat = f"{self._innbox.url}/chat/miramar"
        await self._take("chat.png", chat, (390, 844), is_staff=False, storage_state=day.chat, **phone)

    async def for_the_shift(self, day: Day) -> None:
        """What a member of staff meets in a shift."""

        async def held(page: Page) -> None:
            """Send a reply the moment the guest says something else."""
            await page.get_by_role("textbox", name="Reply").fill("See you tomorrow at nine, then!")
            await day.writes(*LENA, "Sorry, could we make that eight o'clock?")
            await page.get_by_role("log").get_by_text("could we make that eight").wait_for()
            await page.get_by_role("textbox", name="Reply").press("Enter")
            await page.get_by_role("button", name="Send anyway").wait_for()

        size = (1060, 700)
        await self._take("shift-draft.png", f"{self._desk}#{day.anna}", size)
        await self._take("shift-work.png", f"{self._desk}#{day.lena}", size)
        await self._take("shift-held.png", f"{self._desk}#{day.lena}", size, held)
        await self._take("shift-window.png", f"{self._desk}#{day.james}", size, filling_in)
        await self._take("shift-urgent.png", f"{self._desk}#{day.sophie}", size)

    async def of_nothing(self) -> None:
        """The desk before anybody has written."""
        await self._take("empty.png", self._desk, WIDE)
        await self._take("empty-phone.png", self._desk, SMALL, **TOUCHED)

    async def of_every_state(self, day: Day) -> None:
        """What else there is to see, wide and small, in light and dark, in each language."""
        for guest in (RIGHT_TO_LEFT, LONG_NAME):
            await day.writes(*guest, "Is the pool open?")
        for name, options in LOOKS.items():
            await self._take(f"{name}-list.png", self._desk, **options)
            await self._take(f"{name}-open.png", f"{self._desk}#{day.lena}", **options)
            await self._take(f"{name}-urgent.png", f"{self._desk}#{day.sophie}", **options)
        for name, prepare in STATES.items():
            await self._take(f"{name}.png", self._desk, WIDE, prepare)
            await self._take(f"{name}-dark.png", self._desk, WIDE, prepare, color_scheme="dark")
        for name in ("tablet", "phone"):
            await self._take(f"{name}-guest.png", f"{self._desk}#{day.lena}", prepare=guest_shown, **LOOKS[name])
        for language in ("pt", "es", "fr", "de"):
            await self._take(f"{language}.png", f"{self._desk}#{day.anna}", WIDE, locale=language, live=None)
            await self._take(f"{language}-phone.png", self._desk, SMALL, locale=language, live=None, **TOUCHED)

    async def _take(
        self,
        name: str,
        url: str,
        size: tuple[int, int],
        prepare: Prepare | None = None,
        *,
        is_staff: bool = True,
        live: str | None = "Live",
        **options: Any,
    ) -> None:
        """Open a page as a member of staff, or as a guest, wait until it is live, do something there, and keep the
        picture. `live` is what the page says then, where it speaks English."""
        viewport = ViewportSize(width=size[0], height=size[1])
        chosen = {"locale": "en-GB", "reduced_motion": "reduce", **options}
        context = await self._browser.new_context(viewport=viewport, **chosen)
        if is_staff:
            form: dict[str, str | float | bool] = {"username": STAFF, "password": PASSWORD}
            await context.request.post(f"{self._innbox.url}/login", form=form, max_redirects=0)
        page = await context.new_page()
        await page.goto(url)
        if live:
            await page.get_by_role("status", name="Connection").get_by_text(live if is_staff else "Online").wait_for()
        await settled(page)
        if prepare:
            await prepare(page)
            await settled(page)
        await page.screenshot(path=self._folder / name, animations="disabled", caret="hide")
        await context.close()
        self.taken.append(name)


async def guest_shown(page: Page) -> None:
    """Show the guest where there is no room for that beside the conversation."""
    await page.get_by_role("button", name="Guest details").click()


async def nothing_found(page: Page) -> None:
    """Search for what nobody said."""
    await page.get_by_role("searchbox", name="Search").fill("submarine")
    await page.get_by_role("heading", name="Nothing found").wait_for()


async def loading_failed(page: Page) -> None:
    """Choose a view that the server cannot give."""
    await page.route("**/get_view*", lambda route: route.abort())
    await page.get_by_role("radio", name="Resolved").check(force=True)
    await page.get_by_role("button", name="Try again").wait_for()


async def offline(page: Page) -> None:
    """Lose the line."""
    await page.context.set_offline(True)
    await page.get_by_role("status", name="Connection").get_by_text("Offline").wait_for()


async def preferring(page: Page) -> None:
    """Open the preferences."""
    await page.get_by_role("button", name="Preferences").click()


async def asking_for_keys(page: Page) -> None:
    """Ask for the keyboard's shortcuts."""
    await page.keyboard.press("?")


STATES: Mapping[str, Prepare] = {
    "nothing-found": nothing_found,
    "failed": loading_failed,
    "offline": offline,
    "preferences": preferring,
    "keyboard": asking_for_keys,
}


async def drafting(page: Page) -> None:
    """Write a reply."""
    await page.get_by_role("textbox", name="Reply").fill(DRAFT)


async def filling_in(page: Page) -> None:
    """Fill in the blanks of a template."""
    await page.get_by_role("combobox", name="Template").select_option(TEMPLATE.sid)
    await page.get_by_role("textbox", name="Blank 1").fill("James")
    await page.get_by_role("textbox", name="Blank 2").fill("214")


async def settled(page: Page) -> None:
    """Wait until nothing has moved in the page for half a second."""
    before, now = "", await page.content()
    while before != now:
        await asyncio.sleep(0.5)
        before, now = now, await page.content()


def report(names: list[str]) -> int:
    """Say how large the pictures are; return 1 where one is too large."""
    code = 0
    for name in names:
        size = (DOCS / name).stat().st_size
        print(f"docs/{name}: {size // 1000} kB")
        if size > LARGEST:
            print(f"docs/{name} is larger than {LARGEST // 1000} kB.", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
