"""What goes into the database as JSON comes out as it was."""

import json

import pytest

from innbox import Attachment, Author, AuthorKind, Direction, Draft, Template
from innbox_postgres_store import rows


@pytest.mark.parametrize("text", [None, "", "x", 7, "' OR 1=1 --", "0190"])
def test_what_is_no_id_is_none(text: object) -> None:
    assert rows.as_id(text) is None


def test_an_id_has_one_spelling() -> None:
    assert rows.as_id("0190ABCD-0000-7000-8000-000000000001") == "0190abcd-0000-7000-8000-000000000001"


def test_times_are_read_with_any_number_of_digits() -> None:
    for text in ("2026-01-02T03:04:05.1+00:00", "2026-01-02T03:04:05.123456+00:00", "2026-01-02T03:04:05+00:00"):
        found = rows.moment(text)
        assert found is not None
        assert found.utcoffset() is not None
    assert rows.moment(None) is None


def test_a_draft_keeps_its_template_in_its_meta() -> None:
    draft = Draft("Hi", Author(AuthorKind.BOT), template=Template("HX1", {"1": "Rui"}), meta={"trace": "t"})

    (written,) = rows.drafts_json([draft], Direction.OUT, turn_id="turn")

    assert rows.template(written["meta"]["template"]) == draft.template
    assert (written["meta"]["trace"], written["meta"]["turn_id"]) == ("t", "turn")
    assert rows.template(None) is None


def test_attachments_come_back_whole() -> None:
    photo = Attachment("image", content_type="image/jpeg", state="fetching", source="https://example.com/1")

    written = rows.attachments_json([photo])

    assert written is not None
    assert [rows.attachment(facts) for facts in json.loads(written)] == [photo]
    assert rows.attachments_json([]) is None
