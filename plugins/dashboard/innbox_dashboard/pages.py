"""The pages: templates, the addresses of their files, and the headers that guard them."""

import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from innbox import App, PluginError, User
from innbox_dashboard.config import DashboardSettings

OUR_PAGE = Path(__file__).parent / "static"
STATIC = "/dashboard/static"
SCRIPT, STYLE = "build/desk.js", "build/desk.css"

# `connect-src 'self'` covers the socket as well (CSP level 3, section 6.7.2.8).
_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {"content-security-policy": _CSP, "cache-control": "no-store", "referrer-policy": "same-origin"}


class Pages:
    """Renders the dashboard's pages. Raises `PluginError` where the desk's page has not been built."""

    def __init__(self, app: App, settings: DashboardSettings) -> None:
        self._app = app
        self._settings = settings
        self.files = _built(settings.static_dir or OUR_PAGE)
        self._templates = Environment(
            loader=PackageLoader("innbox_dashboard"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.globals["title"] = settings.title
        self._templates.globals["style"] = f"{STATIC}/{STYLE}?v={fingerprint(self.files / STYLE)}"
        self._templates.globals["script"] = f"{STATIC}/{SCRIPT}?v={fingerprint(self.files / SCRIPT)}"

    def render(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page; every value is escaped."""
        html = self._templates.get_template(template).render(values)
        return HTMLResponse(html, status, headers=dict(_HEADERS))

    async def desk(self, request: Request, user: User) -> Response:
        """Return the desk, with who sits at it and the hotels that they may see."""
        hotels = [
            {"slug": hotel.slug, "name": hotel.name} for hotel in self._app.hotels.values() if user.may_see(hotel.slug)
        ]
        return self.render("desk.html", user=user, hotels=hotels)


def fingerprint(file: Path) -> str:
    """Return a short name of a file's content, for addresses that a browser may keep for good."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def _built(folder: Path) -> Path:
    if not all((folder / file).is_file() for file in (SCRIPT, STYLE)):
        raise PluginError("dashboard: the desk's page is not built; run `make pages`")
    return folder
