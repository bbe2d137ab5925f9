"""Twilio's error codes: what each means for a message that was to be sent, and how to say so to staff.

Every code has its page at `https://www.twilio.com/docs/api/errors/CODE`; `ErrorCode.documented_at` gives it. Codes of
the 63xxx range stem from WhatsApp: https://www.twilio.com/docs/whatsapp/api/error-code-mapping maps them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from innbox import Failure


class Verdict(StrEnum):
    """What an error code says of the message."""

    WAITS = "waits"  # not taken; the same message may be taken later
    FINAL = "final"  # not taken, and sending it again changes nothing
    UNKNOWN = "unknown"  # it may have been taken


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One of Twilio's codes, its verdict, and a plain sentence for staff."""

    code: int
    verdict: Verdict
    text: str

    @property
    def documented_at(self) -> str:
        return f"https://www.twilio.com/docs/api/errors/{self.code}"

    @property
    def failure(self) -> Failure:
        return Failure(str(self.code), self.text)


OUTSIDE_WINDOW = 63016

_CODES = (
    # the account and the API
    ErrorCode(20003, Verdict.FINAL, "Twilio does not accept our account SID and auth token. Tell the administrator."),
    ErrorCode(20404, Verdict.FINAL, "Twilio does not know our account at this address. Tell the administrator."),
    ErrorCode(20429, Verdict.WAITS, "Twilio is getting too many requests from us. The message waits."),
    ErrorCode(20500, Verdict.UNKNOWN, "Twilio had a fault of its own. We are asking whether it has the message."),
    # what was asked for
    ErrorCode(21211, Verdict.FINAL, "The guest's number is not valid."),
    ErrorCode(21408, Verdict.FINAL, "Our Twilio account may not send to the guest's country. Tell the administrator."),
    ErrorCode(21603, Verdict.FINAL, "The hotel has no number to send from. Tell the administrator."),
    ErrorCode(21604, Verdict.FINAL, "The message has no number to go to."),
    ErrorCode(21610, Verdict.FINAL, "The guest has written STOP and gets nothing more from us until they write START."),
    ErrorCode(21611, Verdict.WAITS, "Too many messages of this number are queued at Twilio. The message waits."),
    ErrorCode(21614, Verdict.FINAL, "The guest's number is no mobile number."),
    ErrorCode(21617, Verdict.FINAL, "The message is longer than the 1,600 characters that Twilio takes."),
    ErrorCode(21619, Verdict.FINAL, "The message is empty: it has neither text nor file."),
    ErrorCode(21620, Verdict.FINAL, "Twilio cannot use the address of the attached file."),
    ErrorCode(21656, Verdict.FINAL, "The template's variables are empty or malformed."),
    # delivery
    ErrorCode(30001, Verdict.WAITS, "Twilio's queue is full. The message waits."),
    ErrorCode(30002, Verdict.FINAL, "Our Twilio account is suspended. Tell the administrator."),
    ErrorCode(30003, Verdict.FINAL, "The guest's phone cannot be reached; it may be switched off."),
    ErrorCode(30004, Verdict.FINAL, "The message was blocked on its way to the guest."),
    ErrorCode(30005, Verdict.FINAL, "The guest's number is unknown or no longer in service."),
    ErrorCode(30006, Verdict.FINAL, "The guest's number is a landline, or its carrier cannot be reached."),
    ErrorCode(30007, Verdict.FINAL, "The message was filtered out as unwanted."),
    ErrorCode(30008, Verdict.UNKNOWN, "The message was not delivered, and nobody says why."),
    # WhatsApp
    ErrorCode(63001, Verdict.FINAL, "WhatsApp does not accept our sender's credentials. Tell the administrator."),
    ErrorCode(63003, Verdict.FINAL, "WhatsApp does not know the guest's number."),
    ErrorCode(63005, Verdict.FINAL, "WhatsApp does not accept what the message contains."),
    ErrorCode(63007, Verdict.FINAL, "The hotel's number is no WhatsApp sender of our account. Tell the administrator."),
    ErrorCode(63012, Verdict.WAITS, "WhatsApp had a fault of its own. The message waits."),
    ErrorCode(63013, Verdict.FINAL, "The message goes against a rule of WhatsApp."),
    ErrorCode(63014, Verdict.FINAL, "The guest has blocked us, or does not want messages."),
    ErrorCode(63015, Verdict.FINAL, "The guest has not joined the Twilio sandbox, or has left it."),
    ErrorCode(
        OUTSIDE_WINDOW,
        Verdict.FINAL,
        "The guest's last message is more than 24 hours old: WhatsApp allows an approved template only.",
    ),
    ErrorCode(63018, Verdict.WAITS, "WhatsApp is getting too many messages from us. The message waits."),
    ErrorCode(63019, Verdict.FINAL, "WhatsApp could not fetch the attached file."),
    ErrorCode(63021, Verdict.FINAL, "WhatsApp does not support what the message contains."),
    ErrorCode(63024, Verdict.FINAL, "The guest's number cannot receive WhatsApp messages."),
    ErrorCode(63032, Verdict.FINAL, "WhatsApp keeps such messages from this guest, who is part of an experiment."),
    ErrorCode(63033, Verdict.FINAL, "The guest does not want marketing messages from us."),
    ErrorCode(63049, Verdict.FINAL, "WhatsApp chose not to deliver this message, as it takes it for marketing."),
    ErrorCode(63051, Verdict.FINAL, "WhatsApp has locked our business account. Tell the administrator."),
    ErrorCode(63112, Verdict.FINAL, "WhatsApp has disabled our business account. Tell the administrator."),
)

CODES: Mapping[int, ErrorCode] = {known.code: known for known in _CODES}


def failure_of(code: int | None, status: str = "failed") -> Failure:
    """Return the failure that a code stands for; one without a code is named by Twilio's `status`."""
    if code is None:
        return Failure(status, "The message was not delivered; Twilio gives no reason.")
    known = CODES.get(code)
    return known.failure if known else Failure(str(code), f"Twilio did not deliver the message (error {code}).")


def verdict_of(http_status: int, code: int | None) -> Verdict:
    """Say whether a message was taken, from the status and the code of Twilio's answer (an error, or a redirect).

    The status decides where it can: 429 refuses for now, and a 5xx may come after the message was taken
    (https://www.twilio.com/docs/usage/troubleshooting/rest-api-best-practices). A 4xx refuses, for good where its code
    is not in the table.
    """
    if http_status == 429:
        return Verdict.WAITS
    if not 400 <= http_status < 500 or http_status == 408:
        return Verdict.UNKNOWN
    known = CODES.get(code or 0)
    return known.verdict if known else Verdict.FINAL
