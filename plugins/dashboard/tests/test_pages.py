"""The pages, their headers, and a desk that nobody has built."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from innbox import PluginError
from innbox_dashboard import Dashboard
from innbox_dashboard.config import DashboardSettings


async def test_the_desk_says_who_sits_at_it(house: Any) -> None:
    async with house.client("ana") as client:
        page = await client.get("/dashboard")
        assert page.status_code == 200
        assert _attributes(page.text) == {
            "user": "ana",
            "role": "agent",
            "hotels": [
                {"slug": "miramar", "name": "Hotel Miramar", "timezone": "Europe/Lisbon", "languages": ["pt", "en"]}
            ],
            "title": "Innbox",
            "language": "en",
            "keeps-desk": True,
            "can": {"translate": False, "templates": False},
        }


async def test_the_desk_says_what_can_be_done_here(make_house: Callable[..., Any]) -> None:
    house = make_house(keeps_desk=False)
    house.app.translators = ["a translator"]
    house.app.channels = {"offering": SimpleNamespace(templates=list)}
    async with house.client("ana") as client:
        told = _attributes((await client.get("/dashboard")).text)
        assert told["keeps-desk"] is False
        assert told["can"] == {"translate": True, "templates": True}


async def test_an_admin_has_every_hotel_whatever_its_name_is_made_of(house: Any) -> None:
    async with house.client("root") as client:
        hotels = _attributes((await client.get("/dashboard")).text)["hotels"]
        assert (hotels[1]["slug"], hotels[1]["name"]) == ("solmar", 'Sol & "Mar"')


async def test_the_title_is_the_hotels_own(make_house: Callable[..., Any]) -> None:
    house = make_house(title="Front <desk>")
    async with house.client() as client:
        assert "<h1>Front &lt;desk&gt;</h1>" in (await client.get("/login")).text


@pytest.mark.parametrize("path", ["/login", "/dashboard", "/settings"])
async def test_pages_run_no_script_of_theirs_and_are_kept_by_nobody(house: Any, path: str) -> None:
    async with house.client(None if path == "/login" else "root") as client:
        page = await client.get(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page.text)
        assert "/dashboard/static/build/desk.css?v=" in page.text


async def test_a_form_names_what_it_asks_for(house: Any) -> None:
    async with house.client() as client:
        page = (await client.get("/login")).text
        assert '<label for="username">Name</label>' in page
        assert '<label for="password">Password</label>' in page
        assert ">Sign in</button>" in page


def test_a_desk_that_is_not_built_says_what_to_run(tmp_path: Path) -> None:
    dashboard = Dashboard("dashboard", DashboardSettings(static_dir=tmp_path))
    app: Any = None
    with pytest.raises(PluginError, match=r"^dashboard: the desk's page is not built; run `make pages`$"):
        dashboard.register_routes(app)


def _attributes(page: str) -> dict[str, Any]:
    found = {name: html.unescape(value) for name, value in re.findall(r'data-([\w-]+)="([^"]*)"', page)}
    return {**found, **{name: json.loads(found[name]) for name in ("hotels", "keeps-desk", "can")}}


async def test_pages_have_the_colours_that_were_chosen_at_the_desk(house: Any) -> None:
    async with house.client() as client:
        for chosen, expected in (("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ('x"><b>', "")):
            client.cookies.set("innbox_theme", chosen)
            page = (await client.get("/login")).text
            assert f'<html lang="en"{expected}>' in page
            client.cookies.clear()
