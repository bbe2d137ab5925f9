"""What an admin may change while the house runs, as a page and as data."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from innbox import App, BotMode, Refused, User
from innbox_dashboard.bodies import is_json, json_of
from innbox_dashboard.language import Texts, language_of
from innbox_dashboard.pages import Pages
from innbox_dashboard.session import wants_json

_ON, _OFF = ("on", "true", "1"), ("off", "false", "0")
_TEXTS = ("instructions", "handover_text", "bot_mode", "staff_language")
_FREE_PLACES = 2  # in the order of who is on call, beyond those that are taken

Changes = dict[str, dict[str, Any]]  # hotel, then key, then value


class SettingsPage:
    """`/settings`: one form a hotel, whose fields are each setting's name and the hotel's: `bot_HOTEL`,
    `instructions_HOTEL`; `on_call_HOTEL` comes once for each place in the order.

    With `Accept: application/json` it answers `{"hotels": {HOTEL: {name, bot, bot_mode, instructions, handover_text,
    staff_language, on_call, ring_seconds}}}`, and takes `{"hotels": {HOTEL: {…}}}` in a JSON body. What is left out
    stays as it is.
    """

    def __init__(self, app: App, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def show(self, request: Request, user: User) -> Response:
        """Return the settings of the hotels that the admin may see."""
        if wants_json(request):
            return JSONResponse({"hotels": await self._current(user)}, headers={"cache-control": "no-store"})
        return await self._page(request, user, saved=request.query_params.get("saved", ""))

    async def change(self, request: Request, user: User) -> Response:
        """Write what was changed. Raises `Refused` and `NotFound`; a form's faults come back as the page."""
        if is_json(request):
            await self._write(await _from_json(request), user)
            return JSONResponse({"hotels": await self._current(user)}, headers={"cache-control": "no-store"})
        changes: Changes = {}
        try:
            async with request.form() as form:
                changes = _from_form(form, await self._current(user))
            await self._write(changes, user)
        except Refused as refused:
            if wants_json(request):
                raise
            return await self._page(
                request, user, 400, error=Texts(language_of(request)).told(refused), entered=changes
            )
        if wants_json(request):
            return JSONResponse({"hotels": await self._current(user)}, headers={"cache-control": "no-store"})
        return RedirectResponse(f"/settings?saved={next(iter(changes), '')}", 303)

    async def _write(self, changes: Changes, user: User) -> None:
        for hotel, values in changes.items():
            await self._app.runtime.change(hotel, values, user)

    async def _current(self, user: User) -> Changes:
        return {
            slug: {"name": hotel.name, **asdict(await self._app.runtime.of(slug))}
            for slug, hotel in self._app.hotels.items()
            if user.may_see(slug)
        }

    async def _page(
        self,
        request: Request,
        user: User,
        status: int = 200,
        *,
        saved: str = "",
        error: str = "",
        entered: Mapping[str, Any] | None = None,
    ) -> Response:
        hotels = await self._current(user)
        people = [other for other in await self._app.accounts.users() if not other.disabled]
        for slug, values in hotels.items():
            values.update((entered or {}).get(slug, {}))
            values["people"] = sorted({*values["on_call"], *(one.name for one in people if one.may_see(slug))})
            values["on_call_rows"] = [*values["on_call"], *[""] * _FREE_PLACES]
            values["ring_seconds"] = f"{values['ring_seconds']:g}"
        return self._pages.staff(
            request,
            user,
            "settings.html",
            status,
            hotels=hotels,
            saved=saved,
            error=error,
            modes=list(BotMode),
            keeps_desk=self._app.desk_store is not None,
        )


async def _from_json(request: Request) -> Changes:
    hotels = (await json_of(request)).get("hotels")
    if not isinstance(hotels, dict) or not all(isinstance(values, dict) for values in hotels.values()):
        raise Refused('The body is {"hotels": {HOTEL: {"bot": …, "instructions": …, "handover_text": …}}}.')
    return hotels


def _from_form(form: FormData, current: Mapping[str, Any]) -> Changes:
    changes: Changes = {}
    for slug in current:
        values: dict[str, Any] = {}
        if f"bot_{slug}" in form:
            values["bot"] = _switch(form.getlist(f"bot_{slug}")[-1])
        for key in _TEXTS:
            if f"{key}_{slug}" in form:
                values[key] = _text(form[f"{key}_{slug}"])
        if f"on_call_{slug}" in form:
            names = [_text(name) for name in form.getlist(f"on_call_{slug}")]
            values["on_call"] = list(dict.fromkeys(name for name in names if name))
        if f"ring_seconds_{slug}" in form:
            values["ring_seconds"] = _seconds(form[f"ring_seconds_{slug}"])
        if values:
            changes[slug] = values
    return changes


def _switch(value: object) -> bool:
    if value in _ON or value in _OFF:
        return value in _ON
    raise Refused("The bot is either on or off.")


def _seconds(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,6}", value.strip(), re.ASCII):
        raise Refused("ring_seconds is a number of seconds from 5 to 3600.", "ring_seconds")
    return int(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise Refused("That is not a text.")
    return value.replace("\r\n", "\n").strip()
