"""What the web chat serves over HTTP: the page, its files, and the script that puts a bubble on a hotel's site."""

import hashlib
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from innbox import App, Hotel, NotFound, PluginError
from innbox_webchat.settings import WebChatSettings

BUILT = ("build/chat.js", "build/chat.css", "build/embed.js")
TEMPLATE = Path(__file__).parent / "templates" / "chat.html"
NAME_IN_SCRIPT = "__HOTEL_NAME__"  # stands in the built embed.js where the hotel's name goes


class Pages:
    """The web chat's routes for one app."""

    def __init__(self, app: App, settings: WebChatSettings, static: Path) -> None:
        """Raises `PluginError` where the page's files are not built in `static`."""
        if not all((static / name).is_file() for name in BUILT):
            raise PluginError("webchat: the chat page is not built; run `make pages`")
        self._app = app
        self._settings = settings
        self._static = static
        self._version = _version(static)
        self._template = Template(TEMPLATE.read_text(encoding="utf-8"))
        self._embed = (static / "build" / "embed.js").read_text(encoding="utf-8")
        self._policy = _policy(settings.allowed_origins)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/chat/{hotel}", self.page, methods=["GET"]),
            Route("/chat/{hotel}/embed.js", self.embed, methods=["GET"]),
            Mount("/chat-static", _Files(directory=self._static)),
        ]

    async def page(self, request: Request) -> Response:
        """Return the chat page of a hotel; `NotFound` for an unknown one."""
        hotel = self._hotel(request)
        html = self._template.substitute(
            hotel=escape(hotel.slug),
            name=escape(hotel.name),
            language=escape(hotel.languages[0]),
            max_chars=self._settings.message_max_chars,
            version=self._version,
        )
        return HTMLResponse(html, headers={"content-security-policy": self._policy, "cache-control": "no-cache"})

    async def embed(self, request: Request) -> Response:
        """Return the script for a hotel's site; `NotFound` for an unknown hotel."""
        # Percent-encoded, a name is harmless within any kind of quotes; the script decodes it.
        script = self._embed.replace(NAME_IN_SCRIPT, quote(self._hotel(request).name, safe=""))
        headers = {"cache-control": "public, max-age=300", "cross-origin-resource-policy": "cross-origin"}
        return Response(script, media_type="text/javascript", headers=headers)

    def _hotel(self, request: Request) -> Hotel:
        hotel = self._app.hotels.get(request.path_params["hotel"])
        if hotel is None:
            raise NotFound("There is no such hotel.")
        return hotel


class _Files(StaticFiles):
    """Static files which browsers keep for good where the address names their version, and ask about otherwise."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        versioned = scope.get("query_string", b"").startswith(b"v=") and response.status_code == 200
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response


def _version(static: Path) -> str:
    digest = hashlib.sha256()
    for name in BUILT:
        digest.update((static / name).read_bytes())
    return digest.hexdigest()[:12]


def _policy(allowed_origins: tuple[str, ...]) -> str:
    """Return the page's content security policy: own files only, nothing inline, framed by the allowed sites alone."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "media-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            " ".join(("frame-ancestors 'self'", *allowed_origins)),
        )
    )
