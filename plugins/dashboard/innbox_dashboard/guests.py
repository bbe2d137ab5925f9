"""What stands beside a conversation: its guest, how an answer came about, what leaves later, what may be sent."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from innbox import App, NotFound, User
from innbox_dashboard import query
from innbox_dashboard.api import NO_STORE
from innbox_dashboard.keeping import desk_of, seen_by


class Guests:
    """Answers with JSON, and with nothing that the asker may not see."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def guest(self, request: Request, user: User) -> Response:
        """`GET /get_guest?conversation_id=`: the guest, with what plugins know of them and show beside them."""
        conversation = await seen_by(self._app, user, query.needed(request, "conversation_id"))
        record, facts, panels = await asyncio.gather(
            desk_of(self._app).guest_record(conversation.id),
            self._app.dispatch.guest_facts(conversation),
            self._app.dispatch.desk_panels(conversation),
        )
        if record is None:
            raise NotFound("There is no such conversation.")
        return JSONResponse(
            {
                **record.as_json(),
                "facts": [fact.as_json() for fact in facts],
                "panels": [panel.as_json() for panel in panels],
            },
            headers=NO_STORE,
        )

    async def turn(self, request: Request, user: User) -> Response:
        """`GET /get_turn?conversation_id=&turn_id=`: why the bot answered so."""
        conversation = await seen_by(self._app, user, query.needed(request, "conversation_id"))
        turn = await desk_of(self._app).turn(query.needed(request, "turn_id"))
        if turn is None or turn.conversation_id != conversation.id:
            raise NotFound("There is no such turn.")
        return JSONResponse(turn.as_json(), headers=NO_STORE)

    async def scheduled(self, request: Request, user: User) -> Response:
        """`GET /get_scheduled?conversation_id=`: the messages that leave later, the next first."""
        conversation = await seen_by(self._app, user, query.needed(request, "conversation_id"))
        waiting = await desk_of(self._app).scheduled(conversation.id)
        return JSONResponse({"scheduled": [one.as_json() for one in waiting]}, headers=NO_STORE)

    async def templates(self, request: Request, user: User) -> Response:
        """`GET /get_templates?conversation_id=`: the approved texts that may be sent to the guest."""
        conversation = await seen_by(self._app, user, query.needed(request, "conversation_id"))
        offers = await self._app.staff.templates(user, conversation.id)
        return JSONResponse({"templates": [offer.as_json() for offer in offers]}, headers=NO_STORE)
