"""Webhooks of any shape, rightly signed and not: never a 500, and a 200 means that the message is stored."""

import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import psycopg
from hypothesis import strategies as st

from innbox.testing.twilio_wire import HOTEL_NUMBER, inbound_form, sign

FORM = "application/x-www-form-urlencoded"
FIELDS = (
    "AccountSid",
    "Address",
    "ApiVersion",
    "Body",
    "ButtonPayload",
    "ButtonText",
    "ChannelMetadata",
    "ErrorCode",
    "Forwarded",
    "From",
    "InteractiveData",
    "Label",
    "Latitude",
    "ListId",
    "ListTitle",
    "Longitude",
    "MediaContentType0",
    "MediaContentType9",
    "MediaUrl0",
    "MediaUrl9",
    "MessageSid",
    "MessageStatus",
    "MessageType",
    "NumMedia",
    "NumSegments",
    "OriginalRepliedMessageSid",
    "ProfileName",
    "ReferralBody",
    "ReferralCtwaClid",
    "ReferralHeadline",
    "ReferralMediaUrl",
    "ReferralSourceId",
    "ReferralSourceUrl",
    "SmsMessageSid",
    "SmsSid",
    "SmsStatus",
    "To",
    "WaId",
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
numberlike = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(("", " ", "-0", "1e999", "0x10", "١٢", "1_0", "nan", "+1", "9" * 400)),
)
handles = st.one_of(
    st.integers(0, 99).map(lambda number: f"whatsapp:+3519{number:08}"),
    st.sampled_from(("whatsapp:", "whatsapp:+", "sms:+1", "whatsapp:US.13491208655302741918", "messenger:1")),
    texts.map(lambda text: f"whatsapp:{text}"),
)
values = st.one_of(texts, numberlike, handles, st.sampled_from(("https://api.twilio.com/x", "http://169.254.169.254/")))
changes = st.dictionaries(st.one_of(st.sampled_from(FIELDS), texts), values, max_size=6)
bodies = st.one_of(texts, st.sampled_from(("\0", "\u202ea\u200b", "é́" * 50, "a" * 5000)))
senders = st.integers(0, 30).map(lambda number: f"+35192{number:07}")


def stored(house: Any, sid: str) -> tuple[str | None, str | None]:
    """Look past the app: return the message and the reason that a webhook is kept with."""
    query = "SELECT message_id, reason FROM raw_inbound WHERE provider_id = "
    if house.database_url is None:
        with sqlite3.connect(house.running.config_path.with_name("innbox.db")) as connection:
            row = connection.execute(query + "?", (sid,)).fetchone()
        connection.close()
    else:
        with psycopg.connect(house.database_url) as postgres:
            row = postgres.execute(query.encode() + b"%s", (sid,)).fetchone()
    assert row is not None, "a 200, and nothing is stored"
    message_id, reason = row
    return message_id and str(message_id), reason


def test_signed_webhooks(house: Any, fuzz: Callable[..., None]) -> None:
    async def post(given: tuple[str, str, dict[str, str]]) -> None:
        body, sender, changed = given
        form = {**inbound_form(body, sender=sender), **changed}
        signature = sign(house.running.url + "/whatsapp", form)
        content = urlencode(form).encode()
        answer = await house.post("/whatsapp", content, **{"X-Twilio-Signature": signature, "Content-Type": FORM})
        assert answer.status_code in (200, 400, 403, 413), answer.text
        if answer.status_code == 200:
            message_id, reason = stored(house, form["MessageSid"])
            assert (reason is None) == (form["To"].strip() == f"whatsapp:{HOTEL_NUMBER}"), reason
            if message_id:
                message = await house.running.app.store.message(message_id)
                assert message is not None
                body = form["Body"].replace("\0", "\ufffd").strip()
                assert body in ("", message.text.strip())  # a button's text stands in for an empty one

    fuzz(lambda given: house.run(post(given)), st.tuples(bodies, senders, changes), examples=120)


def test_webhooks_of_any_bytes(house: Any, fuzz: Callable[..., None]) -> None:
    kinds = st.sampled_from((FORM, FORM + "; charset=latin-1", "application/json", "multipart/form-data", ""))

    async def post(given: tuple[bytes, str, bool]) -> None:
        content, kind, signed = given
        pairs = parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
        signature = sign(house.running.url + "/whatsapp", pairs) if signed else "c2lnbmF0dXJl"
        answer = await house.post("/whatsapp", content, **{"X-Twilio-Signature": signature, "Content-Type": kind})
        assert answer.status_code in (400, 403, 413, 415), answer.text

    given = st.tuples(st.binary(max_size=300), kinds, st.booleans())
    fuzz(lambda given: house.run(post(given)), given, examples=60)


def test_status_callbacks(house: Any, fuzz: Callable[..., None]) -> None:
    words = st.sampled_from(("queued", "sent", "delivered", "read", "failed", "undelivered", "canceled", "nonsense"))

    async def post(given: tuple[str, str, dict[str, str]]) -> None:
        word, message, changed = given
        form = {**inbound_form(), "MessageStatus": word, **changed}
        path = "/whatsapp/status?message=" + quote(message)
        signature = sign(house.running.url + path, form)
        content = urlencode(form).encode()
        answer = await house.post(path, content, **{"X-Twilio-Signature": signature, "Content-Type": FORM})
        assert answer.status_code in (204, 400, 403, 413), answer.text

    ids = st.one_of(texts, st.uuids().map(str), st.just("f" * 36), st.just("-" * 32))
    codes = st.fixed_dictionaries({"ErrorCode": numberlike, "MessageSid": st.sampled_from(("SM" + "0" * 32, "SM1"))})
    given = st.tuples(st.one_of(words, texts), ids, st.one_of(changes, codes))
    fuzz(lambda given: house.run(post(given)), given, examples=60)
