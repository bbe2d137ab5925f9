"""Who signed a webhook, whatever its bytes are."""

from collections.abc import Mapping
from urllib.parse import urlencode

import pytest
from starlette.requests import Request
from starlette.types import Message
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from innbox.testing.twilio_wire import inbound_form, sign
from innbox_whatsapp_twilio.signature import FORM, MOST_FIELDS, Rejected, signed_form

URL = "https://inbox.hotel.example/whatsapp"
TOKEN = "wire-token"


def request(body: bytes, headers: Mapping[str, str], query: str = "") -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/whatsapp",
        "query_string": query.encode(),
        "headers": [(b"host", b"evil.example"), *raw],
    }
    return Request(scope, receive)


async def checked(body: bytes, headers: Mapping[str, str], url: str = URL, query: str = "") -> Mapping[str, str]:
    return await signed_form(request(body, headers, query), RequestValidator(TOKEN), url)


async def test_a_form_that_twilio_signed_comes_back_whole() -> None:
    form = inbound_form("Olá + adeus & 100 %")
    headers = {"Content-Type": FORM, "X-Twilio-Signature": sign(URL, form)}

    assert await checked(urlencode(form).encode(), headers) == form


async def test_empty_values_are_signed_and_kept() -> None:
    form = inbound_form("", Label="")
    headers = {"Content-Type": FORM, "X-Twilio-Signature": sign(URL, form)}

    assert (await checked(urlencode(form).encode(), headers))["Label"] == ""


async def test_the_query_is_signed_as_it_came() -> None:
    form = inbound_form("x")
    headers = {"Content-Type": FORM, "X-Twilio-Signature": sign(f"{URL}?a=%2B1&b", form)}

    assert await checked(urlencode(form).encode(), headers, query="a=%2B1&b") == form


async def test_a_parameter_repeated_unchanged_does_no_harm() -> None:
    form = inbound_form("x")
    headers = {"Content-Type": FORM, "X-Twilio-Signature": sign(URL, form)}

    assert await checked((urlencode(form) + "&Body=x").encode(), headers) == form


async def test_as_many_fields_as_allowed() -> None:
    form = {f"Field{number}": "x" for number in range(MOST_FIELDS)}
    headers = {"Content-Type": FORM, "X-Twilio-Signature": sign(URL, form)}
    assert len(await checked(urlencode(form).encode(), headers)) == MOST_FIELDS

    with pytest.raises(Rejected) as rejected:
        await checked(urlencode({**form, "One": "more"}).encode(), headers)
    assert (rejected.value.status, rejected.value.reason) == (400, "fields")


async def test_a_validator_that_raises_has_not_said_yes() -> None:
    form = inbound_form("x")
    headers = {"Content-Type": FORM, "X-Twilio-Signature": sign(URL, form)}

    with pytest.raises(Rejected) as rejected:
        await checked(urlencode(form).encode(), headers, url="https://inbox.hotel.example:99999/whatsapp")

    assert (rejected.value.status, rejected.value.reason) == (403, "signature")


async def test_another_token_signs_nothing() -> None:
    form = inbound_form("x")
    headers = {"Content-Type": FORM, "X-Twilio-Signature": sign(URL, form, "another token")}

    with pytest.raises(Rejected):
        await checked(urlencode(form).encode(), headers)
