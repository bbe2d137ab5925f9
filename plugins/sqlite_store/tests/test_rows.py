"""Rows and words: what is written is what is read."""

from datetime import UTC, datetime, timedelta, timezone

from innbox import Attachment, Template
from innbox_sqlite_store.rows import (
    attachments_of,
    attachments_to_json,
    maybe_moment,
    microseconds,
    moment,
    template_of,
    template_to_json,
)


def test_times_keep_their_microseconds_and_come_back_in_utc() -> None:
    lisbon = datetime(2026, 7, 1, 12, 30, 15, 123457, tzinfo=timezone(timedelta(hours=1)))

    assert moment(microseconds(lisbon)) == lisbon
    assert moment(microseconds(lisbon)).tzinfo is UTC
    assert maybe_moment(None) is None


def test_attachments_come_back_as_they_were() -> None:
    attachments = (Attachment("image", size=0, source="https://example.com/1"), Attachment("location", latitude=0.0))

    assert attachments_of(attachments_to_json(attachments)) == attachments
    assert attachments_of(attachments_to_json(())) == ()


def test_templates_come_back_as_they_were() -> None:
    template = Template("HX1", {"1": "Rui"})

    assert template_of(template_to_json(template)) == template
    assert template_of(template_to_json(None)) is None
