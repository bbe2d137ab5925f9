"""What the inbox shows beside its plain list: saved views, their counts, labels, and who is there."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from innbox import App, Refused, User, View, ViewQuery
from innbox_dashboard import query
from innbox_dashboard.api import NO_STORE
from innbox_dashboard.keeping import desk_of
from innbox_dashboard.presence import online


class Views:
    """Answers with JSON, and with nothing that the asker may not see."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def view(self, request: Request, user: User) -> Response:
        """`GET /get_view?view=&hotel=&label=&cursor=&limit=`: a page of a saved view."""
        view = query.choice(request, "view", View)
        if view is None:
            raise Refused("view is missing.")
        asked = ViewQuery(
            view,
            user.name,
            query.hotels(request, self._app, user),
            label=query.text(request, "label"),
            cursor=query.text(request, "cursor"),
            limit=query.number(request, "limit", 50, 1, query.MOST_AT_ONCE),
        )
        page = await desk_of(self._app).view(asked)
        return JSONResponse(
            {
                "conversations": [conversation.as_json() for conversation in page.conversations],
                "next_cursor": page.next_cursor,
                "last_event": page.last_event,
            },
            headers=NO_STORE,
        )

    async def counts(self, request: Request, user: User) -> Response:
        """`GET /get_counts?hotel=`: how many conversations wait in each view; 1000 means that or more."""
        hotels = query.hotels(request, self._app, user)
        return JSONResponse(dict(await desk_of(self._app).view_counts(user.name, hotels)), headers=NO_STORE)

    async def labels(self, request: Request, user: User) -> Response:
        """`GET /get_labels?hotel=`: the labels in use."""
        hotels = query.hotels(request, self._app, user)
        return JSONResponse({"labels": list(await desk_of(self._app).labels(hotels))}, headers=NO_STORE)

    async def people(self, request: Request, user: User) -> Response:
        """`GET /get_people?hotel=`: the colleagues who may see a hotel, and whether they are at the desk."""
        hotel = query.needed(request, "hotel")
        query.hotels(request, self._app, user)
        here = await online(self._app.cache, hotel)
        people = [
            {"name": other.name, "online": other.name in here}
            for other in await self._app.accounts.users()
            if not other.disabled and other.may_see(hotel)
        ]
        return JSONResponse({"people": sorted(people, key=lambda one: str(one["name"]))}, headers=NO_STORE)
