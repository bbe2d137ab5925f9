"""What the desk's page reads: lists of conversations and of messages."""

import re
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from innbox import App, ConversationStatus, HandledBy, InboxQuery, NotFound, Refused, User
from innbox_dashboard.lists import Lists

_NO_STORE = {"cache-control": "no-store"}
_WHOLE_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_MAX_TEXT = 200
MOST_AT_ONCE = 200  # conversations or messages of a page


class Api:
    """Answers with JSON, and with nothing that the asker may not see."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lists = Lists(app.store, app.cache)

    async def conversations(self, request: Request, user: User) -> Response:
        """`GET /get_conversations?hotel=&status=&handled_by=&q=&cursor=&limit=`, newest first."""
        query = InboxQuery(
            hotels=self._hotels(request, user),
            status=_choice(request, "status", ConversationStatus),
            handled_by=_choice(request, "handled_by", HandledBy),
            q=_text(request, "q"),
            cursor=_text(request, "cursor"),
            limit=_number(request, "limit", 50, 1, MOST_AT_ONCE),
        )
        body = await self._lists.page(query)
        return Response(body, media_type="application/json", headers=_NO_STORE)

    async def messages(self, request: Request, user: User) -> Response:
        """`GET /get_messages?conversation_id=&before=&limit=`, oldest first."""
        conversation_id = _text(request, "conversation_id")
        if conversation_id is None:
            raise Refused("conversation_id is missing.")
        before = _number(request, "before", 0, 1, 10**15)
        limit = _number(request, "limit", 50, 1, MOST_AT_ONCE)
        conversation = await self._app.store.conversation(conversation_id)
        if conversation is None or not user.may_see(conversation.hotel):
            raise NotFound("There is no such conversation.")
        page = await self._app.store.history(conversation.id, before or None, limit)
        return JSONResponse(
            {"messages": [message.as_json() for message in page.messages], "next_before": page.next_before},
            headers=_NO_STORE,
        )

    def _hotels(self, request: Request, user: User) -> frozenset[str] | None:
        asked = _text(request, "hotel")
        if asked is None:
            return user.hotels
        if asked not in self._app.hotels or not user.may_see(asked):
            raise NotFound("There is no such hotel.")
        return frozenset((asked,))


def _text(request: Request, name: str) -> str | None:
    """Return a parameter, None where it is left out or empty. NUL is refused by databases."""
    value = request.query_params.get(name, "").strip()
    if len(value) > _MAX_TEXT:
        raise Refused(f"{name} has at most {_MAX_TEXT} characters.")
    if "\x00" in value:
        raise Refused(f"{name} has a character that cannot be looked for.")
    return value or None


def _choice(request: Request, name: str, choices: type[StrEnum]) -> str | None:
    value = _text(request, name)
    if value is not None and value not in list(choices):
        raise Refused(f"{name} is one of {', '.join(choices)}.")
    return value


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    value = _text(request, name)
    if value is None:
        return default
    if not _WHOLE_NUMBER.fullmatch(value) or not least <= int(value) <= most:
        raise Refused(f"{name} is a whole number from {least} to {most}.")
    return int(value)
