"""Twilio's webhooks from strangers: who is believed, what is refused, and what is taken whatever a guest writes."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from innbox import guards
from innbox.testing.twilio_wire import ACCOUNT_SID, HOTEL_NUMBER, sign

pytestmark = pytest.mark.asyncio(loop_scope="module")

CORE: dict[str, Any] = {"turns": {"wait_seconds": 0.3, "wait_at_most_seconds": 1.0}}
SECRET = "a word that no log may hold"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
FILE_PART = b'--x\r\nContent-Disposition: form-data; name="Body"; filename="a.txt"\r\n\r\nhi\r\n--x--\r\n'

Headers = dict[str, str | bytes]


# Who is believed. A case changes a rightly signed request, and returns the path, the body and the headers to send.
Case = Callable[[Any, dict[str, str], Headers], tuple[str, bytes, Headers]]


def plain(form: dict[str, str], headers: Headers, path: str = "/whatsapp") -> tuple[str, bytes, Headers]:
    return path, urlencode(form).encode(), headers


def without_signature(house: Any, form: dict[str, str], headers: Headers) -> tuple[str, bytes, Headers]:
    return plain(form, {"Content-Type": FORM})


def with_header(name: str, value: str | bytes) -> Case:
    return lambda house, form, headers: plain(form, {**headers, name: value})


def signed_for(origin: str, **more: str) -> Case:
    """Sign for an address that only a header speaks of."""

    def case(house: Any, form: dict[str, str], headers: Headers) -> tuple[str, bytes, Headers]:
        address = origin.format(host=house.url.removeprefix("http://")) + "/whatsapp"
        forged = {name.replace("_", "-"): value for name, value in more.items()}
        return plain(form, {**headers, "X-Twilio-Signature": sign(address, form), **forged})

    return case


def with_query(house: Any, form: dict[str, str], headers: Headers) -> tuple[str, bytes, Headers]:
    return plain(form, headers, "/whatsapp?debug=1")


def given_twice(house: Any, form: dict[str, str], headers: Headers) -> tuple[str, bytes, Headers]:
    return "/whatsapp", urlencode(form).encode() + b"&Body=Refund+me", headers


def given_twice_and_signed(house: Any, form: dict[str, str], headers: Headers) -> tuple[str, bytes, Headers]:
    both = sign(f"{house.url}/whatsapp", [*form.items(), ("Body", "Refund me")])
    return given_twice(house, form, {**headers, "X-Twilio-Signature": both})


def anothers_account(house: Any, form: dict[str, str], headers: Headers) -> tuple[str, bytes, Headers]:
    form["AccountSid"] = "AC" + "9" * 32
    return plain(form, {**headers, **house.signed(form)})


def lone_surrogate(house: Any, form: dict[str, str], headers: Headers) -> tuple[str, bytes, Headers]:
    return "/whatsapp", urlencode(form).encode() + b"&Extra=%ED%A0%80", headers


def a_file(house: Any, form: dict[str, str], headers: Headers) -> tuple[str, bytes, Headers]:
    return "/whatsapp", FILE_PART, {**headers, "Content-Type": MULTIPART}


UNBELIEVED: dict[str, Case] = {
    "no signature": without_signature,
    "wrong signature": with_header("X-Twilio-Signature", "A" * 27 + "="),
    "empty signature": with_header("X-Twilio-Signature", ""),
    "signature of no text": with_header("X-Twilio-Signature", b"\xff\xfe"),
    "unknown algorithm": with_header("X-Twilio-Webhooks-Signature-Settings", "key=1,algorithm=HMAC_MD5"),
    "forged host": signed_for("http://evil.example", Host="evil.example"),
    "forged forwarded host": signed_for("http://evil.example", X_Forwarded_Host="evil.example"),
    "forged forwarded scheme": signed_for("https://{host}", X_Forwarded_Proto="https"),
    "a port that is none": signed_for("http://evil.example:99999999", Host="evil.example:99999999"),
    "extra query parameter": with_query,
    "parameter given twice": given_twice,
    "parameter given twice, signed": given_twice_and_signed,
    "another tenant": anothers_account,
    "lone surrogate": lone_surrogate,
    "file part": a_file,
}


@pytest.mark.parametrize("name", UNBELIEVED)
async def test_who_is_not_believed(house: Any, eventually: Any, log_of: Any, name: str) -> None:
    log = log_of("innbox_whatsapp_twilio.webhooks", "innbox.web", "innbox.pipeline.door")
    form = house.form(SECRET)
    before = await house.metric("innbox_webhook_rejected_total")
    path, body, headers = UNBELIEVED[name](house, form, house.signed(form))

    answer = await house.running.http.post(path, content=body, headers=headers)

    assert answer.status_code in ((400, 403) if name == "file part" else (403,))

    async def counted() -> bool:
        return bool(await house.metric("innbox_webhook_rejected_total") == before + 1)

    await eventually(counted)
    assert await house.history(form["From"].removeprefix("whatsapp:")) == []
    assert [(level, event) for level, event, _ in log.lines] == [("warning", "webhook rejected")]
    assert not any(word in log.text for word in (SECRET, form["From"], form["WaId"], form["ProfileName"]))


async def test_fields_glued_together_lack_what_is_demanded(house: Any) -> None:
    form = house.form("x")
    original = sign(f"{house.url}/whatsapp", form)
    glued = dict(form)
    sender, prefix = glued.pop("From"), glued.pop("ChannelPrefix")
    glued["Body"] = f"xChannelPrefix{prefix}From{sender}"
    assert sign(f"{house.url}/whatsapp", glued) == original

    assert (await house.post(glued)).status_code == 400


async def test_a_replay_is_taken_without_effect(house: Any) -> None:
    form = house.form("Is there a pool?")
    guest = form["From"].removeprefix("whatsapp:")

    answers = await asyncio.gather(*(house.post(form) for _ in range(10)))

    assert {answer.status_code for answer in answers} == {200}
    said = await house.answered(guest)
    assert (await house.post(form)).status_code == 200
    assert [message.direction.value for message in said] == ["in", "out"]
    assert len(await house.history(guest)) == 2


async def test_an_unknown_number_is_kept_aside_and_alerted(house: Any, log_of: Any, eventually: Any) -> None:
    log = log_of("innbox.pipeline.door")
    form = house.form(SECRET, to="+15550009999")

    answer = await house.post(form)

    assert answer.status_code == 200
    assert await house.metric("innbox_unroutable_total", channel="whatsapp") == 1
    ((raw, reason),) = house.rows("SELECT raw, reason FROM raw_inbound WHERE provider_id = ?", form["MessageSid"])
    assert (json.loads(raw)["Body"], reason) == (SECRET, "unknown_number")
    assert [(level, values["reason"]) for level, _, values in log.lines] == [("warning", "unknown_number")]
    assert SECRET not in log.text


# Shape: what is sent, and how it is answered. Never with a 500.


def request(body: bytes, kind: str | None = FORM, method: str = "POST", more: str = "") -> bytes:
    kind_line = f"Content-Type: {kind}\r\n" if kind is not None else ""
    head = f"{method} /whatsapp HTTP/1.1\r\nHost: x\r\n{kind_line}{more}"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


MISSHAPEN: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "a field of a megabyte": (request(b"Body=" + b"x" * 1_000_000), (413,)),
    "1,500 fields": (request(urlencode({f"Field{number}": "x" for number in range(1500)}).encode()), (400,)),
    "JSON": (request(b'{"Body": "x"}', "application/json"), (415,)),
    "plain text": (request(b"Body=x", "text/plain"), (415,)),
    "no content type": (request(b"Body=x", None), (415,)),
    "multipart without a boundary": (request(FILE_PART, "multipart/form-data"), (400,)),
    "a file part named Body": (request(FILE_PART, MULTIPART), (400, 403)),
    "GET": (request(b"", method="GET"), (405,)),
    "PUT": (request(b"", method="PUT"), (405,)),
    "nothing": (request(b""), (400, 403)),
    "only separators": (request(b"&&&==&;=" * 100), (400, 403)),
    "half an escape": (request(b"Body=%&%zz=%f"), (400, 403)),
    "bytes": (request(bytes(range(256))), (400, 403)),
    "a host that is none": (request(b"Body=x").replace(b"Host: x", b"Host: ["), (400, 403)),
    "an origin that is none": (request(b"Body=x", more="Origin: http://[\r\n"), (403,)),
    "a charset that is none": (request(b"Body=x", f"{FORM}; charset=martian"), (403,)),
    "a length that is none": (request(b"Body=x").replace(b"Content-Length: 6", b"Content-Length: six"), (400,)),
}


@pytest.mark.parametrize("name", MISSHAPEN)
@pytest.mark.parametrize("path", ["/whatsapp", "/whatsapp/status"])
async def test_what_is_misshapen(house: Any, name: str, path: str) -> None:
    sent, statuses = MISSHAPEN[name]

    answer = await house.raw(sent.replace(b"/whatsapp ", f"{path} ".encode(), 1))

    assert int(answer.split()[1]) in statuses, answer


async def test_an_endless_chunked_body(house: Any) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /whatsapp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: {FORM}\r\n\r\n".encode()
    )
    sent = 0

    async def send() -> None:
        nonlocal sent
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()
            sent += 4096
            await asyncio.sleep(0.001)

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == b"413"
        assert sent < 2_000_000
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()


@pytest.mark.parametrize(
    "beginning",
    [b"POST /whatsapp HTTP/1.1\r\nHost: x\r\nX-Slow: ", request(b"Body=x" * 9)[:-40]],
    ids=["headers", "body"],
)
async def test_a_slow_sender_is_cut_off(house: Any, monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    assert guards.REQUEST_SECONDS == 15.0
    monkeypatch.setattr(guards, "REQUEST_SECONDS", 0.3)

    assert b" 200 " not in await house.raw(beginning, seconds=3)


LACKING: dict[str, dict[str, str | None]] = {
    "no AccountSid": {"AccountSid": None},
    "no MessageSid": {"MessageSid": None},
    "no From": {"From": None},
    "no To": {"To": None},
    "a SID of 10 KB": {"MessageSid": "SM" + "a" * 10_000},
    "a SID of SQL": {"MessageSid": "SM' OR 1=1; DROP TABLE messages --"},
    "a SID with a line": {"MessageSid": "SM" + "0" * 32 + "\n"},
    "a From that is none": {"From": "whatsapp:\x00", "WaId": None},
    "a From of another network": {"From": "sip:x@y"},
}


@pytest.mark.parametrize("name", LACKING)
async def test_what_is_lacking_though_signed(house: Any, name: str) -> None:
    form = {**house.form(), **LACKING[name]}
    form = {field: value for field, value in form.items() if value is not None}

    assert (await house.post(form)).status_code == 400


# Content: signed, so it is taken.


CONTENT: dict[str, tuple[dict[str, str], Callable[[Any, dict[str, Any]], bool]]] = {
    "NUL": (
        {"Body": "a\x00b"},
        lambda message, raw: message.text == "a\ufffdb" and raw["Body"] in ("a\x00b", "a\ufffdb"),
    ),
    "empty": ({"Body": ""}, lambda message, raw: message.text == "" and not message.attachments),
    "NumMedia 999": (
        {"NumMedia": "999", **{f"MediaUrl{number}": "https://10.0.0.1/" for number in range(12)}},
        lambda message, raw: len(message.attachments) == 10,
    ),
    "NumMedia -1": ({"NumMedia": "-1", "MediaUrl0": "https://10.0.0.1/"}, lambda message, raw: not message.attachments),
    "NumMedia of letters": ({"NumMedia": "many"}, lambda message, raw: not message.attachments),
    "Latitude NaN": (
        {"Latitude": "NaN", "Longitude": "-9.1"},
        lambda message, raw: (message.attachments[0].latitude, message.attachments[0].longitude) == (None, -9.1),
    ),
    "Longitude 1e999": (
        {"Latitude": "38.7", "Longitude": "1e999"},
        lambda message, raw: (message.attachments[0].latitude, message.attachments[0].longitude) == (38.7, None),
    ),
    "right to left": ({"ProfileName": "\u202e\u2067anA"}, lambda message, raw: message.text == "Hello"),
    "zero width": ({"ProfileName": "\u200b\u200d\ufeff"}, lambda message, raw: message.text == "Hello"),
    "zalgo": ({"ProfileName": "A" + "\u0335\u0489" * 400}, lambda message, raw: message.text == "Hello"),
    "terminal codes": ({"Body": "x\r\n\x1b[31m\x07"}, lambda message, raw: message.text.startswith("x\r\n\x1b[31m")),
    "fields of next year": ({"Surprise": "x"}, lambda message, raw: raw["Surprise"] == "x"),
}


@pytest.mark.parametrize("name", CONTENT)
async def test_what_is_taken_as_it_comes(house: Any, name: str) -> None:
    more, holds = CONTENT[name]
    form = {**house.form(), **more}

    answer = await house.post(form)

    assert answer.status_code == 200
    message = (await house.history(form["From"].removeprefix("whatsapp:")))[0]
    ((raw,),) = house.rows("SELECT raw FROM raw_inbound WHERE provider_id = ?", form["MessageSid"])
    assert holds(message, json.loads(raw)), message
    desk = await house.visitor("ana")
    shown = await desk.get("/get_messages", params={"conversation_id": message.conversation_id})
    assert shown.status_code == 200
    json.loads(shown.text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


@pytest.mark.parametrize(("escaped", "read"), [("%E9", "\ufffd"), ("%ED%A0%80", "\ufffd\ufffd\ufffd")])
async def test_bytes_that_are_no_utf8(house: Any, escaped: str, read: str) -> None:
    form = house.form(f"caf{read}")
    body = urlencode(form).replace(quote_plus(read), escaped)

    answer = await house.running.http.post("/whatsapp", content=body, headers=house.signed(form))

    assert answer.status_code == 200
    (message, *_) = await house.history(form["From"].removeprefix("whatsapp:"))
    assert message.text == f"caf{read}"


async def test_a_guest_without_a_phone(house: Any) -> None:
    form = house.form(sender="US.13491208655302741918")

    assert (await house.post(form)).status_code == 200
    assert len(await house.answered("US.13491208655302741918")) == 2


async def test_fifty_messages_in_a_second_make_few_turns(house: Any, eventually: Any) -> None:
    guest = house.new_guest()
    asked = len(house.openai.requests)
    started = time.monotonic()

    answers = await asyncio.gather(*(house.post(house.form(f"Part {n}", sender=guest)) for n in range(50)))
    assert {answer.status_code for answer in answers} == {200}

    async def answered() -> bool:
        last = (await house.history(guest))[-1]
        return bool(last.direction.value == "out")

    await eventually(answered)
    said = await house.history(guest)
    assert sum(message.direction.value == "in" for message in said) == 50
    few = 2 + (time.monotonic() - started)  # a turn a second at most, by the configuration
    assert sum(message.direction.value == "out" for message in said) <= few
    assert len(house.openai.requests) - asked <= 3 * few


# Statuses


async def delivered_message(house: Any, eventually: Any) -> tuple[str, str, str]:
    """Return (guest, our id, Twilio's id) of an answer that Twilio has taken."""
    form = house.form("When is breakfast?")
    guest = form["From"].removeprefix("whatsapp:")
    await house.post(form)

    async def sent() -> Any:
        return next((m for m in await house.history(guest) if m.direction.value == "out" and m.provider_id), None)

    message = await eventually(sent)
    return guest, message.id, message.provider_id


def status_form(word: str, sid: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT_SID,
        "From": f"whatsapp:{HOTEL_NUMBER}",
        "MessageSid": sid,
        "MessageStatus": word,
        "SmsStatus": word,
        "To": "whatsapp:+351911222333",
    }


STATUSES: dict[str, tuple[list[str], str]] = {
    "out of order": (["delivered", "sent", "queued"], "delivered"),
    "duplicated": (["delivered", "delivered", "delivered"], "delivered"),
    "falling": (["read", "delivered", "sent"], "read"),
    "failed after read": (["read", "undelivered"], "read"),
    "unheard of": (["read", "teleported"], "read"),
}


@pytest.mark.parametrize("name", STATUSES)
async def test_a_status_only_rises(house: Any, eventually: Any, name: str) -> None:
    words, ends = STATUSES[name]
    guest, ours, sid = await delivered_message(house, eventually)

    for word in words:
        assert (await house.post(status_form(word, sid), f"/whatsapp/status?message={ours}")).status_code == 204

    (message,) = [message for message in await house.history(guest) if message.id == ours]
    assert message.status.value == ends


async def test_a_status_for_an_unknown_message_is_taken_and_forgotten(house: Any) -> None:
    form = status_form("read", "SM" + "e" * 32)
    unknown = "018f0000-0000-7000-8000-000000000000"

    for path in ("/whatsapp/status", f"/whatsapp/status?message={unknown}", "/whatsapp/status?message=%27%3B--"):
        assert (await house.post(form, path)).status_code == 204


async def test_a_status_may_come_before_our_own_commit(house: Any, eventually: Any) -> None:
    form = house.form("When is check-out?")
    guest = form["From"].removeprefix("whatsapp:")
    house.twilio.latency = 0.6
    try:
        await house.post(form)
        taken = await eventually(lambda: next((m for m in house.twilio.messages if m.to.endswith(guest)), None))
        ours = taken.form["StatusCallback"].rpartition("=")[2]
        early = await house.post(status_form("delivered", taken.sid), f"/whatsapp/status?message={ours}")
        assert early.status_code == 204

        async def settled() -> bool:
            (message,) = [message for message in await house.history(guest) if message.id == ours]
            return bool(message.provider_id == taken.sid and message.status.value == "delivered")

        await eventually(settled)
        await asyncio.sleep(0.6)
        assert await settled()
        assert sum(message.to.endswith(guest) for message in house.twilio.messages) == 1
    finally:
        house.twilio.latency = 0.0
