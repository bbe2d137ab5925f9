"""The people of a house: who may sign in, as what, and for which hotels."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from innbox import App, Conflict, InnboxError, Refused, User, rfc3339
from innbox_dashboard.api import NO_STORE
from innbox_dashboard.bodies import fields_of, is_json
from innbox_dashboard.language import Texts, language_of
from innbox_dashboard.pages import Pages
from innbox_dashboard.session import wants_json

ROLES = ("agent", "lead", "admin")
DEEDS = ("add", "change", "password", "disable", "enable")
_FIELDS = ("do", "name", "role", "all_hotels")


class PeoplePage:
    """`/people`, for admins. An admin of some hotels deals with those alone who may see no others.

    A change names what to `do`: `add` (name, password, role, hotels), `change` (name, role, hotels), `password` (name,
    password), `disable` and `enable` (name). In a JSON body `hotels` is a list of hotels, or null for every one; in a
    form there are `all_hotels` and a tick box `hotel_HOTEL` for each. Answered as data, it is `{people: […]}`.
    """

    def __init__(self, app: App, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def show(self, request: Request, user: User) -> Response:
        """Return whom the admin may deal with."""
        if wants_json(request):
            return await self._data(user)
        return await self._page(request, user, saved=request.query_params.get("saved", ""))

    async def change(self, request: Request, user: User) -> Response:
        """Do it; a form's faults come back as the page."""
        fields = await fields_of(request)
        if is_json(request):
            await self._do(fields, user)
            return await self._data(user)
        try:
            name = await self._do(fields, user)
        except (Refused, Conflict) as error:
            if wants_json(request):
                raise
            return await self._page(request, user, error=error, entered=fields)
        if wants_json(request):
            return await self._data(user)
        return RedirectResponse(f"/people?saved={quote(name)}", 303)

    async def _do(self, fields: Mapping[str, Any], user: User) -> str:
        """Make a change, and return the name of whom it is about."""
        accounts = self._app.accounts
        name = _text(fields, "name")
        match fields.get("do"):
            case "add":
                password, role = _text(fields, "password"), _text(fields, "role")
                added = await accounts.add_user(name, password, role, self._hotels(fields), user)
                return added.name
            case "change":
                await accounts.change(name, _text(fields, "role"), self._hotels(fields), user)
            case "password":
                await accounts.set_password(name, _text(fields, "password"), user)
            case "disable":
                await accounts.disable(name, user)
            case "enable":
                await accounts.enable(name, user)
            case _:
                raise Refused(f"do is one of {', '.join(DEEDS)}.")
        return name

    def _hotels(self, fields: Mapping[str, Any]) -> list[str] | None:
        """Return the hotels that are named, None for every one. Nothing named is a mistake, never every hotel."""
        hotels = fields["hotels"] if "hotels" in fields else self._ticked(fields)
        if hotels is None:
            return None
        known = set(self._app.hotels)
        if (
            not isinstance(hotels, list)
            or not hotels
            or not all(isinstance(one, str) and one in known for one in hotels)
        ):
            raise Refused("Choose at least one hotel, or all of them.", "hotels")
        return hotels

    def _ticked(self, fields: Mapping[str, Any]) -> list[str] | None:
        if fields.get("all_hotels"):
            return None
        return [slug for slug in self._app.hotels if fields.get(f"hotel_{slug}")]

    async def _people(self, user: User) -> list[User]:
        known = await self._app.accounts.users()
        return sorted((other for other in known if _deals_with(user, other)), key=lambda other: other.name.casefold())

    async def _data(self, user: User) -> Response:
        people = [
            {
                "name": other.name,
                "role": other.role,
                "hotels": sorted(other.hotels) if other.hotels is not None else None,
                "disabled": other.disabled,
                "created_at": rfc3339(other.created_at) if other.created_at else None,
            }
            for other in await self._people(user)
        ]
        return JSONResponse({"people": people}, headers=NO_STORE)

    async def _page(
        self,
        request: Request,
        user: User,
        *,
        saved: str = "",
        error: InnboxError | None = None,
        entered: Mapping[str, Any] | None = None,
    ) -> Response:
        texts = Texts(language_of(request))
        return self._pages.staff(
            request,
            user,
            "people.html",
            400 if error else 200,
            people=await self._people(user),
            hotels=[hotel for hotel in self._app.hotels.values() if user.may_see(hotel.slug)],
            roles=[(role, texts.named("people.role", role)) for role in ROLES],
            may_change=self._app.desk_store is not None,
            saved=saved,
            error=(texts("people.taken") if isinstance(error, Conflict) else texts.told(error)) if error else "",
            entered={**dict.fromkeys(_FIELDS, ""), **(entered or {})},
        )


def _deals_with(admin: User, other: User) -> bool:
    return admin.hotels is None or (other.hotels is not None and other.hotels <= admin.hotels)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or "\x00" in value:
        raise Refused(f"{name} is missing, or is no text.", "payload")
    return value
