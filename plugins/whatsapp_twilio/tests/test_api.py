"""Twilio's API in plain data, and its many kinds of failure in three."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone

import pytest
from aiohttp import web

from innbox import now
from innbox.testing.twilio_wire import GUEST_NUMBER, HOTEL_NUMBER, TwilioWire, WireMedia
from innbox_whatsapp_twilio.api import Refusal, TwilioApi
from innbox_whatsapp_twilio.http_client import NotAnswered
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings

TO = f"whatsapp:{GUEST_NUMBER}"
FROM = f"whatsapp:{HOTEL_NUMBER}"

Ask = Callable[[TwilioApi], Awaitable[object]]
ASKS: list[Ask] = [
    lambda api: api.create({"to": TO, "from_": FROM, "body": "x"}),
    lambda api: api.outbound(TO, FROM, None, 50),
    lambda api: api.inbound(FROM, now()),
    lambda api: api.media_of("MM1"),
    lambda api: api.account_status(),
    lambda api: api.templates(),
]


@pytest.fixture
async def api(settings: WhatsAppTwilioSettings) -> AsyncIterator[TwilioApi]:
    async with TwilioApi(settings) as opened:
        yield opened


async def test_a_message_made_is_listed_newest_first(api: TwilioApi) -> None:
    first = await api.create({"to": TO, "from_": FROM, "body": "One"})
    second = await api.create({"to": TO, "from_": FROM, "body": "Two"})

    listed = await api.outbound(TO, FROM, now() - timedelta(seconds=5), 50)

    assert [message.sid for message in listed] == [second.sid, first.sid]
    assert listed[0].body == "Two"
    assert listed[0].at is not None
    assert abs(listed[0].at - now()) < timedelta(seconds=3)


async def test_times_are_asked_for_in_utc(api: TwilioApi, twilio: TwilioWire) -> None:
    lisbon = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=1)))

    await api.inbound(FROM, lisbon)

    assert "DateSent%3E=2026-07-01T11%3A00%3A00Z" in twilio.requests[0][1]


async def test_guests_messages_and_their_files(api: TwilioApi, twilio: TwilioWire) -> None:
    form = twilio.inbound_form("Look", media=[("x", "image/png")])
    twilio.receive(form, media=[WireMedia("image/png", b"png")])

    (message,) = await api.inbound(FROM, now() - timedelta(seconds=5))
    (media,) = await api.media_of(message.sid)

    assert (message.inbound, message.num_media, message.sender) == (True, 1, TO)
    assert media.content_type == "image/png"
    assert media.path.startswith("/2010-04-01/Accounts/")
    assert not media.path.endswith(".json")


@pytest.mark.parametrize("ask", ASKS)
async def test_wrong_credentials_are_a_refusal_with_twilios_code(settings: WhatsAppTwilioSettings, ask: Ask) -> None:
    wrong = settings.model_copy(update={"account_sid": "AC" + "9" * 32})

    async with TwilioApi(wrong) as api:
        with pytest.raises(Refusal) as refusal:
            await ask(api)

    assert (refusal.value.status, refusal.value.code) == (401, 20003)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '"text"', '{"sid": 1}', '{"messages": 1}', "<html>"])
async def test_answers_that_make_no_sense_are_no_answers(settings: WhatsAppTwilioSettings, body: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=body, status=201 if request.method == "POST" else 200)

    server = web.Application()
    server.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    elsewhere = settings.model_copy(update={"api_base_url": f"http://127.0.0.1:{runner.addresses[0][1]}"})

    async with TwilioApi(elsewhere) as api:
        with pytest.raises(NotAnswered):
            await api.create({"to": TO, "from_": FROM, "body": "x"})
        with pytest.raises((NotAnswered, Refusal)):
            await api.outbound(TO, FROM, None, 50)

    await runner.cleanup()
