"""Pictures and files that staff send."""

import re

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from innbox import App, MediaContent, Refused, User, allow_body, sniffed_type
from innbox_dashboard.api import NO_STORE
from innbox_dashboard.handlers import written
from innbox_dashboard.keeping import seen_by
from innbox_dashboard.payloads import Upload, parse

MOST_FILES = 10
MOST_BYTES = 16 * 1024 * 1024  # of all files together; the core says so too
FORM_BYTES = 256 * 1024  # what the form around them may take
UPLOAD_SECONDS = 180.0  # 16 MB over 1 Mbit/s
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Sending:
    """Takes files in, looks at what they are, and sends them."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def files(self, request: Request, user: User) -> Response:
        """`POST /send_files`, multipart: what `agent_message` carries, and up to ten `files`.

        Like `agent_message` it takes the conversation over, and a `client_id` seen before sends nothing. Files are read
        as they come and lie on disk meanwhile; only who may see the conversation has them read whole.
        """
        allow_body(request, MOST_BYTES + FORM_BYTES, UPLOAD_SECONDS)
        async with request.form(max_files=MOST_FILES, max_fields=10, max_part_size=FORM_BYTES) as form:
            asked = parse(Upload, ({name: value for name, value in form.items() if isinstance(value, str)},))
            await seen_by(self._app, user, asked.conversation_id)
            files = [await _content(part) for part in form.getlist("files") if isinstance(part, UploadFile)]
        if not files:
            raise Refused("There is no file.", "files")
        replied = await self._app.staff.reply(
            user,
            asked.conversation_id,
            asked.text,
            asked.client_id,
            seen_seq=asked.seen_seq,
            suggestion_id=asked.suggestion_id,
            translate_to=asked.translate_to,
            files=files,
        )
        return JSONResponse({"ok": True, **written(replied), "translated": replied.translated}, headers=NO_STORE)


async def _content(part: UploadFile) -> MediaContent:
    data = await part.read()
    return MediaContent(sniffed_type(data, part.content_type or ""), data, _name(part.filename))


def _name(given: str | None) -> str | None:
    """Return a file's own name without a path and without what would hide its end from a reader."""
    return _UNPRINTABLE.sub("", re.split(r"[/\\]", given or "")[-1]).strip()[:100] or None
