"""What the desk's page reads: lists of conversations and of messages."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from innbox import App, ConversationStatus, HandledBy, InboxQuery, NotFound, User
from innbox_dashboard import query
from innbox_dashboard.lists import Lists

NO_STORE = {"cache-control": "no-store"}


class Api:
    """Answers with JSON, and with nothing that the asker may not see."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._lists = Lists(app.store, app.cache)

    async def conversations(self, request: Request, user: User) -> Response:
        """`GET /get_conversations?hotel=&status=&handled_by=&q=&cursor=&limit=`, newest first."""
        asked = InboxQuery(
            hotels=query.hotels(request, self._app, user),
            status=query.choice(request, "status", ConversationStatus),
            handled_by=query.choice(request, "handled_by", HandledBy),
            q=query.text(request, "q"),
            cursor=query.text(request, "cursor"),
            limit=query.number(request, "limit", 50, 1, query.MOST_AT_ONCE),
        )
        body = await self._lists.page(asked)
        return Response(body, media_type="application/json", headers=NO_STORE)

    async def messages(self, request: Request, user: User) -> Response:
        """`GET /get_messages?conversation_id=&before=&limit=`, oldest first."""
        conversation_id = query.needed(request, "conversation_id")
        before = query.number(request, "before", 0, 1, 10**15)
        limit = query.number(request, "limit", 50, 1, query.MOST_AT_ONCE)
        page = await self._app.store.history(conversation_id, before or None, limit)
        if not user.may_see(page.hotel or await self._hotel_of(conversation_id)):
            raise NotFound("There is no such conversation.")
        return JSONResponse(
            {"messages": [message.as_json() for message in page.messages], "next_before": page.next_before},
            headers=NO_STORE,
        )

    async def _hotel_of(self, conversation_id: str) -> str:
        """Return whose conversation it is, from a store that does not say so with a page of messages."""
        conversation = await self._app.store.conversation(conversation_id)
        if conversation is None:
            raise NotFound("There is no such conversation.")
        return conversation.hotel
