"""A conversation as a file for spreadsheets."""

from collections.abc import Iterable, Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from innbox import App, Message, NotFound, Refused, User, rfc3339
from innbox_dashboard.sheets import download, sheet

PAGE = 200
MOST_MESSAGES = 10_000  # the newest ones; no guest has written more
COLUMNS = ("time", "direction", "author", "text", "attachments", "status")


class Export:
    """Hands out what was said in a conversation."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def messages(self, request: Request, user: User) -> Response:
        """`GET /export_messages?conversation_id=`: the conversation as CSV, oldest first, as a download."""
        conversation_id = request.query_params.get("conversation_id", "")
        if not conversation_id or len(conversation_id) > 64 or "\x00" in conversation_id:
            raise Refused("conversation_id is missing, or is none.")
        conversation = await self._app.store.conversation(conversation_id)
        if conversation is None or not user.may_see(conversation.hotel):
            raise NotFound("There is no such conversation.")
        messages = await self._all(conversation.id)
        await self._app.record(user, "export", conversation.hotel, conversation.id, what="conversation")
        return download(sheet(rows_of(messages)), f"conversation-{conversation.id}")

    async def _all(self, conversation_id: str) -> list[Message]:
        found: list[Message] = []
        before: int | None = None
        while len(found) < MOST_MESSAGES:
            page = await self._app.store.history(conversation_id, before, PAGE)
            found[:0] = page.messages
            before = page.next_before
            if before is None:
                break
        return found


def rows_of(messages: Iterable[Message]) -> Iterator[Sequence[str]]:
    """Yield a head, and a row for each message."""
    yield COLUMNS
    for message in messages:
        attachments = " ".join(
            attachment.label or attachment.name or attachment.kind for attachment in message.attachments
        )
        yield (
            rfc3339(message.created_at),
            message.direction.value,
            message.author.name or message.author.kind.value,
            message.text,
            attachments,
            message.status.value if message.status else "",
        )
