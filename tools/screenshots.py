"""Takes the pictures in docs/: runs the demo's hotel with a day's conversations and photographs desk and chat.

`python tools/screenshots.py` needs a Chromium (see tools/get_browser). WhatsApp is a stand-in on this machine; all else
is what `make demo` runs. Nothing of it is kept but the pictures.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import socketio
import yaml
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from innbox import new_id
from innbox.testing.browser import ARGUMENTS, MISSING, find_browser
from innbox.testing.running import PASSWORD, Running, running_innbox
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, HOTEL_NUMBER, TwilioWire

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
STAFF = "Inês"
COLLEAGUE = "Tomás"
DRAFT = "Done! They wait for you at the entrance from 9:00."
LARGEST = 200_000  # bytes: a picture in a README must not keep its reader waiting
PATIENCE = 15.0


async def main() -> int:
    """Take all pictures; return the exit code."""
    program = find_browser()
    if program is None:
        print(MISSING, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        async with TwilioWire() as twilio, demo(Path(folder), twilio) as innbox, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
            shown = await Day(innbox, twilio, browser).play()
            await photograph(innbox, browser, shown)
            await browser.close()
    return report()


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

    async def play(self) -> dict[str, Any]:
        """Let it all happen; return the conversation to open at the desk, and the storage of the guest's browser."""
        for name in (STAFF, COLLEAGUE):
            await self._sit_down(name)
        await self._resolved()
        await self._waiting()
        await self._answered("James Whitfield", "+447700900417", "Hi, how much is the transfer from Lisbon airport?")
        chat = await self._at_the_web_chat()
        await self._answered("Anna Kowalska", "+48512555013", "Can we bring our dog? He weighs 9 kg")
        conversation = await self._handled_by_staff()
        for desk in self._desks.values():
            await desk.disconnect()
        return {"conversation": conversation, "chat": chat}

    async def _resolved(self) -> None:
        guest = ("Paulo Teixeira", "+351912555088")
        conversation = await self._answered(*guest, "Boa tarde, a que horas abre a piscina?")
        await self._desk(COLLEAGUE, "agent_message", conversation, text="Boa tarde Paulo! A piscina abre às 9:00.")
        await self._writes(*guest, "Obrigado!")
        await self._desk(COLLEAGUE, "mark_read", conversation)
        await self._desk(COLLEAGUE, "resolve", conversation)

    async def _waiting(self) -> None:
        await self._writes("Sophie Laurent", "+33639985512", "The air conditioning in 305 is dripping on the carpet")
        await self._until(lambda found: found["handled_by"] == "staff", "Sophie Laurent")
        await self._writes("Sophie Laurent", "+33639985512", "Could somebody have a look before dinner?")

    async def _handled_by_staff(self) -> str:
        guest = ("Lena Fischer", "+4915155501734")
        conversation = await self._answered(*guest, "Hello! Can I rent a bicycle?")
        await self._desk(STAFF, "agent_message", conversation, text="Shall I keep two for you, Mrs Fischer?")
        await self._writes(*guest, "Yes please, and one for our son. He is 1.30 m tall.")
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
        await self._writes(name, number, text)
        found = await self._until(lambda found: found["last_message"]["direction"] == "out", name)
        return str(found["id"])

    async def _writes(self, name: str, number: str, text: str) -> None:
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


async def photograph(innbox: Running, browser: Browser, shown: dict[str, Any]) -> None:
    """Take the pictures, one after the other."""
    desk = f"{innbox.url}/dashboard"
    opened = f"{desk}#{shown['conversation']}"
    await take(browser, "desk.png", opened, (1280, 800), innbox, draft=DRAFT)
    await take(browser, "desk-dark.png", opened, (1280, 800), innbox, draft=DRAFT, color_scheme="dark")
    await take(browser, "desk-phone.png", desk, (360, 740), innbox, has_touch=True, is_mobile=True)
    chat = f"{innbox.url}/chat/miramar"
    phone = {"storage_state": shown["chat"], "has_touch": True, "is_mobile": True}
    await take(browser, "chat.png", chat, (390, 844), None, **phone)


async def take(
    browser: Browser,
    name: str,
    url: str,
    size: tuple[int, int],
    signed_in: Running | None,
    draft: str | None = None,
    **options: Any,
) -> None:
    """Open a page as a member of staff (or, without `signed_in`, as a guest), wait until it is live, write the draft of
    a reply where one is given, and keep the picture."""
    viewport = ViewportSize(width=size[0], height=size[1])
    context = await browser.new_context(viewport=viewport, locale="en-GB", reduced_motion="reduce", **options)
    if signed_in:
        form: dict[str, str | float | bool] = {"username": STAFF, "password": PASSWORD}
        await context.request.post(f"{signed_in.url}/login", form=form, max_redirects=0)
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_role("status", name="Connection").get_by_text("Live" if signed_in else "Online").wait_for()
    if draft:
        await page.get_by_role("textbox", name="Reply").fill(draft)
    await settled(page)
    await page.screenshot(path=DOCS / name, animations="disabled", caret="hide")
    await context.close()


async def settled(page: Page) -> None:
    """Wait until nothing has moved in the page for half a second."""
    before, now = "", await page.content()
    while before != now:
        await asyncio.sleep(0.5)
        before, now = now, await page.content()


def report() -> int:
    """Say how large the pictures are; return 1 where one is too large."""
    code = 0
    for name in ("desk.png", "desk-dark.png", "desk-phone.png", "chat.png"):
        size = (DOCS / name).stat().st_size
        print(f"docs/{name}: {size // 1000} kB")
        if size > LARGEST:
            print(f"docs/{name} is larger than {LARGEST // 1000} kB.", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
