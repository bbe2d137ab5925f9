"""Signing in and out."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from innbox import App, Refused, StoreUnavailable, Throttled, client_address
from innbox_dashboard.language import Texts, language_of
from innbox_dashboard.pages import Pages
from innbox_dashboard.session import HOME, Sessions, local_path

_WRONG = "wrong_password"


class SignIn:
    """The way in and the way out. `signed_out` is told each token that ends, to close its sockets at once."""

    def __init__(self, app: App, sessions: Sessions, pages: Pages, signed_out: Callable[[str], None]) -> None:
        self._app = app
        self._sessions = sessions
        self._pages = pages
        self._signed_out = signed_out

    async def root(self, request: Request) -> Response:
        """Lead to the desk, or to the sign-in."""
        return RedirectResponse(HOME if await self._sessions.user(request) else "/login", 303)

    async def show(self, request: Request) -> Response:
        """Return the sign-in page, or lead who is signed in already to where they wanted to go."""
        target = local_path(request.query_params.get("next"))
        if await self._sessions.user(request):
            return RedirectResponse(target, 303)
        return self._page(request, target)

    async def sign_in(self, request: Request) -> Response:
        """Take name and password; a new session's token is given each time, and an old one ends."""
        texts = Texts(language_of(request))
        try:
            async with request.form() as form:
                name, password = form.get("username", ""), form.get("password", "")
                target = local_path(form.get("next"))
        except Refused as refused:  # a password of a megabyte
            return self._page(request, HOME, 400, texts.told(refused))
        if not isinstance(name, str) or not isinstance(password, str):
            return self._page(request, target, 400, texts("login.texts"))
        try:
            token, _ = await self._app.accounts.sign_in(
                name, password, client_address(request), life=self._sessions.life
            )
        except Refused as refused:
            return self._page(request, target, 401 if refused.code == _WRONG else 400, texts.told(refused), name)
        except Throttled as throttled:
            page = self._page(request, target, 429, texts.told(throttled), name)
            page.headers["retry-after"] = str(max(1, round(throttled.retry_after)))
            return page
        except StoreUnavailable:
            return self._page(request, target, 503, texts("login.later"), name)
        await self._end(self._sessions.token(request))
        response = RedirectResponse(target, 303)
        self._sessions.give(response, token)
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session, where there is one."""
        await self._end(self._sessions.token(request))
        response = RedirectResponse("/login", 303)
        self._sessions.take(response)
        return response

    async def _end(self, token: str | None) -> None:
        if token:
            await self._app.accounts.sign_out(token)
            self._signed_out(token)

    def _page(self, request: Request, target: str, status: int = 200, error: str = "", name: str = "") -> Response:
        return self._pages.render(request, "login.html", status, next=target, error=error, name=name[:100])
