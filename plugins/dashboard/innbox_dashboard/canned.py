"""Canned replies: what the desk's page reads and, for leads, the page on which they are kept."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from innbox import App, CannedReply, Conflict, InnboxError, NotFound, Refused, User, new_id
from innbox_dashboard import query
from innbox_dashboard.api import NO_STORE
from innbox_dashboard.bodies import fields_of, is_json
from innbox_dashboard.keeping import desk_of
from innbox_dashboard.language import Texts, language_of
from innbox_dashboard.pages import Pages

MAX_TEXT = 4000
_FIELDS = ("id", "hotel", "shortcut", "text")
_SHORTCUT = re.compile(r"[\w-]{1,32}")


class Canned:
    """Shows, saves and removes canned replies of the hotels that the user may see."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def replies(self, request: Request, user: User) -> Response:
        """`GET /get_canned?hotel=`: `{canned: [{id, hotel, shortcut, text}]}`, by hotel and shortcut."""
        hotels = query.hotels(request, self._app, user)
        canned = await desk_of(self._app).canned_replies(hotels)
        return JSONResponse({"canned": [reply.as_json() for reply in canned]}, headers=NO_STORE)

    async def show(self, request: Request, user: User) -> Response:
        """`GET /canned`: the page, with a form for each reply and one for a new one of each hotel."""
        return await self._page(request, user)

    async def save(self, request: Request, user: User) -> Response:
        """`POST /canned` `{id?, hotel, shortcut, text}`: add or change one; from a form also `remove`, an id."""
        fields = await fields_of(request)
        if is_json(request):
            reply = await self._saved(fields, user)
            return JSONResponse({"ok": True, "canned": reply.as_json()}, headers=NO_STORE)
        try:
            if fields.get("remove"):
                await self._remove(str(fields["remove"]), user)
            else:
                await self._saved(fields, user)
        except (Refused, Conflict) as error:
            return await self._page(request, user, error, fields)
        return RedirectResponse("/canned?saved=1", 303)

    async def remove(self, request: Request, user: User) -> Response:
        """`DELETE /canned/{id}`."""
        await self._remove(str(request.path_params["id"]), user)
        return JSONResponse({"ok": True}, headers=NO_STORE)

    async def _saved(self, fields: Mapping[str, Any], user: User) -> CannedReply:
        reply = self._read(fields, user)
        if fields.get("id"):
            await self._owned(reply.id, user)
        await desk_of(self._app).save_canned(reply)
        await self._app.record(user, "save_canned", reply.hotel, shortcut=reply.shortcut)
        return reply

    async def _remove(self, canned_id: str, user: User) -> None:
        reply = await self._owned(canned_id, user)
        await desk_of(self._app).remove_canned(reply.id)
        await self._app.record(user, "remove_canned", reply.hotel, shortcut=reply.shortcut)

    async def _owned(self, canned_id: str, user: User) -> CannedReply:
        """Return one that there is; who may not see its hotel does not learn of it."""
        found = await desk_of(self._app).canned_replies(user.hotels)
        reply = next((one for one in found if one.id == canned_id), None)
        if reply is None:
            raise NotFound("There is no such canned reply.")
        return reply

    def _read(self, fields: Mapping[str, Any], user: User) -> CannedReply:
        texts = {name: fields.get(name) or "" for name in _FIELDS}
        if not all(isinstance(text, str) and "\x00" not in text for text in texts.values()):
            raise Refused("id, hotel, shortcut and text are texts.", "payload")
        hotel, shortcut, text = texts["hotel"], texts["shortcut"].strip().lstrip("/"), texts["text"].strip()
        if hotel not in self._app.hotels or not user.may_see(hotel):
            raise NotFound("There is no such hotel.")
        if not _SHORTCUT.fullmatch(shortcut):
            raise Refused("A shortcut has 1 to 32 letters, digits, - and _.", "shortcut")
        if not 1 <= len(text) <= MAX_TEXT:
            raise Refused(f"A canned reply has 1 to {MAX_TEXT} characters.", "canned_text")
        return CannedReply(texts["id"] or new_id(), hotel, shortcut.lower(), text)

    async def _page(
        self, request: Request, user: User, error: InnboxError | None = None, entered: Mapping[str, Any] | None = None
    ) -> Response:
        canned = await desk_of(self._app).canned_replies(user.hotels)
        hotels = [hotel for hotel in self._app.hotels.values() if user.may_see(hotel.slug)]
        return self._pages.staff(
            request,
            user,
            "canned.html",
            400 if error else 200,
            groups=[(hotel, [reply for reply in canned if reply.hotel == hotel.slug]) for hotel in hotels],
            saved="saved" in request.query_params and not error,
            error=Texts(language_of(request)).told(error) if error else "",
            entered={**dict.fromkeys(_FIELDS, ""), **(entered or {})},
        )
