"""Signing in and out."""

from datetime import timedelta
from typing import Any

import pytest

RIGHT = {"username": "ana", "password": "correct horse"}


async def test_the_front_door_leads_to_the_desk_or_to_the_sign_in(house: Any) -> None:
    async with house.client() as client, house.client("ana") as staff:
        for browser, target in ((client, "/login"), (staff, "/dashboard")):
            answer = await browser.get("/")
            assert (answer.status_code, answer.headers["location"]) == (303, target)


async def test_the_right_password_opens_a_session(house: Any) -> None:
    async with house.client() as client:
        answer = await client.post("/login", data=RIGHT)
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert "Max-Age=43200" in answer.headers["set-cookie"]
        assert "Secure" not in answer.headers["set-cookie"]
        assert house.app.accounts.life == timedelta(hours=12)
        assert (await client.get("/dashboard")).status_code == 200


async def test_a_sign_in_leads_to_where_one_wanted_to_go_on_this_site(house: Any) -> None:
    async with house.client() as client:
        page = await client.get("/login?next=/settings")
        assert '<input type="hidden" name="next" value="/settings">' in page.text
        assert (await client.post("/login", data={**RIGHT, "next": "/settings"})).headers["location"] == "/settings"
        for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example"):
            client.cookies.clear()
            assert "evil" not in (await client.get("/login", params={"next": elsewhere})).text
            answer = await client.post("/login", data={**RIGHT, "next": elsewhere})
            assert answer.headers["location"] == "/dashboard"
        answer = await client.get("/login?next=//evil.example")  # signed in by now
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")


async def test_a_planted_token_does_not_become_a_session(house: Any) -> None:
    planted = "attacker-knows-this"
    async with house.client() as client:
        answer = await client.post("/login", data=RIGHT, headers={"Cookie": f"innbox_session={planted}"})
        assert planted not in answer.headers["set-cookie"]
        assert planted not in house.app.accounts.sessions


async def test_a_new_sign_in_ends_the_old_session(house: Any) -> None:
    async with house.client() as client:
        await client.post("/login", data=RIGHT)
        first = set(house.app.accounts.sessions)
        await client.post("/login", data=RIGHT)
        assert first.isdisjoint(house.app.accounts.sessions)
        assert len(house.app.accounts.sessions) == 1


@pytest.mark.parametrize(
    "form",
    [
        {"username": "ana", "password": "wrong"},
        {"username": "nobody", "password": "wrong"},
        {"username": "", "password": ""},
        {"username": "ana"},
        {},
    ],
)
async def test_a_wrong_password_and_an_unknown_name_get_the_same_page(house: Any, form: dict[str, str]) -> None:
    async with house.client() as client:
        answer = await client.post("/login", data=form)
        assert answer.status_code == 401
        assert "Name or password is wrong." in answer.text
        assert "set-cookie" not in answer.headers


async def test_too_many_guesses_are_told_when_to_come_back(house: Any) -> None:
    async with house.client() as client:
        answer = await client.post("/login", data={"username": "guessed", "password": "wrong"})
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "600"
        assert "Too many wrong passwords" in answer.text


async def test_a_huge_password_is_refused(house: Any) -> None:
    async with house.client() as client:
        assert (await client.post("/login", data={**RIGHT, "password": "x" * 50_000})).status_code == 400


async def test_a_file_in_place_of_a_name_is_refused(house: Any) -> None:
    async with house.client() as client:
        answer = await client.post("/login", data={"password": "x"}, files={"username": ("a.txt", b"ana")})
        assert answer.status_code == 400


async def test_a_broken_form_is_refused(house: Any) -> None:
    async with house.client() as client:
        answer = await client.post("/login", content=b"x", headers={"Content-Type": "multipart/form-data"})
        assert answer.status_code == 400


async def test_a_name_is_shown_again_as_text_and_no_more(house: Any) -> None:
    async with house.client() as client:
        answer = await client.post("/login", data={"username": '"><script>alert(1)</script>', "password": "wrong"})
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;" in answer.text


async def test_nobody_signs_in_while_the_store_is_away(house: Any) -> None:
    house.store.away = True
    async with house.client() as client:
        answer = await client.post("/login", data=RIGHT)
        assert answer.status_code == 503
        assert "in a moment" in answer.text


async def test_signing_out_ends_the_session_and_removes_the_cookie(house: Any) -> None:
    async with house.client("ana") as client:
        answer = await client.post("/logout")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert 'innbox_session=""' in answer.headers["set-cookie"]
        assert house.app.accounts.sessions == {}
        assert (await client.post("/logout")).status_code == 303


async def test_signing_out_takes_more_than_a_link(house: Any) -> None:
    async with house.client("ana") as client:
        assert (await client.get("/logout")).status_code == 405
