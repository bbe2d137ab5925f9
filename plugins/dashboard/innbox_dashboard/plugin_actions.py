"""What plugins can do with a message."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from innbox import App, User
from innbox_dashboard.api import NO_STORE
from innbox_dashboard.bodies import json_of
from innbox_dashboard.payloads import OfMessage, parse


class PluginActions:
    """Names the actions, and has one done."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def names(self, request: Request, user: User) -> Response:
        """`GET /get_actions`: `[{name, label}]`, in the order of the YAML."""
        actions = [{"name": action.name, "label": action.label} for action in self._app.actions.values()]
        return JSONResponse(actions, headers=NO_STORE)

    async def act(self, request: Request, user: User) -> Response:
        """`POST /actions/{name}` with `{conversation_id, message_id}`: do it, and answer with its line for staff."""
        asked = parse(OfMessage, (await json_of(request),))
        name = str(request.path_params["name"])
        line = await self._app.staff.act(user, asked.conversation_id, asked.message_id, name)
        return JSONResponse({"ok": True, "text": line}, headers=NO_STORE)
