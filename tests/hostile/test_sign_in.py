"""The way in for staff: guesses, sessions, foreign pages, and addresses that would lead elsewhere."""

import asyncio
import time
from collections import Counter
from statistics import median
from typing import Any

import httpx
import pytest
import pytest_asyncio
from argon2 import PasswordHasher

from innbox.testing.running import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

COOKIE = "innbox_session"


@pytest_asyncio.fixture(loop_scope="module")
async def browser(house: Any) -> Any:
    """A browser that nobody is signed in with, at an address of its own."""
    address = f"198.51.100.{len(house.visitors) + 1}"
    house.visitors[address] = httpx.AsyncClient(base_url=house.url, timeout=30, headers={"X-Forwarded-For": address})
    return house.visitors[address]


async def sign_in(browser: httpx.AsyncClient, name: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
    return await browser.post("/login", data={"username": name, "password": password}, **more)


async def guess(browser: httpx.AsyncClient, names: list[str], at_once: int) -> Counter[int]:
    """Guess once for each name, and count the answers."""
    turns = asyncio.Semaphore(at_once)

    async def one(name: str) -> int:
        async with turns:
            answer = await sign_in(browser, name, "a wrong password")
            if answer.status_code == 429:
                assert 0 < int(answer.headers["retry-after"]) <= 900
            return answer.status_code

    return Counter(await asyncio.gather(*(one(name) for name in names)))


@pytest.mark.parametrize(
    ("guesses", "at_once"), [(100, 1), (1000, 50)], ids=["a hundred one by one", "a thousand at once"]
)
async def test_guesses_at_one_account(house: Any, browser: httpx.AsyncClient, guesses: int, at_once: int) -> None:
    name = f"rui{at_once}"
    await house.running.add_user(name, "agent", ["miramar"])

    answers = await guess(browser, [name] * guesses, at_once)

    assert answers == {401: 20, 429: guesses - 20}
    assert (await sign_in(browser, name)).status_code == 429
    elsewhere = {"X-Forwarded-For": "203.0.113.77"}
    assert (await sign_in(browser, name, headers=elsewhere)).status_code == 303


async def test_guesses_from_one_address(house: Any, browser: httpx.AsyncClient) -> None:
    answers = await guess(browser, [f"guest-{number % 100}" for number in range(300)], at_once=20)

    assert answers == {401: 60, 429: 240}
    assert (await sign_in(browser, "bo")).status_code == 429
    assert (await sign_in(browser, "bo", headers={"X-Forwarded-For": "203.0.113.78"})).status_code == 303


async def test_an_address_of_ipv6_is_its_whole_network(house: Any) -> None:
    statuses = Counter[int]()
    async with httpx.AsyncClient(base_url=house.url, timeout=30) as browser:
        for number in range(70):
            headers = {"X-Forwarded-For": f"2001:db8:1:2::{number:x}"}
            statuses[(await sign_in(browser, f"guest-{number}", "a wrong password", headers=headers)).status_code] += 1

    assert statuses == {401: 60, 429: 10}


async def test_an_unknown_name_is_told_like_a_wrong_password(house: Any, browser: httpx.AsyncClient) -> None:
    real, cheap = PasswordHasher(time_cost=2, memory_cost=32 * 1024), house.app.accounts._hasher
    house.app.accounts._hasher, house.app.accounts._nobody = real, None
    try:
        await house.running.add_user("slow", "agent", ["miramar"])
        texts: dict[str, set[str]] = {"slow": set(), "nobody": set()}
        seconds: dict[str, list[float]] = {"slow": [], "nobody": []}
        await sign_in(browser, "somebody", "a wrong password")
        for _ in range(5):
            for name in texts:
                started = time.perf_counter()
                answer = await sign_in(browser, name, "a wrong password")
                seconds[name].append(time.perf_counter() - started)
                assert answer.status_code == 401
                texts[name].add(answer.text.replace(name, "NAME"))
    finally:
        house.app.accounts._hasher, house.app.accounts._nobody = cheap, None

    assert texts["slow"] == texts["nobody"]
    known, unknown = median(seconds["slow"]), median(seconds["nobody"])
    assert 1 / 3 < unknown / known < 3, (known, unknown)


async def test_a_password_of_a_megabyte(house: Any, browser: httpx.AsyncClient) -> None:
    for size in (1_000_000, 20_000):
        assert (await sign_in(browser, "ana", "x" * size)).status_code == 400
    assert (await sign_in(browser, "a" * 20_000)).status_code == 400


async def test_a_planted_session_is_never_adopted(house: Any, browser: httpx.AsyncClient) -> None:
    answer = await sign_in(browser, "bo", headers={"Cookie": f"{COOKIE}=planted"})
    assert answer.status_code == 303
    assert browser.cookies[COOKIE] != "planted"

    async with httpx.AsyncClient(base_url=house.url, cookies={COOKIE: "planted"}) as attacker:
        assert (await attacker.get("/get_conversations")).status_code == 401


async def test_a_second_sign_in_ends_the_first_session(house: Any, browser: httpx.AsyncClient) -> None:
    await sign_in(browser, "eve")
    before = browser.cookies[COOKIE]
    await sign_in(browser, "bo")
    assert browser.cookies[COOKIE] != before

    async with httpx.AsyncClient(base_url=house.url, cookies={COOKIE: before}) as attacker:
        assert (await attacker.get("/get_conversations")).status_code == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_foreign_pages(house: Any, browser: httpx.AsyncClient) -> None:
    cookie = (await sign_in(browser, "bo")).headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "domain=" not in cookie


async def test_a_signed_out_session_is_gone(house: Any, browser: httpx.AsyncClient) -> None:
    await sign_in(browser, "bo")
    kept = browser.cookies[COOKIE]
    await browser.post("/logout")

    async with httpx.AsyncClient(base_url=house.url, cookies={COOKIE: kept}) as attacker:
        assert (await attacker.get("/get_conversations")).status_code == 401


async def test_a_disabled_user_is_out_within_five_seconds(house: Any, connect: Any) -> None:
    await house.running.add_user("leaver", "agent", ["miramar"])
    client = await connect(as_user="leaver")
    started = time.monotonic()

    await house.app.accounts.disable("leaver")

    while client.connected:
        assert time.monotonic() - started < 5
        await asyncio.sleep(0.02)
    assert (await (await house.visitor("leaver")).get("/get_conversations")).status_code == 401


FOREIGN = {
    "origin": {"Origin": "https://evil.example"},
    "opaque origin": {"Origin": "null"},
    "origin that is none": {"Origin": "http://["},
    "look-alike origin": {"Origin": "http://127.0.0.1.evil.example"},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("path", ["/login", "/logout", "/settings"])
async def test_a_cross_site_post(house: Any, name: str, path: str) -> None:
    desk = await house.visitor("ana")

    answer = await desk.post(path, data={"bot_miramar": "off"}, headers=FOREIGN[name])

    assert answer.status_code == 403
    assert (await desk.get("/get_conversations")).status_code == 200


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example\r\nLocation: https://evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    " //evil.example",
    "evil.example",
    "/logout",
    "/" + "x" * 5000,
]


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_an_open_redirect(house: Any, browser: httpx.AsyncClient, target: str) -> None:
    answer = await browser.post("/login", data={"username": "bo", "password": PASSWORD, "next": target})
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")

    again = await browser.get("/login", params={"next": target})
    assert (again.status_code, again.headers["location"]) == (303, "/dashboard")


async def test_a_page_of_our_own_is_found_again(house: Any, browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/login", data={"username": "ana", "password": PASSWORD, "next": "/settings?saved=x"})

    assert answer.headers["location"] == "/settings?saved=x"
