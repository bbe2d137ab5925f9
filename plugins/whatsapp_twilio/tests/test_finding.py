"""Which of the listed messages is ours?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from innbox import Absent, Address, Attachment, DeliveryStatus, Outgoing, Rejected, Sent, Template, Uncertain
from innbox_whatsapp_twilio.api import TwilioMessage
from innbox_whatsapp_twilio.finding import find

BEGAN = datetime(2026, 9, 1, 12, 0, 5, 600_000, tzinfo=UTC)
NOBODY: frozenset[str] = frozenset()

OURS = Outgoing("m1", "c1", "miramar", Address("whatsapp", "+351911222333"), "Your table is booked.", 1, BEGAN)


def listed(body: str, seconds: float, sid: str = "SM1", **more: object) -> TwilioMessage:
    at = (BEGAN + timedelta(seconds=seconds)).replace(microsecond=0)
    message = TwilioMessage(sid=sid, status="sent", body=body, at=at)
    return replace(message, **more)  # type: ignore[arg-type]


def test_the_one_with_our_words_is_ours() -> None:
    others = [listed("Good morning", 1, "SM2"), listed(OURS.text, -60, "SM3")]

    assert find(OURS, [*others, listed(OURS.text, 0.1)], NOBODY) == Sent("SM1", DeliveryStatus.SENT)


def test_it_may_have_come_further_by_now() -> None:
    assert find(OURS, [listed(OURS.text, 0, status="read")], NOBODY) == Sent("SM1", DeliveryStatus.READ)


def test_one_that_failed_there_was_rejected() -> None:
    found = find(OURS, [listed(OURS.text, 0, status="undelivered", error_code=63016)], NOBODY)

    assert isinstance(found, Rejected)
    assert found.failure.code == "63016"


def test_whole_seconds_and_a_clock_that_is_behind_hide_nothing() -> None:
    assert isinstance(find(OURS, [listed(OURS.text, -1.9)], NOBODY), Sent)


def test_white_space_may_be_folded_on_the_way() -> None:
    ours = replace(OURS, text=" Line one\n\nLine  two ")

    assert isinstance(find(ours, [listed("Line one Line two", 0)], NOBODY), Sent)


def test_nothing_listed_is_absent() -> None:
    assert find(OURS, [], NOBODY) == Absent()
    assert find(OURS, [listed("Something else", 1)], NOBODY) == Absent()
    assert find(OURS, [listed(OURS.text, 0, inbound=True)], NOBODY) == Absent()


def test_of_two_equal_ones_nobody_can_tell() -> None:
    equal = [listed(OURS.text, 0, "SM1"), listed(OURS.text, 1, "SM2")]

    assert isinstance(find(OURS, equal, NOBODY), Uncertain)


def test_of_two_equal_ones_the_known_other_is_left_out() -> None:
    equal = [listed(OURS.text, -1, "SM1"), listed(OURS.text, 0, "SM2")]

    assert find(OURS, equal, {"SM1"}) == Sent("SM2", DeliveryStatus.SENT)
    assert find(OURS, equal[:1], {"SM1"}) == Absent()


def test_a_picture_is_not_a_text() -> None:
    ours = replace(OURS, text="", attachments=(Attachment("image", url="/media/1"),))

    assert find(ours, [listed("", 0)], NOBODY) == Absent()
    assert isinstance(find(ours, [listed("", 0, num_media=1)], NOBODY), Sent)


def test_a_template_is_found_by_its_words_or_not_at_all() -> None:
    ours = replace(OURS, template=Template("HX1", {"1": "Ana"}))

    assert isinstance(find(ours, [listed(OURS.text, 0)], NOBODY), Sent)
    assert isinstance(find(ours, [listed("Dear Ana, …", 0)], NOBODY), Uncertain)
    assert find(ours, [listed("Dear Ana, …", -60)], NOBODY) == Absent()
