"""Is it Twilio who asks? Webhooks are parsed, then their signature is checked, before any field is believed.

What Twilio signs: https://www.twilio.com/docs/usage/webhooks/webhooks-security.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from twilio.request_validator import (  # type: ignore[import-untyped]
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from innbox import InnboxError

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 1000  # Twilio sends some thirty


class Rejected(InnboxError):
    """A webhook that is not taken: the HTTP status, a short reason for the metrics, and a sentence."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason


async def signed_form(request: Request, validator: RequestValidator, url: str) -> Mapping[str, str]:
    """Return the fields of a request that Twilio signed for `url` (without its query); raise `Rejected` for others.

    The URL is the configured one, with the query as it came: nothing that a header says of host or scheme counts.
    """
    _check_type(request.headers.get("content-type", ""))
    pairs = _parsed(await request.body())
    form = dict(pairs)
    if len(set(pairs)) != len(form):
        # Twilio sends each name once. A second value could otherwise hide behind the first one's signature.
        raise Rejected(403, "duplicate", "A parameter is given twice.")
    query = request.url.query
    if not _signed(validator, f"{url}?{query}" if query else url, form, request.headers):
        raise Rejected(403, "signature", "The signature is missing or wrong.")
    return form


def _check_type(header: str) -> None:
    kind = header.partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        raise Rejected(400, "multipart", "Webhooks are forms without files.")
    if kind != FORM:
        raise Rejected(415, "content_type", f"Webhooks are {FORM}.")


def _parsed(body: bytes) -> list[tuple[str, str]]:
    """Return the body's fields in order.

    Bytes that are no UTF-8 become U+FFFD, here as with the sender: a signature is made over text, so the sender has
    had to read them as text too, and U+FFFD is what both make of them.
    """
    try:
        return parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise Rejected(400, "fields", f"The form has more than {MOST_FIELDS} fields.") from None


def _signed(validator: RequestValidator, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    signature = headers.get(SIGNATURE_HEADER, "")
    if not signature:
        return False
    try:
        algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER))
        return bool(validator.validate(url, form, signature, algorithm))
    except Exception:
        # Whatever its input makes the validator raise, it has not said yes.
        return False
