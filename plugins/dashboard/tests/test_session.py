"""The session's cookie, and where a sign-in may lead."""

from collections.abc import Callable
from typing import Any

import pytest

from innbox_dashboard.session import HOME, local_path


@pytest.mark.parametrize("path", ["/dashboard?conversation=1", "/settings", "/settings?saved=miramar", "/media/x/0"])
def test_a_path_on_this_site_is_gone_to(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "elsewhere",
    [
        None,
        7,
        "",
        "dashboard",
        "https://evil.example/",
        "HTTPS://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\x00/evil",
        " //evil.example",
        "javascript:alert(1)",
        "/login",
        "/login?next=//evil.example",
        "/logout",
        "/",
        "/" + "a" * 3000,
    ],
)
def test_a_path_that_could_lead_elsewhere_leads_home(elsewhere: Any) -> None:
    assert local_path(elsewhere) == HOME


async def test_over_https_the_cookie_belongs_to_this_host_alone(make_house: Callable[..., Any]) -> None:
    house = make_house(public_url="https://desk.test")
    async with house.client() as client:
        answer = await client.post("/login", data={"username": "ana", "password": "correct horse"})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-innbox_session=")
        for part in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
            assert part in cookie
        assert "Domain" not in cookie
        assert (await client.get("/get_conversations")).status_code == 200


async def test_a_plain_cookie_is_not_taken_over_https(make_house: Callable[..., Any]) -> None:
    house = make_house(public_url="https://desk.test")
    async with house.client("ana") as client:
        assert (await client.get("/get_conversations")).status_code == 401


async def test_the_settings_decide_where_they_say_so(make_house: Callable[..., Any]) -> None:
    house = make_house(public_url="https://desk.test", cookie_secure=False)
    async with house.client("ana") as client:
        assert (await client.get("/get_conversations")).status_code == 200


@pytest.mark.parametrize("path", ["/get_conversations", "/get_messages?conversation_id=x", "/media/x/0"])
async def test_data_without_a_session_is_401_as_json(house: Any, path: str) -> None:
    async with house.client() as client:
        for cookie in (None, "made-up", "\x7f'; --"):
            if cookie:
                client.cookies.set("innbox_session", cookie)
            answer = await client.get(path)
            assert answer.status_code == 401
            assert answer.json() == {"error": "Please sign in."}


async def test_a_page_without_a_session_leads_to_the_sign_in_and_back(house: Any) -> None:
    async with house.client() as client:
        assert (await client.get("/dashboard")).headers["location"] == "/login"
        answer = await client.get("/settings?saved=a&b=//c")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/login?next=/settings%3Fsaved%3Da%26b%3D//c"
        assert (await client.post("/settings")).headers["location"] == "/login"


async def test_settings_as_data_without_a_session_are_401(house: Any) -> None:
    async with house.client() as client:
        answer = await client.get("/settings", headers={"Accept": "application/json"})
        assert answer.status_code == 401
