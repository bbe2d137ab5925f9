"""Files: what they are, how they are served without harm, and the links under which guests and providers fetch ours.

A file may lie about its type, so what it begins with decides. Pictures, sounds, films and PDFs that are what they say
may be shown in a page; all else is a download.
"""

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from itsdangerous import BadSignature, Signer
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from innbox.errors import NotFound
from innbox.ports import Store

if TYPE_CHECKING:
    from innbox.app import App

UNKNOWN_TYPE = "application/octet-stream"
LINK_PATH = "/media/out/"
DAY_SECONDS = 24 * 3600

# What each type begins with: (offset, bytes).
_SHOWN: dict[str, tuple[tuple[int, bytes], ...]] = {
    "image/jpeg": ((0, b"\xff\xd8\xff"),),
    "image/png": ((0, b"\x89PNG\r\n\x1a\n"),),
    "image/gif": ((0, b"GIF87a"), (0, b"GIF89a")),
    "image/webp": ((8, b"WEBP"),),
    "audio/ogg": ((0, b"OggS"),),
    "audio/mpeg": ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2")),
    "audio/mp4": ((4, b"ftyp"),),
    "audio/aac": ((0, b"\xff\xf1"), (0, b"\xff\xf9")),
    "audio/amr": ((0, b"#!AMR"),),
    "audio/wav": ((8, b"WAVE"),),
    "audio/webm": ((0, b"\x1a\x45\xdf\xa3"),),
    "video/mp4": ((4, b"ftyp"),),
    "video/3gpp": ((4, b"ftyp"),),
    "video/quicktime": ((4, b"ftyp"),),
    "video/webm": ((0, b"\x1a\x45\xdf\xa3"),),
    "application/pdf": ((0, b"%PDF-"),),
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_DOCUMENTS: dict[str, tuple[tuple[int, bytes], ...]] = {
    f"{_OFFICE}wordprocessingml.document": ((0, b"PK\x03\x04"),),
    f"{_OFFICE}spreadsheetml.sheet": ((0, b"PK\x03\x04"),),
    f"{_OFFICE}presentationml.presentation": ((0, b"PK\x03\x04"),),
    "application/msword": ((0, _OLE),),
    "application/vnd.ms-excel": ((0, _OLE),),
    "application/vnd.ms-powerpoint": ((0, _OLE),),
}
_BY_THEMSELVES = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/ogg", "application/pdf")

# What browsers call some of them, and what they are called here.
_ALIASES = {
    "image/jpg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
}

_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII)
_LINK = re.compile(r"([0-9A-Za-z-]{1,64})\.([0-9]{1,3})\.([0-9]{1,12})", re.ASCII)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",  # a browser's viewer of PDFs works all the same
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",  # kept, and asked for again: permission is checked each time
    "accept-ranges": "bytes",
}


def sniffed_type(data: bytes, claimed: str) -> str:
    """Return what a file is: the type that it claims where it begins like one, else that of a common kind which it
    begins like, else `UNKNOWN_TYPE`."""
    claimed = _bare(claimed)
    kinds = {**_SHOWN, **_DOCUMENTS}
    for kind in (claimed, *_BY_THEMSELVES):
        if any(data[at : at + len(begin)] == begin for at, begin in kinds.get(kind, ())):
            return kind
    return claimed if claimed == "text/plain" and _is_text(data) else UNKNOWN_TYPE


async def file_response(
    request: Request, store: Store, message_id: str, position: int, *, typed: bool = False
) -> Response:
    """Return a message's file, or the range of it that was asked for; raises `NotFound` where there is none.

    It is shown only where a browser can do no harm with it. `typed` says of a document which it is, for programs that
    fetch it. Who has the file already is told so, without a look into the store.
    """
    headers = {**_HEADERS, "etag": f'"{quote(message_id, safe="")}-{position}"'}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    content = await store.media(message_id, position)
    if content is None:
        raise NotFound("There is no such file.")
    kind = sniffed_type(content.data, content.content_type) if content.content_type else UNKNOWN_TYPE
    shown = kind in _SHOWN and kind == _bare(content.content_type)
    headers["content-disposition"] = _disposition("inline" if shown else "attachment", content.name)
    return _ranged(request, content.data, kind if shown or typed else UNKNOWN_TYPE, headers)


class Files:
    """Links to the files of messages that leave, for guests and providers, who have no session.

    A link is signed, names one file, and ends within two days; on one day it is the same one, so a page that has the
    file need not load it again. Anybody who has the link may fetch the file, as with any message that was sent.
    """

    def __init__(self, app: "App") -> None:
        self._app = app
        self._signer = Signer(app.config.secret_key.get_secret_value(), salt="innbox.files", sep="~")

    def link(self, message_id: str, position: int) -> str:
        """Return the path at which a message's file is for everybody."""
        ends = (int(time.time()) // DAY_SECONDS + 2) * DAY_SECONDS
        return LINK_PATH + self._signer.sign(f"{message_id}.{position}.{ends}").decode()

    def routes(self) -> Iterator[Route]:
        yield Route(LINK_PATH + "{link}", self.show, methods=["GET", "HEAD"])

    async def show(self, request: Request) -> Response:
        """Return the file of a link; raises `NotFound` for one that is wrong or has ended."""
        message_id, position = self._read(str(request.path_params["link"]))
        return await file_response(request, self._app.store, message_id, position, typed=True)

    def _read(self, link: str) -> tuple[str, int]:
        try:
            signed = self._signer.unsign(link).decode("ascii")
        except (BadSignature, UnicodeDecodeError):
            raise NotFound("There is no such file.") from None
        found = _LINK.fullmatch(signed)
        if found is None or int(found[3]) < time.time():
            raise NotFound("There is no such file.")
        return found[1], int(found[2])


def _bare(content_type: str) -> str:
    """Return a content type without its parameters, by its usual name."""
    kind = content_type.partition(";")[0].strip().lower()
    return _ALIASES.get(kind, kind)


def _is_text(data: bytes) -> bool:
    try:
        return bool(data) and "\x00" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


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
