"""Who is asking: the session's cookie, and where a sign-in may lead."""

from datetime import timedelta
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from innbox import App, User
from innbox_dashboard.config import DashboardSettings

COOKIE = "innbox_session"
HOME = "/dashboard"


class Sessions:
    """Reads and writes the session's cookie; sessions themselves are the core's.

    Over https the cookie is named with the prefix `__Host-`, so that no other host of the domain can plant one
    (RFC 6265bis, section 4.1.3.2).
    """

    def __init__(self, app: App, settings: DashboardSettings) -> None:
        self._app = app
        self._secure = _secure(app, settings)
        self.life = timedelta(hours=settings.session_hours)
        self.cookie = f"__Host-{COOKIE}" if self._secure else COOKIE

    def token(self, connection: HTTPConnection) -> str | None:
        """Return the token that a request, or a socket's first request, brings."""
        return connection.cookies.get(self.cookie) or None

    async def user(self, connection: HTTPConnection) -> User | None:
        """Return who is signed in. Raises `StoreUnavailable`."""
        return await self._app.accounts.user_of(self.token(connection))

    def give(self, response: Response, token: str) -> None:
        """Put a new session's token into a response."""
        response.set_cookie(
            self.cookie,
            token,
            max_age=int(self.life.total_seconds()),
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def take(self, response: Response) -> None:
        """Remove the token from the browser."""
        response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="lax")


def wants_json(request: Request) -> bool:
    """Say whether a request asks for data rather than for a page."""
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/html" not in accept


def local_path(text: object) -> str:
    """Return a path on this site, to go to after the sign-in; `HOME` for whatever could lead elsewhere.

    Browsers read `//host`, `/\\host` and paths with control characters in them as other sites.
    """
    if not isinstance(text, str) or not text.startswith("/") or len(text) > 2000:
        return HOME
    if text.startswith("//") or "\\" in text or any(ord(character) <= 32 or character == "\x7f" for character in text):
        return HOME
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or parts.path in ("/", "/login", "/logout"):
        return HOME
    return text


def _secure(app: App, settings: DashboardSettings) -> bool:
    if settings.cookie_secure is not None:
        return settings.cookie_secure
    return app.config.public_url.startswith("https://")
