"""What the desk's page may weigh: a reception PC and a phone on the hotel's wifi must not wait for it."""

import gzip

from innbox_dashboard.pages import BUILD, OUR_PAGE

SCRIPT_BUDGET = 80_000  # bytes of script, compressed, with the sentences of one language
STYLE_BUDGET = 15_000
LANGUAGES = ("de", "en", "es", "fr", "pt")


def test_the_script_of_the_desk_stays_under_80_kb() -> None:
    script = compressed("desk.js")
    for language in LANGUAGES:
        assert script + compressed(f"messages/{language}.js") < SCRIPT_BUDGET, language


def test_the_style_of_all_pages_stays_small() -> None:
    assert compressed("desk.css") < STYLE_BUDGET


def test_the_page_loads_no_language_but_its_own() -> None:
    script = (OUR_PAGE / BUILD / "desk.js").read_text()
    for sentence in ("Choose a conversation", "Wählen Sie ein Gespräch", "Escolha uma conversa"):
        assert sentence not in script


def compressed(name: str) -> int:
    return len(gzip.compress((OUR_PAGE / BUILD / name).read_bytes()))
