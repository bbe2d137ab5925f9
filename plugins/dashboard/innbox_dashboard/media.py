"""The files of messages, shown in the page only where a browser can do no harm with them."""

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from innbox import App, NotFound, User
from innbox_dashboard.sniffing import UNKNOWN, shown_type

_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",  # a browser's viewer of PDFs works all the same
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",  # kept, and asked for again: permission is checked each time
    "accept-ranges": "bytes",
}


class Media:
    """Serves the files of the messages that the asker may see."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def show(self, request: Request, user: User) -> Response:
        """`GET /media/{message_id}/{position}`: the file, in the page or as a download."""
        message_id, position = str(request.path_params["message_id"]), int(request.path_params["position"])
        await self._check(message_id, user)
        headers = {**_HEADERS, "etag": f'"{quote(message_id, safe="")}-{position}"'}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        content = await self._app.store.media(message_id, position)
        if content is None:
            raise NotFound("There is no such file.")
        shown = shown_type(content.data, content.content_type)
        headers["content-disposition"] = _disposition("inline" if shown else "attachment", content.name)
        return _ranged(request, content.data, shown or UNKNOWN, headers)

    async def _check(self, message_id: str, user: User) -> None:
        message = await self._app.store.message(message_id)
        conversation = await self._app.store.conversation(message.conversation_id) if message else None
        if conversation is None or not user.may_see(conversation.hotel):
            raise NotFound("There is no such file.")


def _disposition(kind: str, name: str | None) -> str:
    """Return a Content-Disposition whose name cannot leave the header (RFC 6266, section 4.3)."""
    bare = re.split(r"[/\\]", name or "")[-1].strip(". ")[:100]
    return f"{kind}; filename*=UTF-8''{quote(bare, safe='', errors='replace')}" if bare else kind


def _ranged(request: Request, data: bytes, content_type: str, headers: dict[str, str]) -> Response:
    """Return all of a file, or the one range asked for: some browsers play sound and films in no other way."""
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    if wanted is None or not any(wanted.groups()):
        return Response(data, 200, headers, content_type)
    size = len(data)
    first, last = wanted.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    headers["content-range"] = f"bytes {start}-{end}/{size}"
    return Response(data[start : end + 1], 206, headers, content_type)
