"""The audit log: who did what, as a page and for spreadsheets."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from innbox import App, AuditEntry, User, rfc3339
from innbox_dashboard import query
from innbox_dashboard.api import NO_STORE
from innbox_dashboard.formats import Formats
from innbox_dashboard.keeping import desk_of
from innbox_dashboard.language import Texts, language_of
from innbox_dashboard.pages import Pages
from innbox_dashboard.session import wants_json
from innbox_dashboard.sheets import download, sheet

PAGE = 100
MOST_ROWS = 10_000  # of one file; `before` leads to those below
COLUMNS = ("time", "user", "action", "hotel", "conversation", "detail")


class AuditPage:
    """Answers leads, for the hotels that they may see; what is about no hotel is for those who may see every one."""

    def __init__(self, app: App, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def show(self, request: Request, user: User) -> Response:
        """`GET /audit?hotel=&user=&before=`: the newest entries below the id `before`, as a page; as data with
        `Accept: application/json`: `{entries, next_before}`."""
        hotels = query.hotels(request, self._app, user)
        who = query.text(request, "user")
        entries = await desk_of(self._app).audit_log(hotels, query.text(request, "before"), PAGE + 1, who)
        shown, more = entries[:PAGE], len(entries) > PAGE
        next_before = shown[-1].id if more else None
        if wants_json(request):
            told = {"entries": [entry.as_json() for entry in shown], "next_before": next_before}
            return JSONResponse(told, headers=NO_STORE)
        texts = Texts(language_of(request))
        mine = [hotel for hotel in self._app.hotels.values() if user.may_see(hotel.slug)]
        hotel = query.text(request, "hotel")
        return self._pages.staff(
            request,
            user,
            "audit.html",
            rows=[(entry, *self._said(entry, texts)) for entry in shown],
            hotels=mine,
            names={one.slug: one.name for one in mine},
            hotel=hotel or "",
            who=who or "",
            zone=self._app.hotels[hotel].timezone if hotel else mine[0].timezone if mine else "UTC",
            next_before=next_before,
            is_newest="before" not in request.query_params,
            f=Formats(texts),
        )

    async def csv(self, request: Request, user: User) -> Response:
        """`GET /audit.csv?…`: at most `MOST_ROWS` entries. Who takes them away is kept in the log itself."""
        hotels = query.hotels(request, self._app, user)
        who, before = query.text(request, "user"), query.text(request, "before")
        entries = [entry async for entry in self._all(hotels, who, before)]
        await self._app.record(user, "export", query.text(request, "hotel"), what="audit")
        return download(sheet(_rows(entries)), "audit")

    async def _all(
        self, hotels: frozenset[str] | None, who: str | None, before: str | None
    ) -> AsyncIterator[AuditEntry]:
        for _ in range(MOST_ROWS // PAGE):
            entries = await desk_of(self._app).audit_log(hotels, before, PAGE, who)
            for entry in entries:
                yield entry
            if len(entries) < PAGE:
                return
            before = entries[-1].id

    def _said(self, entry: AuditEntry, texts: Texts) -> tuple[str, Sequence[tuple[str, str]]]:
        """Return what was done in words, and its details."""
        return texts.named("audit.did", entry.action), [(name, _plain(value)) for name, value in entry.detail.items()]


def _rows(entries: Sequence[AuditEntry]) -> Iterator[Sequence[str]]:
    yield COLUMNS
    for entry in entries:
        detail = json.dumps(dict(entry.detail), ensure_ascii=False) if entry.detail else ""
        yield (
            rfc3339(entry.at),
            entry.user,
            entry.action,
            entry.hotel or "",
            entry.conversation_id or "",
            detail,
        )


def _plain(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
