"""The figures of a house: as a page with charts, as data, and for spreadsheets."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from innbox import WAIT_BOUNDS, App, Numbers, Refused, User, figures_span, numbers_of
from innbox_dashboard import charts, query
from innbox_dashboard.api import NO_STORE
from innbox_dashboard.formats import Formats
from innbox_dashboard.keeping import desk_of
from innbox_dashboard.language import Texts, language_of
from innbox_dashboard.pages import Pages
from innbox_dashboard.sheets import download, sheet

USUAL_DAYS = 28
LONGEST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: the zones of some hotels, and the days from `first` to `last`."""

    zones: Mapping[str, str]
    first: date
    last: date


class NumbersPage:
    """Answers leads, for the hotels that they may see. Days and hours are those of each hotel's own clocks."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def data(self, request: Request, user: User) -> Response:
        """`GET /get_numbers?hotel=&from=YYYY-MM-DD&to=YYYY-MM-DD`: both days included; the last 28 where left out."""
        asked = self._asked(request, user)
        numbers = await self._numbers(asked)
        told = {"from": asked.first.isoformat(), "to": asked.last.isoformat(), "hotels": sorted(asked.zones)}
        return JSONResponse({**told, **numbers.as_json()}, headers=NO_STORE)

    async def csv(self, request: Request, user: User) -> Response:
        """`GET /numbers.csv?…`: a row for each day. Who takes it away is kept in the audit log."""
        asked = self._asked(request, user)
        text = sheet((await self._numbers(asked)).as_rows())
        for hotel in asked.zones:
            await self._app.record(
                user, "export", hotel, what="numbers", first=asked.first.isoformat(), last=asked.last.isoformat()
            )
        return download(text, f"numbers-{asked.first}-{asked.last}")

    async def show(self, request: Request, user: User) -> Response:
        """`GET /numbers?…`: the page."""
        error = ""
        texts = Texts(language_of(request))
        try:
            asked = self._asked(request, user)
        except Refused as refused:
            error, asked = texts.told(refused), self._usual(user)
        numbers = await self._numbers(asked)
        today = self._today(asked.zones)
        return self._pages.staff(
            request,
            user,
            "numbers.html",
            400 if error else 200,
            error=error,
            asked=asked,
            hotel=next(iter(asked.zones)) if request.query_params.get("hotel") and not error else "",
            hotels=[hotel for hotel in self._app.hotels.values() if user.may_see(hotel.slug)],
            spans=[(days, today - timedelta(days=days - 1), today) for days in (7, 28, 91, 365)],
            numbers=numbers,
            median=numbers.total.as_json(),
            bounds=WAIT_BOUNDS,
            f=Formats(texts),
            messages=charts.stacked(
                [(day.guest_messages, day.bot_messages, day.staff_messages) for day in numbers.days.values()]
            ),
            shares=charts.grouped([(day.answered_by_bot,) for day in numbers.days.values()], top=1),
            waits=charts.grouped(list(zip(numbers.total.waits_by_bot, numbers.total.waits_by_staff, strict=True))),
            levels=charts.levels(numbers.hours),
        )

    async def _numbers(self, asked: Asked) -> Numbers:
        if not asked.zones:  # their hotels are no longer in the configuration
            return numbers_of((), {}, asked.first, asked.last)
        since, until = figures_span(asked.zones.values(), asked.first, asked.last)
        figures = await desk_of(self._app).figures(frozenset(asked.zones), since, until)
        # A year of several hotels takes a while, and the desks must not wait for it.
        return await asyncio.to_thread(numbers_of, figures, asked.zones, asked.first, asked.last)

    def _asked(self, request: Request, user: User) -> Asked:
        zones = self._zones(query.hotels(request, self._app, user))
        last = query.day(request, "to") or self._today(zones)
        first = query.day(request, "from") or last - timedelta(days=min(USUAL_DAYS - 1, (last - date.min).days))
        if not 0 <= (last - first).days < LONGEST_DAYS:
            raise Refused(f"The days are at most {LONGEST_DAYS}, the first before the last.", "days")
        if not 1970 <= first.year <= last.year <= 9000:
            raise Refused("There are no figures of those years.", "days")
        return Asked(zones, first, last)

    def _usual(self, user: User) -> Asked:
        zones = self._zones(user.hotels)
        today = self._today(zones)
        return Asked(zones, today - timedelta(days=USUAL_DAYS - 1), today)

    def _zones(self, hotels: frozenset[str] | None) -> Mapping[str, str]:
        return {slug: hotel.timezone for slug, hotel in self._app.hotels.items() if hotels is None or slug in hotels}

    def _today(self, zones: Mapping[str, str]) -> date:
        """Return the day that it is already at one of the hotels."""
        return max((datetime.now(ZoneInfo(zone)).date() for zone in zones.values()), default=date.today())
