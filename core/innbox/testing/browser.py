"""The browser for tests of pages: which program it is, and how it is launched. Playwright drives it."""

import os
import shutil

VARIABLE = "INNBOX_TEST_BROWSER"  # names another program, by its name or path
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = f"No Chromium was found: install it, or name one in {VARIABLE}."


def find_browser() -> str | None:
    """Return the path of a Chromium of this machine, or None where there is none."""
    return next((path for path in map(shutil.which, (os.environ.get(VARIABLE, ""), *NAMES)) if path), None)
