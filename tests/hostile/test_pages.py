"""What guests and strangers write, on pages, in logs and in exports: text, in its own line and in its own cell."""

import asyncio
import csv
import io
import json
import os
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, async_playwright

from innbox.testing.browser import ARGUMENTS, MISSING, find_browser
from innbox.testing.processes import InnboxProcess
from innbox.testing.running import PASSWORD, write_config
from innbox.testing.services import free_port
from innbox.testing.twilio_wire import ACCOUNT_SID, AUTH_TOKEN, HOTEL_NUMBER, inbound_form, sign

pytestmark = pytest.mark.asyncio(loop_scope="module")

IMAGE = '"><img src=x onerror="window.hacked=1">'
LINKS = "javascript:window.hacked=2 [a](javascript:window.hacked=3) data:text/html,x https://miramar.example/spa"
FORMULA = '=HYPERLINK("https://evil.example","Refund")'
NOISE = 'first\r\n{"level": "error"}\x1b[31mred\x1b]0;title\x07\u2028\x85last'


async def write(house: Any, body: str, **fields: Any) -> str:
    """Let a new guest write, wait for the answer, and return the conversation's id."""
    form = house.form(body, **fields)
    assert (await house.post(form)).status_code == 200
    (message, *_) = await house.answered(form["From"].removeprefix("whatsapp:"))
    return str(message.conversation_id)


# Pages


async def test_markup_in_a_body_or_a_name_is_data(house: Any) -> None:
    conversation = await write(house, IMAGE, name=IMAGE)
    desk = await house.visitor("bo")

    for path in ("/get_conversations", f"/get_messages?conversation_id={conversation}"):
        answer = await desk.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert IMAGE in json.dumps(answer.json(), ensure_ascii=False).replace('\\"', '"')


@pytest.mark.parametrize(
    "path",
    ["/login", "/dashboard", "/settings", "/numbers", "/audit", "/canned", "/people", "/chat/miramar"],
)
async def test_no_page_runs_what_stands_in_it(house: Any, path: str) -> None:
    visitor = await house.visitor(None if path == "/login" else "ana")

    answer = await visitor.get(path)

    policy = dict(re.findall(r"([\w-]+) ([^;]*)", answer.headers["content-security-policy"]))
    assert answer.status_code == 200
    assert policy["script-src"] == "'self'"
    assert policy["base-uri"] == "'none'"
    assert "unsafe" not in str(policy)
    assert "<script>" not in answer.text
    assert re.search(r"\son\w+=", answer.text) is None
    assert "frame-ancestors" in policy


async def test_markup_that_comes_back_is_escaped(house: Any) -> None:
    admin = await house.visitor("ana")
    values = {"hotels": {"miramar": {"instructions": f"</textarea>{IMAGE}", "handover_text": IMAGE}}}
    assert (await admin.post("/settings", json=values)).status_code == 200
    stranger = await house.visitor(None)

    for answer in (
        await admin.get("/settings"),
        await admin.get("/settings", params={"saved": IMAGE}),
        await admin.post("/settings", data={"bot_miramar": IMAGE, "instructions_miramar": IMAGE}),
        await stranger.post("/login", data={"username": IMAGE, "password": IMAGE, "next": IMAGE}),
        await stranger.get("/login", params={"next": f"/{IMAGE}"}),
        await stranger.get(f"/chat/{IMAGE}"),
        await stranger.get(f"/{IMAGE}"),
    ):
        assert "<img" not in answer.text or answer.headers["content-type"] == "application/json"
    values = {"hotels": {"miramar": {"instructions": "", "handover_text": ""}}}
    assert (await admin.post("/settings", json=values)).status_code == 200


@pytest.fixture
def browser_path() -> str:
    """The program of a Chromium. Without one the test fails where `CI` is set, and is skipped elsewhere."""
    if found := find_browser():
        return found
    if os.environ.get("CI"):
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@pytest_asyncio.fixture(loop_scope="module")
async def browser(browser_path: str) -> AsyncIterator[BrowserContext]:
    """A Chromium without cookies."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        yield await browser.new_context()
        await browser.close()


async def hacked(page: Page) -> Any:
    await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    return await page.evaluate("window.hacked ?? null")


@pytest.mark.browser
async def test_in_a_browser_markup_and_links_are_text(house: Any, browser: BrowserContext) -> None:
    house.openai.script(f"{IMAGE} {LINKS}")
    await write(house, f"{IMAGE} {LINKS}", name=IMAGE)
    await browser.request.post(f"{house.url}/login", form={"username": "bo", "password": PASSWORD}, max_redirects=0)
    desk = await browser.new_page()
    await desk.goto(f"{house.url}/dashboard")
    await desk.get_by_role("list", name="Conversations").get_by_role("listitem").first.click()
    talk = desk.get_by_role("region", name="Conversation", exact=True)
    await talk.get_by_text("javascript:window.hacked=2").first.wait_for()

    house.openai.script(f"{IMAGE} {LINKS}")
    chat = await browser.new_page()
    await chat.goto(f"{house.url}/chat/miramar")
    await chat.get_by_role("textbox", name="Message").fill(f"{IMAGE} {LINKS}")
    await chat.get_by_role("button", name="Send").click()
    await chat.get_by_role("log").get_by_text("javascript:window.hacked=2").nth(1).wait_for()

    for page in (desk, chat):
        assert await hacked(page) is None
        assert await page.locator("img[src='x'], [onerror]").count() == 0
        links = await page.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        assert [link for link in links if re.match(r"(?i)\s*(javascript|data|vbscript):", link or "")] == []


# Exports


@pytest.mark.parametrize("text", [FORMULA, "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1+1", "＝1+1"])
async def test_a_formula_in_an_export_is_text(house: Any, text: str) -> None:
    conversation = await write(house, text, name=FORMULA)
    desk = await house.visitor("bo")

    answer = await desk.get("/export_messages", params={"conversation_id": conversation})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    _, asked, *_ = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert asked[3] == f"'{text}"
    assert [cell for cell in asked if re.match(r"[=+\-@\t\r]", cell)] == []


# Logs


@pytest_asyncio.fixture(loop_scope="module", params=["json", "text"])
async def logged(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[str, InnboxProcess]]:
    """A web process of its own, which logs all that it has to say in one of the two formats."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    twilio = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "numbers": {HOTEL_NUMBER: "test"}}
    plugins = {"whatsapp_twilio": {**twilio, "api_base_url": "http://127.0.0.1:9"}, "webchat": {}, "dashboard": {}}
    logs = {"level": "debug", "format": request.param}
    config = write_config(tmp_path, {**plugins, "faq_llm": {}}, public_url=url, logs=logs)
    process = InnboxProcess("serve", "--port", str(port), "-c", str(config), log=tmp_path / "log")
    process.start()
    await process.wait_for_http(f"{url}/readyz")
    yield url, process
    process.kill()


async def test_no_text_of_a_guest_and_no_line_of_a_stranger_is_logged(logged: tuple[str, InnboxProcess]) -> None:
    url, process = logged
    codes = "%1b%5b31m%0d%0a%07"
    form = inbound_form(f"{NOISE} SECRET", name=f"{NOISE} SECRET")
    headers = {"X-Twilio-Signature": sign(f"{url}/whatsapp", form)}
    async with httpx.AsyncClient(base_url=url) as stranger:
        assert (await stranger.post("/whatsapp", data=form, headers=headers)).status_code == 200
        assert (await stranger.post("/whatsapp", data=form)).status_code == 403
        assert (await stranger.post("/login", data={"username": "SECRET\r\n", "password": "SECRET"})).status_code == 401
        await stranger.post("/login", data={"username": "x", "password": "SECRET"}, headers={"Origin": "http://["})
        for path in (f"/{codes}", f"/media/{codes}/0", f"/chat/{codes}", "/socket.io/?transport=%1b%5b31m"):
            await stranger.get(path)
        for table in ("sessions", "conversations"):  # from now on the store breaks
            await asyncio.to_thread(drop, process.log.parent / "innbox.db", table)
        stranger.cookies.set("innbox_session", "made-up")
        assert (await stranger.get(f"/media/{codes}/0")).status_code in (500, 503)
    await asyncio.sleep(0.3)

    text = process.log.read_bytes().decode()

    assert "guest message stored" in text
    assert "webhook rejected" in text
    assert not any(word in text for word in ("SECRET", form["WaId"], "hacked", AUTH_TOKEN))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text) if "\x1b[0m" in text else text  # the colours of our own
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", plain) is None
    if text.startswith("{"):
        assert {"event", "level", "timestamp"} <= set.intersection(*(set(json.loads(row)) for row in text.splitlines()))


def drop(database: Path, table: str) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
    connection.close()
