"""What the web chat serves over HTTP."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from innbox import PluginError


async def get(house: Any, path: str) -> httpx.Response:
    async with house.serving(), httpx.AsyncClient(base_url=house.url) as http:
        return await http.get(path)


async def test_the_page_names_its_hotel_and_runs_nothing_inline(house: Any) -> None:
    answer = await get(house, "/chat/miramar")

    assert answer.status_code == 200
    assert 'data-name="Hotel Miramar"' in answer.text
    assert 'data-max-chars="2000"' in answer.text
    assert "<script>" not in answer.text
    assert " style=" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert policy.endswith("frame-ancestors 'self'")


async def test_a_hotels_name_is_never_markup(house: Any) -> None:
    answer = await get(house, "/chat/odd")

    assert "Odd &quot;&amp;&#x27; &lt;b&gt;`${Inn}`" in answer.text
    assert "<b>" not in answer.text


async def test_only_the_sites_of_the_settings_may_frame_it(make_house: Any) -> None:
    answer = await get(make_house(allowed_origins=["https://www.example.com"]), "/chat/miramar")

    policy = answer.headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://www.example.com")


@pytest.mark.parametrize("path", ["/chat/nowhere", "/chat/nowhere/embed.js", "/chat/MIRAMAR", "/chat/%20"])
async def test_an_unknown_hotel_is_not_found(house: Any, path: str) -> None:
    assert (await get(house, path)).status_code == 404


async def test_the_bubbles_script_carries_the_name_harmlessly(house: Any) -> None:
    answer = await get(house, "/chat/odd/embed.js")

    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.text == f'start(decodeURIComponent("{quote(house.hotels["odd"].name, safe="")}"))'


async def test_versioned_files_are_kept_for_good_and_others_are_asked_for(house: Any) -> None:
    async with house.serving(), httpx.AsyncClient(base_url=house.url) as http:
        page = (await http.get("/chat/miramar")).text
        address = page.partition('src="')[2].partition('"')[0]
        versioned, plain = await asyncio.gather(http.get(address), http.get("/chat-static/build/chat.js"))
        again = await http.get("/chat-static/build/chat.js", headers={"if-none-match": plain.headers["etag"]})

    assert address.startswith("/chat-static/build/chat.js?v=")
    assert "immutable" in versioned.headers["cache-control"]
    assert plain.headers["cache-control"] == "no-cache"
    assert again.status_code == 304


async def test_nothing_outside_the_static_folder_is_served(house: Any, built: Path) -> None:
    (built.parent / "secret.txt").write_text("secret")

    answer = await get(house, "/chat-static/..%2fsecret.txt")

    assert answer.status_code == 404


def test_without_the_built_page_the_error_says_what_to_run(make_house: Any, tmp_path: Path) -> None:
    house = make_house(static=tmp_path / "empty")

    with pytest.raises(PluginError, match="webchat: the chat page is not built; run `make pages`"):
        house.plugin.register_routes(house.app)
