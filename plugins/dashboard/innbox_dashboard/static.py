"""The files of the pages."""

import os
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from innbox_dashboard.pages import BUILD, fingerprint

FOR_GOOD = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


class PageFiles(StaticFiles):
    """Serves a folder with ETags. An address that names the content (`?v=`) may be kept, all others are asked again."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)
        self._fingerprints: Mapping[str, str] = {
            file.relative_to(folder).as_posix(): fingerprint(file) for file in (folder / BUILD).rglob("*.*")
        }

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        named = self._fingerprints.get(path.replace(os.sep, "/"))
        asked = scope["query_string"].decode("latin-1")
        response.headers["cache-control"] = FOR_GOOD if named and asked == f"v={named}" else ASK_AGAIN
        return response
