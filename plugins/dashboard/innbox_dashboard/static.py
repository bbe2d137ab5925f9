"""The files of the pages."""

import gzip
import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from innbox_dashboard.pages import BUILD, fingerprint

FOR_GOOD = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


class PageFiles(StaticFiles):
    """Serves a folder with ETags. An address that names the content (`?v=`) may be kept, all others are asked again.

    What may be kept is compressed once, here, and sent so to browsers that take it: a desk on a slow line opens sooner.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)
        built = {file.relative_to(folder).as_posix(): file for file in (folder / BUILD).rglob("*.*")}
        self._fingerprints: Mapping[str, str] = {name: fingerprint(file) for name, file in built.items()}
        self._compressed: Mapping[str, bytes] = {name: gzip.compress(file.read_bytes()) for name, file in built.items()}

    async def get_response(self, path: str, scope: Scope) -> Response:
        name = path.replace(os.sep, "/")
        named = self._fingerprints.get(name)
        may_keep = named is not None and scope["query_string"].decode("latin-1") == f"v={named}"
        if may_keep and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            response = Response(self._compressed[name], media_type=mimetypes.guess_type(name)[0])
            response.headers["content-encoding"] = "gzip"
        else:
            response = await super().get_response(path, scope)
        response.headers["cache-control"] = FOR_GOOD if may_keep else ASK_AGAIN
        response.headers["vary"] = "accept-encoding"
        return response
