"""The stand-in for Twilio behaves as Twilio does, where Innbox looks."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from innbox.testing.twilio_wire import (
    FAULTS,
    GUEST_NUMBER,
    HOTEL_NUMBER,
    TwilioWire,
    WireMedia,
    WireTemplate,
    inbound_form,
    sign,
)

MESSAGE = {"To": f"whatsapp:{GUEST_NUMBER}", "From": f"whatsapp:{HOTEL_NUMBER}", "Body": "Good evening"}


class Client:
    """Asks the stand-in with the account's credentials."""

    def __init__(self, wire: TwilioWire, http: aiohttp.ClientSession) -> None:
        self.wire = wire
        self.http = http
        self.base = f"{wire.url}/2010-04-01/Accounts/{wire.account_sid}"
        self.login = {"Authorization": aiohttp.encode_basic_auth(wire.account_sid, wire.auth_token)}

    async def send(self, **changed: str) -> tuple[int, Any]:
        url = f"{self.base}/Messages.json"
        async with self.http.post(url, data={**MESSAGE, **changed}, headers=self.login) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, url: str, **query: str) -> tuple[int, Any]:
        async with self.http.get(url, params=query or None, headers=self.login) as answer:
            return answer.status, await answer.json(content_type=None)


class Callbacks:
    """A server that keeps the forms posted to it."""

    def __init__(self) -> None:
        self.url = ""
        self.forms: list[dict[str, str]] = []
        self.signatures: list[str] = []
        self.status = 204

    async def take(self, request: web.Request) -> web.Response:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        self.signatures.append(request.headers["X-Twilio-Signature"])
        return web.Response(status=self.status)


@pytest.fixture
async def wire() -> AsyncIterator[TwilioWire]:
    async with TwilioWire() as twilio:
        yield twilio


@pytest.fixture
async def client(wire: TwilioWire) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as http:
        yield Client(wire, http)


@pytest.fixture
async def callbacks() -> AsyncIterator[Callbacks]:
    found = Callbacks()
    app = web.Application()
    app.router.add_post("/{path:.*}", found.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


def test_the_signature_is_that_of_twilios_documentation() -> None:
    """The example of https://www.twilio.com/docs/usage/webhooks/webhooks-security."""
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }

    assert sign("https://mycompany.com/myapp.php?foo=1&bar=2", form, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


async def test_a_message_is_taken_fetched_and_listed(wire: TwilioWire, client: Client) -> None:
    status, made = await client.send()

    assert status == 201
    assert (made["status"], made["direction"], made["to"]) == ("queued", "outbound-api", MESSAGE["To"])
    assert made["sid"].startswith("SM")
    assert [message.body for message in wire.messages] == ["Good evening"]
    _, fetched = await client.get(f"{client.base}/Messages/{made['sid']}.json")
    _, listed = await client.get(f"{client.base}/Messages.json", To=MESSAGE["To"], From=MESSAGE["From"])
    assert fetched["sid"] == listed["messages"][0]["sid"] == made["sid"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21619),
        ({"Body": "x" * 1601}, 21617),
    ],
)
async def test_what_cannot_be_sent_is_refused(client: Client, changed: dict[str, str], code: int) -> None:
    status, answer = await client.send(**changed)

    assert (status, answer["code"]) == (400, code)


async def test_without_the_right_credentials_nothing_is_told(wire: TwilioWire, client: Client) -> None:
    client.login = {"Authorization": aiohttp.encode_basic_auth(wire.account_sid, "wrong")}

    assert (await client.send())[1]["code"] == 20003
    assert (await client.get(f"{client.base}.json"))[0] == 401
    assert wire.messages == []


async def test_the_list_is_filtered_by_date_and_paged(wire: TwilioWire, client: Client) -> None:
    began = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    for number in range(5):
        wire.receive(inbound_form(f"{number}"), at=began + timedelta(minutes=number))

    _, first = await client.get(
        f"{client.base}/Messages.json", **{"DateSent>": "2026-07-01T12:01:00Z", "PageSize": "3"}
    )
    wire.receive(inbound_form("a newer one"), at=began + timedelta(minutes=9))
    _, second = await client.get(wire.url + first["next_page_uri"])

    assert [message["body"] for message in first["messages"]] == ["4", "3", "2"]
    assert [message["body"] for message in second["messages"]] == ["1"]
    assert second["next_page_uri"] is None


async def test_the_list_may_lag(wire: TwilioWire, client: Client) -> None:
    wire.list_lag = 60.0
    _, made = await client.send()

    _, listed = await client.get(f"{client.base}/Messages.json")

    assert listed["messages"] == []
    assert (await client.get(f"{client.base}/Messages/{made['sid']}.json"))[0] == 200


@pytest.mark.parametrize(
    ("fault", "status"), [("429", 429), ("500", 500), ("503", 503), ("63018", 429), ("21211", 400)]
)
async def test_faults_that_answer_take_nothing(wire: TwilioWire, client: Client, fault: str, status: int) -> None:
    wire.fail(fault, times=1)

    assert (await client.send())[0] == status
    assert wire.messages == []
    assert (await client.send())[0] == 201


@pytest.mark.parametrize(("fault", "taken"), [("accept_then_drop", 1), ("drop", 0)])
async def test_a_connection_may_be_cut_before_or_after(
    wire: TwilioWire, client: Client, fault: str, taken: int
) -> None:
    wire.fail(fault)

    with pytest.raises(aiohttp.ClientError):
        await client.send()

    assert len(wire.messages) == taken


async def test_a_request_may_hang_until_recovery(wire: TwilioWire, client: Client) -> None:
    wire.fail("timeout")
    asking = asyncio.create_task(client.send())
    await asyncio.sleep(0.1)
    assert not asking.done()

    wire.recover()

    assert (await asking)[0] == 503
    assert wire.messages == []


async def test_an_unknown_fault_is_named() -> None:
    with pytest.raises(ValueError, match="there is no fault 'meteor'"):
        TwilioWire().fail("meteor")
    assert "429" in FAULTS


async def test_statuses_are_reported_signed_and_in_order(client: Client, callbacks: Callbacks) -> None:
    url = f"{callbacks.url}/whatsapp/status?message=m1"
    _, made = await client.send(StatusCallback=url)
    await asyncio.sleep(0.3)

    assert [form["MessageStatus"] for form in callbacks.forms] == ["queued", "sent", "delivered", "read"]
    assert {form["MessageSid"] for form in callbacks.forms} == {made["sid"]}
    assert callbacks.signatures == [sign(url, form) for form in callbacks.forms]


async def test_behind_a_proxy_the_public_address_is_signed(client: Client, callbacks: Callbacks) -> None:
    client.wire.callback_origin = callbacks.url
    public = "https://inbox.hotel.example/whatsapp/status?message=m1"

    await client.send(StatusCallback=public)
    await asyncio.sleep(0.1)

    assert callbacks.signatures[0] == sign(public, callbacks.forms[0])


async def test_a_stand_in_calls_nobody_outside(wire: TwilioWire, client: Client) -> None:
    await client.send(StatusCallback="https://inbox.hotel.example/whatsapp/status")
    await asyncio.sleep(0.2)

    assert wire.callback_answers == []


async def test_outside_the_window_a_message_fails_later(wire: TwilioWire, client: Client, callbacks: Callbacks) -> None:
    wire.fail("63016")
    status, made = await client.send(StatusCallback=f"{callbacks.url}/status")
    await asyncio.sleep(0.2)

    assert status == 201
    assert callbacks.forms[-1]["MessageStatus"] == "undelivered"
    assert callbacks.forms[-1]["ErrorCode"] == "63016"
    assert (await client.get(f"{client.base}/Messages/{made['sid']}.json"))[1]["error_code"] == 63016


async def test_a_guest_writes(wire: TwilioWire, client: Client, callbacks: Callbacks) -> None:
    url = f"{callbacks.url}/whatsapp"
    form = wire.inbound_form("Olá", name="Ana")

    assert await wire.post_inbound(url, form) == 204
    assert await wire.post_inbound(url, form) == 204

    assert callbacks.forms == [form, form]
    assert callbacks.signatures == [sign(url, form)] * 2
    _, listed = await client.get(f"{client.base}/Messages.json", To=f"whatsapp:{HOTEL_NUMBER}")
    assert [message["body"] for message in listed["messages"]] == ["Olá"]


async def test_files_are_given_through_a_redirect_that_wants_no_credentials(wire: TwilioWire, client: Client) -> None:
    url = wire.media_url("image/png", b"png")

    async with client.http.get(url, headers=client.login, allow_redirects=False) as answer:
        assert answer.status == 307
        target = answer.headers["Location"]
    async with client.http.get(target) as answer:
        assert (answer.headers["Content-Type"], await answer.read()) == ("image/png", b"png")
    async with client.http.get(target, headers=client.login) as answer:
        assert answer.status == 400


async def test_files_of_a_message_are_listed(wire: TwilioWire, client: Client) -> None:
    form = wire.inbound_form("Look")
    wire.receive(form, media=[WireMedia("image/png", b"1"), WireMedia("audio/ogg", b"2")])

    _, listed = await client.get(f"{client.base}/Messages/{form['MessageSid']}/Media.json")

    assert [media["content_type"] for media in listed["media_list"]] == ["image/png", "audio/ogg"]


async def test_it_comes_back_on_the_same_port_with_its_messages(wire: TwilioWire, client: Client) -> None:
    await client.send()
    url = wire.url
    await wire.stop()
    await wire.start()

    assert wire.url == url
    assert len(wire.messages) == 1


async def test_a_process_of_its_own_is_steered_over_http(callbacks: Callbacks) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "innbox.testing.twilio_wire", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20), aiohttp.ClientSession() as http:
            line = (await process.stdout.readline()).decode()
            url = line.removeprefix("Twilio wire: ").strip()
            wish = {"body": "Hello", "url": f"{callbacks.url}/whatsapp"}
            async with http.post(f"{url}/_wire/inbound", json=wish) as answer:
                assert (await answer.json())["status"] == 204
            async with http.post(f"{url}/_wire/fail", json={"mode": "429", "times": 2}) as answer:
                assert answer.status == 200
            async with http.post(f"{url}/_wire/fail", json={"mode": "meteor"}) as answer:
                assert answer.status == 400
            async with http.get(f"{url}/_wire/messages") as answer:
                assert json.loads(await answer.text()) == {"messages": []}
    finally:
        process.terminate()
        await process.wait()

    assert callbacks.forms[0]["Body"] == "Hello"


async def test_templates_are_listed_by_pages_and_leave_filled_in(client: Client) -> None:
    late = WireTemplate("late", "Hello {{1}}", variables={"1": "Ana"})
    client.wire.templates = [late, WireTemplate("spa", "Open")]

    status, page = await client.get(f"{client.wire.url}/v1/ContentAndApprovals", PageSize="1")
    _, sent = await client.send(Body="", ContentSid=late.sid, ContentVariables='{"1": "Bo"}')

    assert (status, [one["friendly_name"] for one in page["contents"]]) == (200, ["late"])
    assert page["contents"][0]["approval_requests"]["status"] == "approved"
    assert page["meta"]["next_page_url"] == "https://content.twilio.com/v1/ContentAndApprovals?PageSize=1&Page=1"
    assert sent["body"] == "Hello Bo"
