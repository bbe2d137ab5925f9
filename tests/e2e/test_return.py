"""Coming back: after a reload, in another browser, and after the server was away."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from innbox.testing.processes import InnboxProcess
from innbox.testing.running import SECRET_KEY, write_config
from innbox.testing.services import free_port

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BREAKFAST = re.compile("from 7:30 to 10:30")
CHECK_IN = re.compile("from 15:00")
PATIENCE_SECONDS = 10
OFFLINE_WITHIN_SECONDS = 5.0


async def test_a_reload_and_another_browser_show_the_same(open_chat: Any, open_desk: Any) -> None:
    # Given a conversation that staff have opened and joined
    desk, chat = await open_desk(), await open_chat()
    await chat.say("What time is breakfast?")
    await expect(chat.said(BREAKFAST)).to_be_visible()
    await desk.open(BREAKFAST)
    await desk.reply("Shall I keep a table?")
    await expect(chat.said("Shall I keep a table?")).to_be_visible()

    # When guest and staff reload
    await chat.page.reload()
    await desk.page.reload()

    # Then both go on where they were
    for text in ("What time is breakfast?", BREAKFAST, "Shall I keep a table?"):
        await expect(chat.said(text)).to_have_count(1)
        await expect(desk.said(text)).to_have_count(1)
    await chat.say("Yes please")
    await expect(desk.said("Yes please")).to_have_count(1)
    await expect(desk.conversations).to_have_count(1)

    # And another browser shows the desk the same
    other = await open_desk()
    await other.open("Yes please")
    for text in ("What time is breakfast?", BREAKFAST, "Shall I keep a table?", "Yes please"):
        await expect(other.said(text)).to_have_count(1)

    # And another guest's browser shows nothing of it
    stranger = await open_chat()
    await stranger.say("Hello, how much is parking?")
    await expect(stranger.said(re.compile("12 euros"))).to_be_visible()
    await expect(stranger.page.get_by_text("Shall I keep a table?")).to_have_count(0)


@pytest.fixture
def database(tmp_path: Path) -> dict[str, Any]:
    """The settings of a store on one file, for two web processes."""
    return {"path": str(tmp_path / "shared.db")}


@pytest_asyncio.fixture(loop_scope="session")
async def hotel(run_embedded: Any, database: dict[str, Any]) -> Any:
    """A second house on the same store, where guests go on writing while the first is away."""
    running = await run_embedded(sqlite_store=database)
    await running.add_user("ana")
    return running


@pytest_asyncio.fixture(loop_scope="session")
async def web(tmp_path: Path, hotel: Any, database: dict[str, Any], embedded: Any) -> AsyncIterator[InnboxProcess]:
    """The desk's own web process; its address is in `web.url`."""
    port = free_port()
    folder = tmp_path / "web"
    folder.mkdir()
    url = f"http://127.0.0.1:{port}"
    config = write_config(folder, {"sqlite_store": database, **embedded}, public_url=url, secret_key=SECRET_KEY)
    process = WebProcess("serve", "-c", str(config), "--port", str(port), log=folder / "web.log")
    process.url = url
    await process.up()
    yield process
    process.kill()


class WebProcess(InnboxProcess):
    """`innbox serve`, and where it is."""

    url = ""

    async def up(self) -> None:
        self.start()
        await self.wait_for_http(f"{self.url}/readyz")


async def test_the_desk_tells_when_it_is_offline_and_misses_nothing(
    web: WebProcess, open_desk: Any, open_chat: Any, faults: Any
) -> None:
    # Given a desk with an open conversation, its guest, and a colleague whose desk hangs on another process
    desk, chat, colleague = await open_desk(url=web.url), await open_chat(url=web.url), await open_desk()
    await chat.say("What time is breakfast?")
    for one in (desk, colleague):
        await one.open(BREAKFAST)
    await desk.page.evaluate("window.notReloaded = true")

    # When the server dies under them
    faults.expect("ERR_CONNECTION_REFUSED|WebSocket")  # the browser itself notes each attempt to connect
    web.kill()
    died = time.monotonic()

    # Then the desk says so within five seconds, and the guest's page as well
    await expect(desk.connection).to_contain_text(re.compile("offline", re.IGNORECASE))
    assert time.monotonic() - died < OFFLINE_WITHIN_SECONDS
    await expect(chat.page.get_by_role("status", name="Connection")).to_contain_text("No connection")

    # When both write on, the colleague replies, a new guest comes, and only then the server is back
    await chat.say("Is anybody there?")
    await desk.reply("Written while offline")
    await colleague.reply("Said meanwhile")
    newcomer = await open_chat()
    await newcomer.say("When is check-in?")
    await expect(newcomer.said(CHECK_IN)).to_be_visible()
    await web.up()

    # Then the desk is live; a reply that the guest's message was quicker than waits for a look at that
    await expect(desk.connection).to_contain_text("Live")
    anyway = desk.page.get_by_role("button", name="Send anyway")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await chat.said("Written while offline").count():
            if await anyway.is_visible():
                await anyway.click()
            await asyncio.sleep(0.1)

    # And all that was written or missed is there once, without a reload
    for text in ("Said meanwhile", "Written while offline", "Is anybody there?"):
        await expect(desk.said(text)).to_have_count(1)
        await expect(chat.said(text)).to_have_count(1)
    await expect(desk.conversations).to_have_count(2)
    await expect(desk.line(CHECK_IN)).to_have_count(1)
    assert await desk.page.evaluate("window.notReloaded") is True
