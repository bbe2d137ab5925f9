"""A conversation as a file for spreadsheets."""

import csv
import io
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from innbox import App, Message, NotFound, Refused, User, rfc3339

PAGE = 200
MOST_MESSAGES = 10_000  # the newest ones; no guest has written more
COLUMNS = ("time", "direction", "author", "text", "attachments", "status")

# What makes a formula of a cell in the usual spreadsheets; a cell that begins so is led by an apostrophe, and by
# OWASP's advice so is one that begins with a tab or a line: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BYTE_ORDER_MARK = "\ufeff"  # without it some spreadsheets read another encoding


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
        headers = {
            "content-disposition": f'attachment; filename="conversation-{conversation.id}.csv"',
            "cache-control": "no-store",
        }
        return Response(as_csv(await self._all(conversation.id)), media_type="text/csv; charset=utf-8", headers=headers)

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


def as_csv(messages: Iterable[Message]) -> str:
    """Return messages as CSV in which no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for message in messages:
        attachments = " ".join(
            attachment.label or attachment.name or attachment.kind for attachment in message.attachments
        )
        cells = (
            rfc3339(message.created_at),
            message.direction.value,
            message.author.name or message.author.kind.value,
            message.text,
            attachments,
            message.status.value if message.status else "",
        )
        writer.writerow([harmless(cell) for cell in cells])
    return _BYTE_ORDER_MARK + text.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not work out."""
    begins = cell.lstrip(" \ufeff\u200b")
    return f"'{cell}" if begins.startswith(_FORMULA) else cell
