"""The language of a page."""

import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from starlette.requests import Request

import innbox_dashboard
from innbox import Conflict, Refused, StoreUnavailable
from innbox_dashboard.language import LANGUAGES, Texts, language_of, sentences

FOLDER = Path(innbox_dashboard.__file__).parent
# Sentences whose names are put together where they are used.
BUILT = re.compile(r"(refused|audit\.did|people\.role|settings\.mode|weekdays)\.\w+")


def asked(accept: str = "", cookie: str = "") -> Request:
    headers = [(b"accept-language", accept.encode("latin-1")), (b"cookie", cookie.encode())]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("", "en"),
        ("pt", "pt"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("nl, de;q=0.7, fr;q=0.9", "fr"),
        ("xx;q=1, DE-at", "de"),
        ("de;q=0, es;q=0.1", "es"),
        ("*", "en"),
        (";;;,,,q=,=;q=9", "en"),
        ("de;q=1e999", "de"),
        ("é" * 2000, "en"),
    ],
)
def test_the_browsers_first_language_that_we_have(accept: str, language: str) -> None:
    assert language_of(asked(accept)) == language


def test_a_choice_comes_before_the_browser() -> None:
    assert language_of(asked("pt", "innbox_language=de")) == "de"
    assert language_of(asked("pt", "innbox_language=tlh")) == "pt"


async def test_a_choice_is_kept_and_leads_back(house: Any) -> None:
    async with house.client("root") as client:
        answer = await client.post("/language", data={"language": "fr", "next": "/settings?saved=miramar"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings?saved=miramar")
        page = (await client.get("/settings")).text
        assert '<html lang="fr">' in page
        assert "<h1>Réglages</h1>" in page


@pytest.mark.parametrize("form", [{}, {"language": "tlh"}, {"language": "../en"}, {"language": ""}])
async def test_a_language_that_we_lack_is_refused(house: Any, form: dict[str, str]) -> None:
    async with house.client() as client:
        answer = await client.post("/language", data=form)
        assert answer.status_code == 400
        assert "set-cookie" not in answer.headers


async def test_a_choice_leads_nowhere_else(house: Any) -> None:
    async with house.client() as client:
        answer = await client.post("/language", data={"language": "de", "next": "//evil.example"})
        assert answer.headers["location"] == "/dashboard"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything(language: str) -> None:
    english, here = sentences("en"), sentences(language)
    assert sorted(here) == sorted(english)
    for key, sentence in here.items():
        assert sentence.strip(), key
        assert blanks(sentence) == blanks(english[key]), key


def test_no_language_is_english_by_another_name() -> None:
    for language in set(LANGUAGES) - {"en"}:
        same = [key for key, sentence in sentences(language).items() if sentence == sentences("en")[key]]
        assert len(same) < len(sentences("en")) / 10, same


def test_the_pages_say_what_there_is_and_no_more() -> None:
    sources = "\n".join(path.read_text() for path in (*FOLDER.rglob("*.html"), *FOLDER.glob("*.py")))
    quoted = set(re.findall(r"""["'](\w+)["']""", sources))
    said = {f"numbers.{name}" for name in quoted}
    said |= set(re.findall(r"""["']([a-z_]+(?:\.[a-z_]+)?)["']""", sources))
    unsaid = {key for key in sentences("en") if key not in said and not BUILT.fullmatch(key)}
    assert unsaid == set()
    called = set(re.findall(r"""\b(?:t|texts)\(\s*["']([\w.]*[a-z])["']""", sources))
    assert called <= set(sentences("en"))


def test_an_error_is_told_in_the_visitors_language_where_it_can_be() -> None:
    german = Texts("de")
    assert german.told(Refused("Name or password is wrong.", "wrong_password")) == "Name oder Passwort ist falsch."
    assert german.told(Refused("Something rare.", "rare")) == "Something rare."
    assert german.told(Conflict("Somebody was first.")).startswith("Jemand war schneller")
    assert german.told(StoreUnavailable("away")).startswith("Der Speicher")


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
