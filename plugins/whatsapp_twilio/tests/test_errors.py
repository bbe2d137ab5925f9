"""Every code of Twilio's says something plain, and decides what becomes of the message."""

import pytest

from innbox_whatsapp_twilio.errors import CODES, Verdict, failure_of, verdict_of

EXPECTED = [
    *(20003, 20404, 20429, 21211, 21408, 21603, 21604, 21610, 21614, 21617, 21619, 21620, 21656),
    *range(30001, 30009),
    *(63001, 63003, 63005, 63007, 63012, 63013, 63014, 63015, 63016, 63018, 63019, 63024, 63032, 63033, 63049),
    *(63051, 63112),
]


@pytest.mark.parametrize("code", EXPECTED)
def test_every_code_has_a_sentence_for_staff(code: int) -> None:
    known = CODES[code]

    assert known.failure.code == str(code)
    assert known.text.endswith(".")
    assert known.text[0].isupper()
    assert known.documented_at == f"https://www.twilio.com/docs/api/errors/{code}"


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (429, 20429, Verdict.WAITS),
        (429, 63018, Verdict.WAITS),
        (429, None, Verdict.WAITS),
        (400, 30001, Verdict.WAITS),
        (400, 63016, Verdict.FINAL),
        (401, 20003, Verdict.FINAL),
        (400, 99999, Verdict.FINAL),
        (404, None, Verdict.FINAL),
        (408, None, Verdict.UNKNOWN),
        (500, 20500, Verdict.UNKNOWN),
        (503, 20429, Verdict.UNKNOWN),
        (302, None, Verdict.UNKNOWN),
        (0, None, Verdict.UNKNOWN),
    ],
)
def test_the_status_decides_before_the_code(status: int, code: int | None, verdict: Verdict) -> None:
    assert verdict_of(status, code) is verdict


def test_an_unknown_code_is_named() -> None:
    assert failure_of(64999).code == "64999"
    assert "64999" in failure_of(64999).text


def test_no_code_at_all_leaves_the_status() -> None:
    assert failure_of(None, "undelivered").code == "undelivered"
