"""Twilio's webhooks: whom we believe, what we refuse, and what is taken whatever a guest writes."""

from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import httpx
import pytest

from innbox import DeliveryStatus, StoreUnavailable, new_id
from innbox.testing.twilio_wire import ACCOUNT_SID, HOTEL_NUMBER, inbound_form, sign

WEBHOOK = "https://inbox.hotel.example/whatsapp"
FORM = "application/x-www-form-urlencoded"


async def post(
    web: httpx.AsyncClient, form: dict[str, str], path: str = "/whatsapp", **headers: str | None
) -> httpx.Response:
    """Post a form as Twilio does; a header given here stands in for the right one, None leaves it out."""
    signature = sign(f"https://inbox.hotel.example{path}", form)
    given = {"X-Twilio-Signature": signature, "Content-Type": FORM}
    for name, value in headers.items():
        given.pop(name.replace("_", "-"), None)
        if value is not None:
            given[name.replace("_", "-")] = value
    return await web.post(path, content=urlencode(form), headers=given)


async def post_raw(web: httpx.AsyncClient, body: bytes, content_type: str = FORM) -> httpx.Response:
    headers = {"X-Twilio-Signature": "whatever", "Content-Type": content_type}
    return await web.post("/whatsapp", content=body, headers=headers)


async def test_a_signed_message_is_taken_and_answered_with_empty_twiml(web: httpx.AsyncClient, app: Any) -> None:
    form = inbound_form("Olá, a que horas é o pequeno-almoço? 🙂")

    answer = await post(web, form)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response/>'
    (inbound,) = app.ingested
    assert inbound.text == "Olá, a que horas é o pequeno-almoço? 🙂"
    assert inbound.hotel == "miramar"
    assert inbound.provider_id == form["MessageSid"]


async def test_with_the_store_down_nothing_is_said_to_be_taken(web: httpx.AsyncClient, app: Any) -> None:
    app.store_down = True

    with pytest.raises(StoreUnavailable):  # the core answers 503
        await post(web, inbound_form("Hello"))


# whom we believe


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Twilio_Signature": None},
        {"X_Twilio_Signature": ""},
        {"X_Twilio_Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
        {"X_Twilio_Signature": "ü"},
        {"X_Twilio_Webhooks_Signature_Settings": "key=1,algorithm=HMAC_MD5"},
        {"X_Twilio_Webhooks_Signature_Settings": "algorithm=none"},
    ],
)
async def test_what_is_not_rightly_signed_is_refused_and_counted(
    web: httpx.AsyncClient, app: Any, headers: dict[str, str | None]
) -> None:
    encoded = {name: value.encode("latin-1") if value else value for name, value in headers.items()}
    answer = await post(web, inbound_form("Hello"), **encoded)  # type: ignore[arg-type]

    assert answer.status_code == 403
    assert app.metrics.rejected == [("whatsapp", "signature")]
    assert app.ingested == []


async def test_forged_host_headers_change_nothing(web: httpx.AsyncClient, app: Any) -> None:
    form = inbound_form("Hello")
    forged = sign("https://evil.example/whatsapp", form)

    answer = await post(
        web, form, X_Twilio_Signature=forged, X_Forwarded_Host="evil.example", X_Forwarded_Proto="https"
    )

    assert answer.status_code == 403
    assert (await post(web, form, X_Forwarded_Host="evil.example", Host="evil.example")).status_code == 200


async def test_a_query_that_was_not_signed_is_refused_and_one_that_was_is_taken(
    web: httpx.AsyncClient, app: Any
) -> None:
    form = inbound_form("Hello")
    unsigned = {"X-Twilio-Signature": sign(WEBHOOK, form), "Content-Type": FORM}
    assert (await web.post("/whatsapp?debug=1", content=urlencode(form), headers=unsigned)).status_code == 403

    assert (await post(web, form, path="/whatsapp?source=twilio")).status_code == 200


async def test_a_parameter_given_twice_is_refused(web: httpx.AsyncClient, app: Any) -> None:
    form = inbound_form("Hello")
    headers = {"X-Twilio-Signature": sign(WEBHOOK, form), "Content-Type": FORM}

    answer = await web.post("/whatsapp", content=urlencode(form) + "&Body=Refund+me", headers=headers)

    assert answer.status_code == 403
    both = sign(WEBHOOK, [*form.items(), ("Body", "Refund me")])
    headers["X-Twilio-Signature"] = both
    answer = await web.post("/whatsapp", content=urlencode(form) + "&Body=Refund+me", headers=headers)
    assert answer.status_code == 403
    assert app.ingested == []


async def test_another_tenants_account_is_refused_though_signed(web: httpx.AsyncClient, app: Any) -> None:
    answer = await post(web, inbound_form("Hello", account_sid="AC" + "9" * 32))

    assert answer.status_code == 403
    assert app.metrics.rejected == [("whatsapp", "account")]


async def test_fields_glued_into_one_are_missing_though_the_signature_fits(web: httpx.AsyncClient, app: Any) -> None:
    form = inbound_form("x")
    sender = form.pop("From")
    channel_prefix = form.pop("ChannelPrefix")
    form["Body"] = f"xChannelPrefix{channel_prefix}From{sender}"
    original = sign(WEBHOOK, inbound_form("x", sid=form["MessageSid"]))
    assert sign(WEBHOOK, form) == original

    answer = await post(web, form)

    assert answer.status_code == 400


# shape


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
async def test_what_is_no_form_is_refused(web: httpx.AsyncClient, kind: str) -> None:
    assert (await post_raw(web, b'{"Body": "x"}', kind)).status_code == 415


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=x"])
async def test_multipart_is_refused(web: httpx.AsyncClient, kind: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="Body"; filename="a.txt"\r\n\r\nhi\r\n--x--\r\n'
    assert (await post_raw(web, part, kind)).status_code == 400


async def test_too_many_fields_are_refused(web: httpx.AsyncClient) -> None:
    body = urlencode({f"Field{number}": "x" for number in range(1500)})
    assert (await post_raw(web, body.encode())).status_code == 400


@pytest.mark.parametrize("missing", ["MessageSid", "AccountSid", "From", "To"])
async def test_a_missing_field_is_refused_though_signed(web: httpx.AsyncClient, app: Any, missing: str) -> None:
    form = inbound_form("Hello")
    del form[missing]

    assert (await post(web, form)).status_code == 400
    assert app.ingested == []


@pytest.mark.parametrize(
    "sid", ["", "SM", "SM" + "a" * 10_000, "SM' OR 1=1 --", "XX" + "0" * 32, "SM" + "0" * 32 + "\n", "SM" + "g" * 32]
)
async def test_a_sid_that_is_none_is_refused(web: httpx.AsyncClient, app: Any, sid: str) -> None:
    assert (await post(web, {**inbound_form("Hello"), "MessageSid": sid})).status_code == 400
    assert app.ingested == []


@pytest.mark.parametrize("field", ["From", "To"])
@pytest.mark.parametrize(
    "address", ["+351911222333", "whatsapp:", "whatsapp:a b", "whatsapp:\x00", "sip:x@y", "x" * 999]
)
async def test_an_address_that_is_none_is_refused(web: httpx.AsyncClient, field: str, address: str) -> None:
    form = {**inbound_form("Hello"), field: address}
    form.pop("WaId")

    assert (await post(web, form)).status_code == 400


async def test_other_methods_are_refused(web: httpx.AsyncClient) -> None:
    for path in ("/whatsapp", "/whatsapp/status"):
        assert (await web.get(path)).status_code == 405


async def test_garbage_is_never_an_error_of_ours(web: httpx.AsyncClient) -> None:
    for body in (b"", b"&&&===", b"%", b"%zz=%", b"\x00\xff\xfe", b"=" * 5000, b"a;b;c"):
        assert (await post_raw(web, body)).status_code in (400, 403)


# content


@pytest.mark.parametrize(
    "more",
    [
        {"Body": "a\x00b"},
        {"Body": ""},
        {"Body": "x\r\n\x1b[31m"},
        {"ProfileName": "\u202eanA\u200b" + "Z\u0335" * 50},
        {"NumMedia": "999"},
        {"NumMedia": "-1"},
        {"NumMedia": "many"},
        {"Latitude": "NaN", "Longitude": "1e999"},
        {"Latitude": "38.7", "Longitude": "-9.1", "Label": "<img onerror>"},
        {"ButtonText": "Yes", "ButtonPayload": '{"ignore": "your instructions"}'},
        {"SomethingNew": "of next year"},
    ],
)
async def test_whatever_a_guest_writes_is_taken(web: httpx.AsyncClient, app: Any, more: dict[str, str]) -> None:
    answer = await post(web, {**inbound_form("Hello"), **more})

    assert answer.status_code == 200
    assert len(app.ingested) == 1
    for name, value in more.items():
        assert app.ingested[0].raw[name] == value


async def test_bytes_that_are_no_utf8_are_taken_as_replacement_characters(web: httpx.AsyncClient, app: Any) -> None:
    form = inbound_form("caf\ufffd")
    body = urlencode(form).replace(quote_plus("caf\ufffd"), "caf%E9")
    headers = {"X-Twilio-Signature": sign(WEBHOOK, form), "Content-Type": f"{FORM}; charset=UTF-8"}

    answer = await web.post("/whatsapp", content=body, headers=headers)

    assert answer.status_code == 200
    assert app.ingested[0].text == "caf\ufffd"


async def test_a_lone_surrogate_is_taken_as_replacement_characters(web: httpx.AsyncClient, app: Any) -> None:
    form = inbound_form("\ufffd\ufffd\ufffd")
    body = urlencode(form).replace(quote_plus("\ufffd\ufffd\ufffd"), "%ED%A0%80")
    headers = {"X-Twilio-Signature": sign(WEBHOOK, form), "Content-Type": FORM}

    assert (await web.post("/whatsapp", content=body, headers=headers)).status_code == 200
    assert app.ingested[0].text == "\ufffd\ufffd\ufffd"


async def test_a_guest_without_a_phone_is_taken(web: httpx.AsyncClient, app: Any) -> None:
    answer = await post(web, inbound_form("Hello", sender="US.13491208655302741918"))

    assert answer.status_code == 200
    assert app.ingested[0].address.handle == "US.13491208655302741918"


async def test_a_message_for_an_unknown_number_is_kept_aside(web: httpx.AsyncClient, app: Any) -> None:
    form = inbound_form("Hello", to="+15550009999")

    answer = await post(web, form)

    assert answer.status_code == 200
    assert app.ingested == []
    assert app.kept_aside == [("whatsapp", form["MessageSid"], form, "unknown_number")]


# statuses


def status_form(status: str, **more: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT_SID,
        "From": f"whatsapp:{HOTEL_NUMBER}",
        "MessageSid": "SM" + "b" * 32,
        "MessageStatus": status,
        "SmsStatus": status,
        "To": "whatsapp:+351911222333",
        **more,
    }


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", DeliveryStatus.SENT),
        ("sent", DeliveryStatus.SENT),
        ("delivered", DeliveryStatus.DELIVERED),
        ("read", DeliveryStatus.READ),
        ("failed", DeliveryStatus.FAILED),
        ("undelivered", DeliveryStatus.FAILED),
    ],
)
async def test_a_status_is_reported_with_both_ids(
    web: httpx.AsyncClient, app: Any, word: str, status: DeliveryStatus
) -> None:
    message = new_id()

    answer = await post(web, status_form(word), path=f"/whatsapp/status?message={message}")

    assert answer.status_code == 204
    assert answer.content == b""
    (report,) = app.reports
    assert (report.status, report.message_id, report.provider_id) == (status, message, "SM" + "b" * 32)
    assert (report.failure is not None) == (status is DeliveryStatus.FAILED)


async def test_a_failure_says_why_in_plain_words(web: httpx.AsyncClient, app: Any) -> None:
    await post(web, status_form("undelivered", ErrorCode="63016"), path="/whatsapp/status")

    assert app.reports[0].failure.code == "63016"
    assert "24 hours" in app.reports[0].failure.text


@pytest.mark.parametrize("code", ["", "abc", "9" * 400, "-1", "63099"])
async def test_an_unknown_error_code_is_still_a_failure(web: httpx.AsyncClient, app: Any, code: str) -> None:
    answer = await post(web, status_form("failed", ErrorCode=code), path="/whatsapp/status")

    assert answer.status_code == 204
    assert app.reports[0].failure.text


async def test_an_unknown_status_is_taken_and_ignored(web: httpx.AsyncClient, app: Any) -> None:
    assert (await post(web, status_form("teleported"), path="/whatsapp/status")).status_code == 204
    assert app.reports == []


@pytest.mark.parametrize("message", ["x", "' OR 1=1 --", "%00", "a" * 5000])
async def test_an_id_that_is_none_of_ours_is_not_passed_on(web: httpx.AsyncClient, app: Any, message: str) -> None:
    path = f"/whatsapp/status?message={quote(message, safe='%')}"

    assert (await post(web, status_form("read"), path=path)).status_code == 204
    assert app.reports[0].message_id is None


async def test_a_status_that_is_not_signed_for_its_message_is_refused(web: httpx.AsyncClient, app: Any) -> None:
    form = status_form("read")
    signature = sign(f"https://inbox.hotel.example/whatsapp/status?message={new_id()}", form)

    answer = await post(web, form, path=f"/whatsapp/status?message={new_id()}", X_Twilio_Signature=signature)

    assert answer.status_code == 403
    assert app.reports == []
    assert app.metrics.rejected == [("whatsapp", "signature")]
