"""One deadline, no retries, and a clear line between not sent and not answered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from innbox_whatsapp_twilio.http_client import NotAnswered, NotReached, TwilioHttp
from innbox_whatsapp_twilio.settings import TWILIO_API, WhatsAppTwilioSettings

URL = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
ACCOUNT: Mapping[str, Any] = {"account_sid": "AC1", "auth_token": "secret", "numbers": {"+14155238886": "miramar"}}


class RawServer:
    """A server that keeps what it was sent and answers with raw bytes, or never."""

    def __init__(self) -> None:
        self.origin = ""
        self.requests: list[bytes] = []
        self.answer: bytes | None = b""
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0)
        self.requests.append(head + await reader.readexactly(length))
        if self.answer is not None:
            writer.write(self.answer)
            await self.hang_up(writer)

    async def hang_up(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    found = RawServer()
    listening = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.origin = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    yield found
    listening.close()
    for writer in found.writers:
        await found.hang_up(writer)


async def test_a_form_goes_to_the_configured_origin_with_credentials(server: RawServer) -> None:
    server.answer = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"

    async with TwilioHttp({TWILIO_API: server.origin}, 1) as http:
        answer = await http.request("POST", URL, data={"Body": "a b", "MediaUrl": ["x", "y"]}, auth=("AC1", "secret"))

    assert (answer.status_code, answer.text) == (201, "{}")
    (request,) = server.requests
    assert request.startswith(b"POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\n")
    assert b"Authorization: Basic QUMxOnNlY3JldA==" in request
    assert request.endswith(b"Body=a+b&MediaUrl=x&MediaUrl=y")


async def test_query_parameters_are_quoted(server: RawServer) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    async with TwilioHttp({TWILIO_API: server.origin}, 1) as http:
        await http.request("GET", URL, params={"To": "whatsapp:+351", "DateSent>": "2026-01-01T00:00:00Z"})

    assert b"?To=whatsapp%3A%2B351&DateSent%3E=2026-01-01T00%3A00%3A00Z " in server.requests[0]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{",
        None,
    ],
)
async def test_a_request_without_a_whole_answer_is_not_repeated(server: RawServer, answer: bytes | None) -> None:
    server.answer = answer

    async with TwilioHttp({TWILIO_API: server.origin}, 0.3) as http:
        with pytest.raises(NotAnswered):
            await http.request("POST", URL, data={"Body": "x"})

    assert len(server.requests) == 1


async def test_a_server_error_is_an_answer_and_not_repeated(server: RawServer) -> None:
    server.answer = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"

    async with TwilioHttp({TWILIO_API: server.origin}, 1) as http:
        assert (await http.request("POST", URL, data={"Body": "x"})).status_code == 500

    assert len(server.requests) == 1


async def test_redirects_are_not_followed(server: RawServer) -> None:
    server.answer = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"

    async with TwilioHttp({TWILIO_API: server.origin}, 1) as http:
        assert (await http.request("POST", URL, data={"Body": "x"})).status_code == 302

    assert len(server.requests) == 1


@pytest.mark.parametrize("origin", ["http://127.0.0.1:9", "http://does-not-exist.invalid"])
async def test_where_no_connection_comes_about_nothing_was_sent(origin: str) -> None:
    async with TwilioHttp({TWILIO_API: origin}, 3) as http:
        with pytest.raises(NotReached):
            await http.request("POST", URL, data={"Body": "x"})


async def test_a_client_that_is_not_open_has_sent_nothing() -> None:
    with pytest.raises(NotReached):
        await TwilioHttp({TWILIO_API: "http://127.0.0.1:9"}, 1).request("GET", URL)


async def test_credentials_go_nowhere_else(server: RawServer) -> None:
    async with TwilioHttp({TWILIO_API: server.origin}, 1) as http:
        with pytest.raises(NotReached):
            await http.request("GET", "https://evil.example/2010-04-01", auth=("AC1", "secret"))

    assert server.requests == []


def test_each_of_twilios_origins_keeps_its_place_unless_another_is_configured() -> None:
    twilio, wire = (
        TwilioHttp(WhatsAppTwilioSettings.model_validate({**ACCOUNT, **elsewhere}).origins, 1)
        for elsewhere in (dict[str, str](), {"api_base_url": "http://127.0.0.1:9100"})
    )

    for origin in ("https://api.twilio.com", "https://content.twilio.com", "https://messaging.twilio.com"):
        assert str(twilio._rewritten(f"{origin}/v2/x", {"a": "b"})) == f"{origin}/v2/x?a=b"
        assert str(wire._rewritten(f"{origin}/v2/x", None)) == "http://127.0.0.1:9100/v2/x"
    for stranger in ("https://api.twilio.com.evil.example/x", "https://api.twilio.com@evil.example/x"):
        with pytest.raises(NotReached):
            twilio._rewritten(stranger, None)
