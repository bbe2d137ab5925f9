"""Browser tests of the whole: the embedded default in this process, and its pages in a real Chromium.

Everything here and every test in this folder runs in one event loop, that of the session: a browser that is shared by
all tests belongs to the loop in which it was started.
"""

import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from innbox.testing.browser import ARGUMENTS, MISSING, find_browser
from innbox.testing.running import PASSWORD, Running, running_innbox

EMBEDDED: dict[str, Any] = {"faq_llm": {}, "webchat": {}, "dashboard": {}}
CONTEXT: dict[str, Any] = {"locale": "en-GB", "reduced_motion": "reduce", "viewport": {"width": 1280, "height": 800}}
PATIENCE_MS = 10_000
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`));
"""

RunEmbedded = Callable[..., Awaitable[Running]]
missing_browser = pytest.StashKey[bool]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say it where nobody can overlook it when the browser tests could not run."""
    if config.stash.get(missing_browser, False):
        terminalreporter.section("browser tests DID NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(f"{MISSING} Nothing is known about the pages.")


@pytest.fixture(scope="session")
def browser_path(pytestconfig: pytest.Config) -> str:
    """The program of a Chromium. Without one the tests fail where `CI` is set, and are skipped aloud elsewhere."""
    if found := find_browser():
        return found
    pytestconfig.stash[missing_browser] = True
    if os.environ.get("CI"):
        pytest.fail(MISSING, pytrace=False)
    pytest.skip(MISSING)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(browser_path: str) -> AsyncIterator[Browser]:
    """One Chromium for all tests."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def run_embedded(tmp_path: Path) -> AsyncIterator[RunEmbedded]:
    """A function that runs the embedded default in this process: `await run_embedded(sqlite_store={…})`."""
    async with AsyncExitStack() as stack:

        async def run(**plugins: Any) -> Running:
            folder = tmp_path / "embedded"
            folder.mkdir()
            return await stack.enter_async_context(running_innbox(folder, {**plugins, **EMBEDDED}))

        yield run


@pytest_asyncio.fixture(loop_scope="session")
async def hotel(run_embedded: RunEmbedded) -> Running:
    """The embedded default with one hotel, `test`, and one admin, `ana`."""
    running = await run_embedded()
    await running.add_user("ana")
    return running


@pytest.fixture
def embedded() -> dict[str, Any]:
    """The plugins of the embedded default, but for its store."""
    return EMBEDDED


@dataclass
class Faults:
    """What pages complained about. A test fails on every complaint that it did not announce with `expect`."""

    expected: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def expect(self, pattern: str) -> None:
        """Let complaints pass that match a regular expression."""
        self.expected.append(pattern)

    def watch(self, page: Page) -> None:
        """Note down what a page complains about: errors of scripts and all that its console shows as an error."""
        page.on("pageerror", lambda error: self._note(page, str(error)))
        page.on("console", lambda line: self._note(page, line.text) if line.type == "error" else None)

    def _note(self, page: Page, text: str) -> None:
        self.said.append(f"{page.url}: {text}")

    @property
    def unexpected(self) -> list[str]:
        return [said for said in self.said if not any(re.search(pattern, said) for pattern in self.expected)]


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest_asyncio.fixture(loop_scope="session")
async def new_context(
    browser: Browser, faults: Faults, run_embedded: RunEmbedded
) -> AsyncIterator[Callable[..., Awaitable[BrowserContext]]]:
    """A function that opens a browser context of its own: no cookies, no storage. Its pages are watched for faults.

    It asks for `run_embedded` so that its pages are gone before their server is.
    """
    contexts: list[BrowserContext] = []

    async def new(**options: Any) -> BrowserContext:
        context = await browser.new_context(**{**CONTEXT, **options})
        contexts.append(context)
        await context.add_init_script(TELL_VIOLATIONS)
        context.on("page", faults.watch)
        return context

    yield new
    for context in contexts:
        for page in context.pages:
            await page.evaluate("0")  # its answer comes after all that the page has complained about until now
    unexpected = faults.unexpected  # before the pages are torn from their sockets, which no user sees
    for context in contexts:
        await context.close()
    assert not unexpected, "\n".join(unexpected)


@dataclass(frozen=True)
class ChatPage:
    """A guest's page."""

    page: Page

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    def said(self, text: str | re.Pattern[str]) -> Locator:
        return self.log.get_by_text(text)

    async def say(self, text: str) -> None:
        await self.page.get_by_role("textbox", name="Message").fill(text)
        await self.page.get_by_role("button", name="Send").click()


@dataclass(frozen=True)
class DeskPage:
    """A staff member's page; everything is found by the names that the contract pins."""

    page: Page

    @property
    def conversations(self) -> Locator:
        return self.page.get_by_role("list", name="Conversations").get_by_role("listitem")

    @property
    def conversation(self) -> Locator:
        return self.page.get_by_role("region", name="Conversation", exact=True)

    @property
    def connection(self) -> Locator:
        return self.page.get_by_role("status", name="Connection")

    def line(self, text: str | re.Pattern[str]) -> Locator:
        """Return the line of the list in which a text stands."""
        return self.conversations.filter(has_text=text)

    def said(self, text: str | re.Pattern[str]) -> Locator:
        """Return what was said in the open conversation."""
        return self.conversation.get_by_text(text)

    async def open(self, text: str | re.Pattern[str]) -> None:
        await self.line(text).click()

    async def open_by_keyboard(self, text: str | re.Pattern[str]) -> None:
        line = self.line(text)
        await line.focus()
        await line.press("Enter")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def press(self, name: str) -> None:
        await self.button(name).click()

    async def reply(self, text: str) -> None:
        await self.page.get_by_role("textbox", name="Reply").fill(text)
        await self.press("Send")

    async def note(self, text: str) -> None:
        await self.page.get_by_role("switch", name="Note").check()
        await self.page.get_by_role("textbox", name="Note").fill(text)
        await self.press("Add note")

    async def search(self, text: str) -> None:
        await self.page.get_by_role("searchbox", name="Search").fill(text)


@pytest_asyncio.fixture(loop_scope="session")
async def open_chat(new_context: Any, hotel: Running) -> Callable[..., Awaitable[ChatPage]]:
    """A function that opens the hotel's chat as a new guest."""

    async def open_chat(url: str = hotel.url, **options: Any) -> ChatPage:
        page = await (await new_context(**options)).new_page()
        await page.goto(f"{url}/chat/test")
        await expect(page.get_by_role("heading", name="Hotel Test")).to_be_visible()
        return ChatPage(page)

    return open_chat


@pytest.fixture
def desk_on() -> Callable[[Page], DeskPage]:
    """A function that gives the words of the desk to a page that somebody opened by themselves."""
    return DeskPage


@pytest_asyncio.fixture(loop_scope="session")
async def open_desk(new_context: Any, hotel: Running) -> Callable[..., Awaitable[DeskPage]]:
    """A function that opens the desk of a member of staff who is signed in, and waits until it is live."""

    async def open_desk(
        user: str = "ana",
        url: str = hotel.url,
        prepare: Callable[[Page], Awaitable[None]] | None = None,
        **options: Any,
    ) -> DeskPage:
        context = cast(BrowserContext, await new_context(**options))
        form: dict[str, str | float | bool] = {"username": user, "password": PASSWORD}
        await context.request.post(f"{url}/login", form=form, max_redirects=0)
        desk = DeskPage(await context.new_page())
        if prepare:
            await prepare(desk.page)
        await desk.page.goto(f"{url}/dashboard")
        await expect(desk.connection).to_contain_text("Live")
        return desk

    return open_desk


class HeldSocket:
    """Stands between a page and the server's socket; while `held`, nothing that the server says comes through."""

    def __init__(self) -> None:
        self.held = False
        self._waiting: list[Any] = []
        self._page: Any = None

    async def stand_between(self, page: Any) -> None:
        await page.route_web_socket(re.compile("/socket.io/"), self._connect)

    def release(self) -> None:
        self.held = False
        for frame in self._waiting:
            self._page.send(frame)
        self._waiting.clear()

    def _connect(self, socket: Any) -> None:
        self._page = socket
        socket.connect_to_server().on_message(self._from_server)

    def _from_server(self, frame: Any) -> None:
        if self.held:
            self._waiting.append(frame)
        else:
            self._page.send(frame)


@pytest.fixture
def held_socket() -> HeldSocket:
    """Something to put between one page and its server: `await open_desk(prepare=held_socket.stand_between)`."""
    return HeldSocket()
