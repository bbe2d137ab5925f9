"""The audit log."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from innbox import AuditEntry
from innbox_dashboard.audit_page import PAGE

AT = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
AS_JSON = {"Accept": "application/json"}


def note(house: Any, user: str, action: str, hotel: str | None = None, **detail: Any) -> AuditEntry:
    number = len(house.desk_store.entries)
    entry = AuditEntry(f"{number:05}", AT, user, action, hotel, house.miramar if hotel else None, detail)
    house.desk_store.entries.append(entry)
    return entry


async def test_who_did_what_on_the_hotels_clocks(house: Any) -> None:
    note(house, "ana", "take_over", "miramar")
    note(house, "root", "settings", "miramar", changed=["bot", "on_call"])
    note(house, "root", "unheard_of", "miramar", out=True)
    async with house.client("lea") as client:
        page = (await client.get("/audit")).text
    assert "2026-07-01 13:00:00" in page
    assert "times of Europe/Lisbon" in page
    assert f'<a href="/dashboard#{house.miramar}">Took over</a>' in page
    assert "changed: bot, on_call" in page
    assert "unheard_of" in page
    assert "out: true" in page


async def test_a_lead_sees_their_hotels_and_an_admin_of_all_sees_all(house: Any) -> None:
    note(house, "ana", "take_over", "miramar")
    note(house, "bo", "take_over", "solmar")
    note(house, "bo", "sign_in", address="192.0.2.1")
    async with house.client("lea") as lead, house.client("root") as root:
        seen = (await lead.get("/audit", headers=AS_JSON)).json()["entries"]
        assert [entry["user"] for entry in seen] == ["ana"]
        everything = (await root.get("/audit", headers=AS_JSON)).json()["entries"]
        assert [entry["action"] for entry in everything] == ["sign_in", "take_over", "take_over"]
        one = (await root.get("/audit?hotel=solmar&user=bo", headers=AS_JSON)).json()["entries"]
        assert [entry["hotel"] for entry in one] == ["solmar"]
        assert (await lead.get("/audit?hotel=solmar")).status_code == 404


async def test_older_entries_are_a_link_away(house: Any) -> None:
    for number in range(PAGE + 3):
        note(house, "ana", "resolve", "miramar", number=number)
    async with house.client("lea") as client:
        first = (await client.get("/audit", headers=AS_JSON)).json()
        assert len(first["entries"]) == PAGE
        second = (await client.get("/audit", params={"before": first["next_before"]}, headers=AS_JSON)).json()
        assert [entry["detail"]["number"] for entry in second["entries"]] == [2, 1, 0]
        assert second["next_before"] is None
        assert f"before={first['next_before']}" in (await client.get("/audit?user=ana")).text


async def test_as_csv_which_is_itself_kept(house: Any) -> None:
    for number in range(PAGE + 3):
        note(house, "=cmd", "resolve", "miramar", number=number)
    async with house.client("lea") as client:
        answer = await client.get("/audit.csv?hotel=miramar")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    head, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head == ["time", "user", "action", "hotel", "conversation", "detail"]
    assert len(rows) == PAGE + 3
    assert rows[-1][1:] == ["'=cmd", "resolve", "miramar", house.miramar, '{"number": 0}']
    assert house.recorded == [("lea", "export", "miramar", {"what": "audit"})]


@pytest.mark.parametrize("path", ["/audit", "/audit.csv"])
async def test_agents_see_none_of_it(house: Any, path: str) -> None:
    note(house, "ana", "take_over", "miramar")
    async with house.client("ana") as client:
        answer = await client.get(path)
        assert (answer.status_code, house.miramar in answer.text) == (403, False)
    async with house.client() as nobody:
        assert (await nobody.get(path)).status_code == 303
        assert (await nobody.get(path, headers=AS_JSON)).status_code == 401
    assert house.recorded == []


async def test_details_are_texts_and_no_more(house: Any) -> None:
    note(house, "<img src=x>", "<img src=x>", "miramar", **{"<img src=x>": "<img src=x>"})
    async with house.client("root") as client:
        page = (await client.get("/audit", params={"user": "<img src=x>"})).text
    assert "<img" not in page
    assert page.count("&lt;img src=x&gt;") == 5


async def test_a_store_that_keeps_no_log_is_said_so(make_house: Callable[..., Any]) -> None:
    async with make_house(keeps_desk=False).client("root") as client:
        assert (await client.get("/audit")).status_code == 400
        assert "/audit" not in (await client.get("/settings")).text
