"""The files of messages, for the staff who may see them."""

from starlette.requests import Request
from starlette.responses import Response

from innbox import App, NotFound, User, file_response


class Media:
    """Serves the files of the messages that the asker may see."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def show(self, request: Request, user: User) -> Response:
        """`GET /media/{message_id}/{position}`: the file, in the page or as a download."""
        message_id, position = str(request.path_params["message_id"]), int(request.path_params["position"])
        await self._check(message_id, user)
        return await file_response(request, self._app.store, message_id, position)

    async def _check(self, message_id: str, user: User) -> None:
        message = await self._app.store.message(message_id)
        conversation = await self._app.store.conversation(message.conversation_id) if message else None
        if conversation is None or not user.may_see(conversation.hotel):
            raise NotFound("There is no such file.")
