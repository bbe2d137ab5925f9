"""Query strings of any bytes at the desk's JSON routes and pages: an answer in words, never a 500."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_from_bytes

from hypothesis import strategies as st

ROUTES = (
    *("/get_conversations", "/get_messages", "/settings", "/login", "/chat/test", "/readyz"),
    *("/get_view", "/get_counts", "/get_labels", "/get_people", "/get_guest", "/get_turn", "/get_scheduled"),
    *("/get_templates", "/get_canned", "/get_numbers", "/numbers", "/audit", "/people", "/canned"),
)
NAMES = (
    *("hotel", "status", "handled_by", "q", "cursor", "limit", "conversation_id", "before", "next", "lang"),
    *("view", "label", "turn_id", "from", "to", "user", "saved"),
)
WORDS = (
    "test",
    "open",
    "bot",
    "mine",
    "2026-03-29",
    "9999-12-31",
    "0001-01-01",
    "018f0000-0000-7000-8000-000000000000",
    "1700000000000000.018f0000-0000-7000-8000-000000000000",
    "2026-01-01T00:00:00+00:00~018f0000-0000-7000-8000-000000000000",
    "0001-01-01T00:00:00+14:00~018f0000-0000-7000-8000-000000000000",
    "9999-12-31T23:59:59-14:00~018f0000-0000-7000-8000-000000000000",
    "4294967296",
    "999999999999999",
    '"',
    "NEAR(a b)",
    "%",
    "\\",
    "a:b",
    "'",
    "!&|()",
    "*",
)

texts = st.one_of(
    st.sampled_from(WORDS),
    st.integers().map(str),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
quoted = st.one_of(texts.map(quote), st.binary(max_size=30).map(quote_from_bytes))
parameters = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), quoted), quoted), max_size=5)


def test_queries(house: Any, fuzz: Callable[..., None]) -> None:
    async def get(given: tuple[str, list[tuple[str, str]]]) -> None:
        route, pairs = given
        url = route + ("" if "?" in route else "?") + "&".join(f"{name}={value}" for name, value in pairs)
        answer = await house.running.http.get(url)
        assert answer.status_code in (200, 303, 400, 404), f"{url}: {answer.status_code} {answer.text}"
        if route.startswith("/get_"):
            assert isinstance(answer.json(), dict)

    known = tuple(
        (route, [(name, quote(word))])
        for route, name in (
            ("/get_conversations", "cursor"),
            ("/get_conversations", "q"),
            ("/get_messages", "before"),
            ("/get_messages", "conversation_id"),
            ("/get_view?view=waiting&", "cursor"),
            ("/get_view?view=all&", "cursor"),
            ("/get_numbers", "from"),
            ("/get_numbers", "to"),
            ("/numbers", "to"),
            ("/audit", "before"),
        )
        for word in WORDS
    )
    fuzz(lambda given: house.run(get(given)), st.tuples(st.sampled_from(ROUTES), parameters), examples=150, known=known)


def test_paths(house: Any, fuzz: Callable[..., None]) -> None:
    async def get(given: tuple[str, str]) -> None:
        before, rest = given
        answer = await house.running.http.get(before + rest)
        assert answer.status_code in (200, 303, 307, 400, 404, 405), (
            f"{before + rest}: {answer.status_code} {answer.text}"
        )

    places = st.sampled_from(("/", "/chat/", "/media/", "/media/x/", "/static/", "/dashboard/", "/socket.io/"))
    fuzz(lambda given: house.run(get(given)), st.tuples(places, quoted), examples=60)
