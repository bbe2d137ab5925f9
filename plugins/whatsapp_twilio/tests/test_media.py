"""Downloads that cannot be turned against the house."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from innbox import Attachment, InnboxError, Refused
from innbox.testing.twilio_wire import TwilioWire
from innbox_whatsapp_twilio import media as media_module
from innbox_whatsapp_twilio.media import MediaDownloads, is_public
from innbox_whatsapp_twilio.settings import WhatsAppTwilioSettings


class Names(AbstractResolver):
    """Says for every name what a test wants, one answer after the other; the last one stays."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [{"hostname": host, "host": answer, "port": port, "family": family, "proto": 0, "flags": 0}]

    async def close(self) -> None: ...


class Origin:
    """The configured API's origin, played by a server that answers as a test wants."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, Any] = {}
        self.seen: list[tuple[str, bool]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.path, "Authorization" in request.headers))
        found = self.answers.get(request.path, {"status": 404})
        if callable(found):
            streamed: web.StreamResponse = await found(request)
            return streamed
        return web.Response(**found)

    def redirects(self, path: str, to: str) -> None:
        self.answers[path] = {"status": 307, "headers": {"Location": to}}


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    found = Origin()
    app = web.Application()
    app.router.add_get("/{path:.*}", found.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


def settings_for(origin: str) -> WhatsAppTwilioSettings:
    return WhatsAppTwilioSettings.model_validate(
        {"account_sid": "AC1", "auth_token": "secret", "api_base_url": origin, "numbers": {"+14155238886": "miramar"}}
    )


async def fetch(source: str, base: str = "https://api.twilio.com", names: AbstractResolver | None = None) -> Any:
    async with MediaDownloads(settings_for(base), names or Names("10.0.0.1")) as downloads:
        return await downloads.fetch(Attachment("image", state="fetching", source=source))


async def test_a_file_is_fetched_through_twilios_redirect(twilio: TwilioWire, settings: WhatsAppTwilioSettings) -> None:
    source = twilio.media_url("image/jpeg", b"\xff\xd8jpeg")

    async with MediaDownloads(settings) as downloads:
        content = await downloads.fetch(Attachment("image", state="fetching", source=source))

    assert (content.content_type, content.data) == ("image/jpeg", b"\xff\xd8jpeg")


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("https://evil.example/a.jpg", "foreign_host"),
        ("https://api.twilio.com@evil.example/a.jpg", "bad_url"),
        ("https://user:pass@api.twilio.com/a.jpg", "bad_url"),
        ("https://api.twilio.com.evil.example/a.jpg", "foreign_host"),
        ("https://evil-api.twilio.com/a.jpg", "foreign_host"),
        ("https://api.twilio.com:8443/a.jpg", "foreign_host"),
        ("https://api.twilio.com\\@evil.example/", "bad_url"),
        ("http://api.twilio.com/a.jpg", "not_https"),
        ("http://169.254.169.254/latest/meta-data", "not_https"),
        ("https://169.254.169.254/latest/meta-data", "private_address"),
        ("https://[::1]/", "private_address"),
        ("https://[::ffff:127.0.0.1]/", "private_address"),
        ("https://2130706433/", "foreign_host"),
        ("file:///etc/passwd", "bad_url"),
        ("gopher://api.twilio.com/", "bad_url"),
        ("//api.twilio.com/a", "bad_url"),
        ("https://api.twilio.com:99999/", "bad_url"),
        ("", "bad_url"),
    ],
)
async def test_addresses_that_are_not_twilios_are_refused_unasked(source: str, code: str) -> None:
    names = Names("93.184.215.14")

    with pytest.raises(Refused) as refused:
        await fetch(source, names=names)

    assert refused.value.code == code
    assert names.asked == []


@pytest.mark.parametrize("host", ["api.twilio.com", "mcs.us1.twilio.com"])
@pytest.mark.parametrize(
    "address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.0.0.0"]
)
async def test_even_twilios_name_may_not_lead_to_a_private_address(host: str, address: str) -> None:
    with pytest.raises(Refused) as refused:
        await fetch(f"https://{host}/a.jpg", names=Names(address))

    assert refused.value.code == "private_address"


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://169.254.169.254/latest", "not_https"),
        ("https://169.254.169.254/latest", "private_address"),
        ("https://files.evil.example/", "private_address"),
        ("http://127.0.0.1:1/", "not_https"),
        ("https://a:b@files.example/", "bad_url"),
        ("javascript:alert(1)", "bad_url"),
        ("https://[/", "bad_url"),
    ],
)
async def test_redirects_to_places_within_are_refused(origin: Origin, target: str, code: str) -> None:
    origin.redirects("/a", target)

    with pytest.raises(Refused) as refused:
        await fetch(f"{origin.url}/a", origin.url, Names("10.0.0.1"))

    assert refused.value.code == code


async def test_a_name_that_changes_its_mind_is_asked_once_and_refused(origin: Origin) -> None:
    origin.redirects("/a", "https://rebinding.example/")
    names = Names("127.0.0.1", "93.184.215.14")

    with pytest.raises(Refused):
        await fetch(f"{origin.url}/a", origin.url, names)

    assert names.asked == ["rebinding.example"]


async def test_credentials_go_to_the_first_address_alone(origin: Origin) -> None:
    origin.redirects("/a", f"{origin.url}/b")
    origin.answers["/b"] = {"body": b"x", "content_type": "image/png"}

    await fetch(f"{origin.url}/a", origin.url)

    assert origin.seen == [("/a", True), ("/b", False)]


async def test_three_redirects_are_followed_and_no_more(origin: Origin) -> None:
    for number in range(4):
        origin.redirects(f"/{number}", f"/{number + 1}")
    origin.answers["/4"] = {"body": b"x"}

    with pytest.raises(Refused) as refused:
        await fetch(f"{origin.url}/0", origin.url)
    assert refused.value.code == "too_many_redirects"

    assert (await fetch(f"{origin.url}/1", origin.url)).data == b"x"


async def test_a_file_that_says_it_is_too_large_is_not_read(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_module, "MOST_BYTES", 1000)
    origin.answers["/a"] = {"body": b"x" * 1001}

    with pytest.raises(Refused) as refused:
        await fetch(f"{origin.url}/a", origin.url)

    assert refused.value.code == "too_large"


async def test_a_file_that_never_ends_is_cut_off(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_module, "MOST_BYTES", 1_000_000)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        except ConnectionError:
            return response

    origin.answers["/a"] = endless

    with pytest.raises(Refused) as refused:
        await fetch(f"{origin.url}/a", origin.url)

    assert refused.value.code == "too_large"


@pytest.mark.parametrize("status", [204, 302, 401, 404, 500])
async def test_a_file_that_is_not_there_may_be_tried_again(origin: Origin, status: int) -> None:
    origin.answers["/a"] = {"status": status}

    with pytest.raises(InnboxError) as error:
        await fetch(f"{origin.url}/a", origin.url)

    assert not isinstance(error.value, Refused)


async def test_a_server_that_is_away_may_be_tried_again(origin: Origin) -> None:
    with pytest.raises(InnboxError) as error:
        await fetch("http://127.0.0.1:9/a", "http://127.0.0.1:9")

    assert not isinstance(error.value, Refused)


async def test_what_a_file_claims_to_be_is_passed_on_and_no_more(origin: Origin) -> None:
    headers = {"Content-Type": "image/jpeg", "Content-Disposition": 'attachment; filename="../../etc/pa<ss>wd.jpg"'}
    origin.answers["/a"] = {"body": b"<svg onload=alert(1)>", "headers": headers}

    content = await fetch(f"{origin.url}/a", origin.url)

    assert content.content_type == "image/jpeg"
    assert content.name == "pa_ss_wd.jpg"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("224.0.1.1", False),
        ("255.255.255.255", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:7f00:1::", False),
        ("ff02::1", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public
