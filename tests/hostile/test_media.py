"""Files that guests send: none may turn our own downloads, or a browser at the desk, against the house."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from innbox.testing.twilio_wire import TwilioWire

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST_SENT = 40 * 1024 * 1024  # of a file without end: our limit is 16 MB, and the network holds some
SCRIPT = b"<script>alert(1)</script>"


class HostileTwilio(TwilioWire):
    """A Twilio whose redirects lead where a test wants, and one of whose files never ends."""

    def __init__(self) -> None:
        super().__init__(callbacks=False)
        self.redirects: dict[str, str] = {}
        self.endless_sent = 0
        self.credentials_at_files: list[bool] = []

    def leading_to(self, target: str) -> str:
        """Return the address of a file that redirects to `target`."""
        source = self.media_url("image/jpeg", b"")
        self.redirects[source.rpartition("/")[2]] = target
        return source

    async def _redirect_to_media(self, request: web.Request) -> web.Response:
        target = self.redirects.get(request.match_info["media"])
        if target is None:
            return await super()._redirect_to_media(request)
        return web.Response(status=307, headers={"Location": target})

    async def _give_media(self, request: web.Request) -> Any:
        self.credentials_at_files.append("Authorization" in request.headers)
        if request.match_info["media"] != "endless":
            return await super()._give_media(request)
        answer = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
        await answer.prepare(request)
        while self.endless_sent < 1024**3:
            await answer.write(b"\xff\xd8" * 32 * 1024)
            self.endless_sent += 64 * 1024
        return answer


class Trap:
    """A service of the private network. Whoever connects to it has been turned against the house."""

    def __init__(self) -> None:
        self.visits = 0
        self.port = 0

    async def note(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twilio() -> AsyncIterator[HostileTwilio]:
    async with HostileTwilio() as wire:
        yield wire


@pytest_asyncio.fixture(loop_scope="module")
async def trap() -> AsyncIterator[Trap]:
    found = Trap()
    server = await asyncio.start_server(found.note, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


async def fates(house: Any, eventually: Any, sources: Sequence[str]) -> list[Any]:
    """Let a guest send files from these addresses, and return what has become of each."""
    form = house.form(media=[(source, "image/jpeg") for source in sources])
    guest = form["From"].removeprefix("whatsapp:")
    assert (await house.post(form)).status_code == 200

    async def decided() -> Any:
        (message, *_) = await house.history(guest)
        return message if all(file.state != "fetching" for file in message.attachments) else None

    message = await eventually(decided, 20)
    return list(message.attachments)


async def test_addresses_that_are_refused(house: Any, trap: Trap, eventually: Any, log_of: Any) -> None:
    log = log_of("innbox_whatsapp_twilio.media")
    to = house.twilio.leading_to
    refused = {
        "link-local": "https://169.254.169.254/latest/meta-data/",
        "private": "https://10.0.0.1/",
        "private, of IPv6": "https://[fd00::1]/",
        "loopback": f"http://127.0.0.1:{trap.port}/",
        "user before the host": f"https://api.twilio.com@127.0.0.1:{trap.port}/",
        "redirect to link-local": to("https://169.254.169.254/latest/meta-data/"),
        "redirect to private": to("https://192.168.0.1/"),
        "redirect to loopback": to(f"https://127.0.0.1:{trap.port}/"),
        "redirect to a name of ours": to(f"https://localhost:{trap.port}/"),
        "redirect to http": to(f"http://localhost:{trap.port}/"),
    }

    files = await fates(house, eventually, list(refused.values()))

    assert [file.state for file in files] == ["failed"] * len(refused)
    assert [file.url for file in files] == [None] * len(refused)
    assert trap.visits == 0
    assert [event for _, event, _ in log.lines] == ["media refused"] * len(refused)
    assert "169.254" not in log.text


async def test_a_name_that_changes_its_mind(
    house: Any, trap: Trap, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look finds an address that passes for public (127.0.0.2 here), any later question one of the house."""
    asked: list[str] = []
    lookup = socket.getaddrinfo

    def rebinding(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        if host != "rebinding.example":
            return lookup(host, port, *more, **named)
        asked.append(host)
        return lookup("127.0.0.2" if len(asked) == 1 else "127.0.0.1", port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr("innbox_whatsapp_twilio.media.is_public", lambda address: address == "127.0.0.2")
    public = Trap()
    server = await asyncio.start_server(public.note, "127.0.0.2", trap.port)
    try:
        source = house.twilio.leading_to(f"https://rebinding.example:{trap.port}/")
        channel = house.app.channels["whatsapp"]
        file = type("File", (), {"source": source, "content_type": "image/jpeg", "name": None})
        with pytest.raises(Exception, match="could not be fetched"):
            await channel.fetch_media(file)
        assert (len(asked), public.visits, trap.visits) == (1, 1, 0)
        with pytest.raises(Exception, match="private network"):
            await channel.fetch_media(file)
        assert (len(asked), public.visits, trap.visits) == (2, 1, 0)
    finally:
        server.close()


async def test_a_file_of_a_gigabyte(house: Any, eventually: Any) -> None:
    (file,) = await fates(house, eventually, [house.twilio.leading_to(f"{house.twilio.url}/files/endless")])

    assert (file.state, file.url) == ("failed", None)
    assert house.twilio.endless_sent < MOST_SENT


async def test_credentials_never_follow_a_redirect(house: Any, eventually: Any) -> None:
    house.twilio.credentials_at_files.clear()

    (file,) = await fates(house, eventually, [house.twilio.media_url("image/jpeg", b"\xff\xd8\xff")])

    assert file.state == "ready"
    assert house.twilio.credentials_at_files == [False]


async def test_pages_in_an_images_clothes(house: Any, eventually: Any) -> None:
    lies = {
        "HTML": b"<!doctype html>" + SCRIPT,
        "SVG": b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>",
        "both": b"\xff\xd8" + SCRIPT,
    }
    honest = b"\xff\xd8\xff\xe0 a picture"
    contents = [*lies.values(), honest]

    files = await fates(house, eventually, [house.twilio.media_url("image/jpeg", data) for data in contents])

    desk = await house.visitor("ana")
    for file, data in zip(files, contents, strict=True):
        answer = await desk.get(file.url)
        assert (answer.status_code, answer.content) == (200, data)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        shown = answer.headers["content-type"], answer.headers["content-disposition"].partition(";")[0]
        assert shown == (("image/jpeg", "inline") if data == honest else ("application/octet-stream", "attachment"))


async def test_types_that_are_no_pictures_are_downloads(house: Any, eventually: Any) -> None:
    kinds = ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/pdf"]

    files = await fates(house, eventually, [house.twilio.media_url(kind, SCRIPT) for kind in kinds])

    desk = await house.visitor("ana")
    for file in files:
        headers = (await desk.get(file.url)).headers
        assert headers["content-type"] == "application/octet-stream"
        assert headers["content-disposition"].startswith("attachment")
