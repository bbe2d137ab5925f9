"""Who may pass: endpoints that need somebody signed in, and some of them somebody who leads or an admin."""

from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from innbox import User
from innbox_dashboard.bodies import is_json
from innbox_dashboard.language import Texts
from innbox_dashboard.pages import Pages
from innbox_dashboard.roles import Rule, admins, staff
from innbox_dashboard.session import HOME, Sessions, wants_json

Endpoint = Callable[[Request], Awaitable[Response]]
StaffEndpoint = Callable[[Request, User], Awaitable[Response]]


class Doors:
    """Wraps endpoints, which then get the user. Each also minds the user's hotels."""

    def __init__(self, sessions: Sessions, pages: Pages) -> None:
        self._sessions = sessions
        self._pages = pages

    def api(self, endpoint: StaffEndpoint, may: Rule = staff) -> Endpoint:
        """Wrap an endpoint that answers with data: without a session it says 401 as JSON, and 403 to who may not."""

        async def wrapped(request: Request) -> Response:
            user = await self._sessions.user(request)
            if user is None:
                return _unknown()
            return await endpoint(request, user) if may(user) else _forbidden(_why(may))

        return wrapped

    def page(self, endpoint: StaffEndpoint, may: Rule = staff, why: str | None = None) -> Endpoint:
        """Wrap an endpoint that answers with a page: without a session it leads to the sign-in, and back afterwards
        (who asks for data gets 401). Who may not is told so by the sentence `why`."""
        why = why or _why(may)

        async def wrapped(request: Request) -> Response:
            user = await self._sessions.user(request)
            if user is not None and may(user):
                return await endpoint(request, user)
            if wants_json(request) or is_json(request):
                return _unknown() if user is None else _forbidden(why)
            if user is None:
                return RedirectResponse(_sign_in_address(request), 303)
            return self._pages.forbidden(request, user, why)

        return wrapped


def _why(may: Rule) -> str:
    return "forbidden.admins" if may is admins else "forbidden.leads"


def _unknown() -> Response:
    return JSONResponse({"error": "Please sign in."}, 401)


def _forbidden(why: str) -> Response:
    return JSONResponse({"error": Texts("en")(why)}, 403)


def _sign_in_address(request: Request) -> str:
    if request.method != "GET":
        return "/login"
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/login" if path == HOME else f"/login?next={quote(path, safe='/')}"
