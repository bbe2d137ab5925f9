"""The pages: templates, the addresses of their files, and the headers that guard them."""

import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from innbox import App, OffersTemplates, PluginError, User
from innbox_dashboard import roles
from innbox_dashboard.config import DashboardSettings
from innbox_dashboard.language import LANGUAGES, Texts, language_of
from innbox_dashboard.roles import Rule

OUR_PAGE = Path(__file__).parent / "static"
STATIC = "/dashboard/static"
THEME_COOKIE = "innbox_theme"  # set by the desk's own script
THEMES = ("light", "dark")
BUILD = "build"
THEME_COOKIE, THEMES = "innbox_theme", ("light", "dark")  # chosen at the desk; else as the browser is set
SCRIPT, STYLE = f"{BUILD}/desk.js", f"{BUILD}/desk.css"

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
        self._keeps_desk = app.desk_store is not None
        self._ways = _ways(self._keeps_desk)
        self._templates = Environment(
            loader=PackageLoader("innbox_dashboard"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.globals["title"] = settings.title
        self._templates.globals["style"] = self._address(STYLE)
        self._templates.globals["script"] = self._address(SCRIPT)
        self._messages = {code: self._address(f"{BUILD}/messages/{code}.js") for code in LANGUAGES}

    def render(self, request: Request, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page in the visitor's language and colours; every value is escaped."""
        given = {"t": Texts(language_of(request)), "languages": LANGUAGES, "theme": theme_of(request)}
        html = self._templates.get_template(template).render(**given, **values)
        return HTMLResponse(html, status, headers=dict(_HEADERS))

    def staff(self, request: Request, user: User, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page beside the desk, with the ways to all pages that the user may see."""
        here = request.url.path
        ways = [(path, name) for path, name, may in self._ways if may(user)]
        return self.render(request, template, status, user=user, here=here, ways=ways, **values)

    def forbidden(self, request: Request, user: User, why: str) -> Response:
        """Return the page that says why a user may not see a page."""
        return self.staff(request, user, "forbidden.html", 403, why=why)

    async def desk(self, request: Request, user: User) -> Response:
        """Return the desk, with who sits at it, the hotels that they may see, and what can be done here."""
        hotels = [
            {
                "slug": hotel.slug,
                "name": hotel.name,
                "timezone": hotel.timezone,
                "languages": list(hotel.languages),
            }
            for hotel in self._app.hotels.values()
            if user.may_see(hotel.slug)
        ]
        can = {
            "translate": bool(self._app.translators),
            "templates": any(isinstance(channel, OffersTemplates) for channel in self._app.channels.values()),
        }
        return self.render(
            request,
            "desk.html",
            user=user,
            hotels=hotels,
            keeps_desk=self._keeps_desk,
            can=can,
            messages=self._messages[language_of(request)],
        )

    def _address(self, file: str) -> str | None:
        """Return the address of one of the page's files, which names its content; None where there is no such file."""
        path = self.files / file
        return f"{STATIC}/{file}?v={fingerprint(path)}" if path.is_file() else None


def theme_of(request: Request) -> str | None:
    """Return the colours that a visitor has chosen at the desk; None where their machine decides."""
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in THEMES else None


def fingerprint(file: Path) -> str:
    """Return a short name of a file's content, for addresses that a browser may keep for good."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def _built(folder: Path) -> Path:
    if not all((folder / file).is_file() for file in (SCRIPT, STYLE)):
        raise PluginError("dashboard: the desk's page is not built; run `make pages`")
    return folder


def _ways(keeps_desk: bool) -> list[tuple[str, str, Rule]]:
    """Return the pages: each one's path, the name of its sentence, and who may see it."""
    of_leads = [
        ("/numbers", "numbers.title", roles.leads),
        ("/canned", "canned.title", roles.leads),
        ("/audit", "audit.title", roles.leads),
    ]
    of_admins = [("/people", "people.title", roles.admins), ("/settings", "settings.title", roles.admins)]
    return [("/dashboard", "nav.back", roles.staff), *(of_leads if keeps_desk else ()), *of_admins]
