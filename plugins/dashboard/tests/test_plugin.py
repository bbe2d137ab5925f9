"""The dashboard as a plugin."""

import asyncio
from typing import Any

import pytest

from innbox_dashboard import Dashboard
from innbox_dashboard.config import DashboardSettings


def test_it_answers_every_route_of_the_desk(house: Any) -> None:
    paths = {route.path for route in house.starlette.routes}
    assert paths == {
        "/",
        "/login",
        "/logout",
        "/dashboard",
        "/get_conversations",
        "/get_messages",
        "/export_messages",
        *("/language", "/canned", "/canned/{id}", "/send_files", "/get_actions", "/actions/{name}"),
        *("/get_view", "/get_counts", "/get_labels", "/get_people", "/get_canned"),
        *("/get_guest", "/get_turn", "/get_scheduled", "/get_templates"),
        *("/numbers", "/get_numbers", "/numbers.csv", "/audit", "/audit.csv", "/people"),
        "/settings",
        "/media/{message_id}/{position:int}",
        "/dashboard/static",
    }


async def test_an_event_goes_to_its_hotel(house: Any) -> None:
    said = []

    async def emit(name: str, data: Any, *, room: str) -> None:
        said.append((name, data, room))

    house.app.emit = emit
    event = await house.tell()
    assert said == [("new_message", {**event.data, "event": event.number}, "hotel:solmar")]


async def test_in_a_worker_there_is_nothing_to_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("innbox_dashboard.plugin.CHECK_SECONDS", 0.01)
    async with Dashboard("dashboard", DashboardSettings()).lifespan():
        await asyncio.sleep(0.05)


async def test_a_failing_watch_goes_on(quick_watch: None, running: Any) -> None:
    desk = await running.desk("ana")
    accounts = running.house.app.accounts
    healthy = accounts.user_of

    async def broken(token: str | None) -> None:
        raise RuntimeError("broken")

    accounts.user_of = broken
    await asyncio.sleep(0.5)
    assert desk.client.connected
    accounts.user_of = healthy
    accounts.sessions.clear()
    await desk.until(lambda: not desk.client.connected, 3)
