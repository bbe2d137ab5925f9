"""The desk's page in a real browser: how soon it is of use, and how much script that takes.

Each round is a browser context of its own, with nothing in its cache. “Of use” is the moment when the list with its
conversations has been drawn, counted from the start of the navigation.
"""

from statistics import median
from typing import Any

from playwright.async_api import Browser, async_playwright

from bench.deployment import PASSWORD, STAFF, Deployment, Ground, Target, add_staff, running
from bench.figures import percentiles
from bench.scenarios import Figures, Pace, Say
from innbox.testing.browser import ARGUMENTS, find_browser

ROUNDS = 9
ROWS_SEEN = 10
ROW = "[data-id]"
# In milliseconds after the start of the navigation, and in bytes as they came over the wire.
DRAWN = """
async (rows) => {
  while (document.querySelectorAll("[data-id]").length < rows) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  const seen = performance.now();
  const scripts = performance.getEntriesByType("resource").filter((one) => new URL(one.name).pathname.endsWith(".js"));
  return { seen, script: scripts.reduce((sum, one) => sum + one.encodedBodySize, 0) };
}
"""


async def page(target: Target, ground: Ground, pace: Pace, say: Say) -> Figures:
    """Open the desk of a house with conversations in it; returns the figures `page`."""
    async with running(target, ground) as deployment, async_playwright() as playwright:
        add_staff(deployment)
        browser = await playwright.chromium.launch(executable_path=find_browser(), args=list(ARGUMENTS))
        try:
            cookies = await _signed_in(browser, deployment)
            found = []
            for number in range(ROUNDS + 1):  # the first one wakes the browser
                say(f"opening the desk, {number} of {ROUNDS}")
                found.append(await _opened(browser, deployment, cookies))
        finally:
            await browser.close()
    return {
        "page": {
            "first_ms": percentiles([one["seen"] / 1000 for one in found[1:]]),
            "script_kb": round(median(one["script"] for one in found) / 1000, 1),
        }
    }


async def _signed_in(browser: Browser, deployment: Deployment) -> Any:
    context = await browser.new_context()
    tab = await context.new_page()
    await tab.goto(f"{deployment.base_url}/login")
    await tab.fill("[name=username]", STAFF)
    await tab.fill("[name=password]", PASSWORD)
    await tab.press("[name=password]", "Enter")
    await tab.wait_for_selector(ROW)
    state = await context.storage_state()
    await context.close()
    return state


async def _opened(browser: Browser, deployment: Deployment, state: Any) -> dict[str, float]:
    context = await browser.new_context(storage_state=state)
    tab = await context.new_page()
    await tab.goto(f"{deployment.base_url}/dashboard", wait_until="commit")
    found: dict[str, float] = await tab.evaluate(DRAWN, ROWS_SEEN)
    await context.close()
    return found
