"""Files: served without harm, and fetched by those who have a link and no session."""

import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from innbox import Attachment, MediaContent, files, sniffed_type

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
PDF = b"%PDF-1.7\n"
ZIP = b"PK\x03\x04" + bytes(20)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("data", "claimed", "found"),
    [
        (PNG, "image/png", "image/png"),
        (PNG, "Image/PNG; charset=binary", "image/png"),
        (PNG, "image/jpeg", "image/png"),
        (PNG, "", "image/png"),
        (PDF, "application/pdf", "application/pdf"),
        (ZIP, WORD, WORD),
        (ZIP, "application/zip", "application/octet-stream"),
        (b"<html>", "text/html", "application/octet-stream"),
        (b"<svg/>", "image/svg+xml", "application/octet-stream"),
        (b"<svg/>", "image/png", "application/octet-stream"),
        (b"", "image/png", "application/octet-stream"),
        (b"\xff\xd8\xff\xe0", "image/jpg", "image/jpeg"),
        (b"\x00\x00\x00\x18ftypM4A ", "audio/x-m4a", "audio/mp4"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword", "application/msword"),
        (b"MZ", "application/msword", "application/octet-stream"),
        (b"Dear guest", "text/plain; charset=utf-8", "text/plain"),
        (b"Dear\x00guest", "text/plain", "application/octet-stream"),
        (b"\xff\xfe", "text/plain", "application/octet-stream"),
    ],
)
def test_what_a_file_is_says_how_it_begins(data: bytes, claimed: str, found: str) -> None:
    assert sniffed_type(data, claimed) == found


class Shelf:
    """The files of a running house, kept here rather than in its store."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.files: dict[tuple[str, int], MediaContent] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def media(self, message_id: str, position: int) -> MediaContent | None:
        return self.files.get((message_id, position))


@pytest.fixture
async def house(run_innbox: Any) -> Any:
    innbox = await run_innbox({"webchat": {}, "faq_llm": {}})
    innbox.app.store = Shelf(innbox.app.store)
    return innbox


async def test_a_link_gives_the_file_to_everybody(house: Any) -> None:
    house.app.store.files["m1", 2] = MediaContent("application/pdf", PDF, "Menu.pdf")

    answer = await house.http.get(house.app.file_link("m1", 2))

    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"  # Twilio asks for the type
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''Menu.pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (await house.http.head(house.app.file_link("m1", 2))).status_code == 200


async def test_a_document_is_a_download_of_its_type(house: Any) -> None:
    house.app.store.files["m1", 0] = MediaContent(WORD, ZIP, "Bill.docx")

    answer = await house.http.get(house.app.file_link("m1", 0))

    assert answer.headers["content-type"] == WORD
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "content_type", ["text/html", "image/svg+xml", "image/png", "application/pdf", "application/xml"]
)
async def test_what_is_not_what_it_says_is_a_download_of_no_type(house: Any, content_type: str) -> None:
    house.app.store.files["m1", 0] = MediaContent(content_type, b"<svg onload='alert(1)'>", "x")

    answer = await house.http.get(house.app.file_link("m1", 0))

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_link_is_for_one_file_and_ends(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    house.app.store.files |= {("m1", n): MediaContent("image/png", PNG) for n in range(2)}
    link = house.app.file_link("m1", 0)
    assert link == house.app.file_link("m1", 0)  # the same all day long

    changed = link.replace("m1.0.", "m1.1.")
    unsigned = link.partition("~")[0]
    foreign = files.LINK_PATH + house.app.signer("media").sign("m1.0.99999999999").decode()
    for wrong in (changed, unsigned, foreign, link[:-1], files.LINK_PATH + "%ff", files.LINK_PATH + "x" * 5000):
        assert (await house.http.get(wrong)).status_code == 404, wrong
    assert (await house.http.get(house.app.file_link("m1", 7))).status_code == 404
    assert (await house.http.get("/media/m1/0")).status_code == 404  # without a session there is nothing but links

    now = time.time()
    for days, status in ((1, 200), (3, 404)):
        clock = SimpleNamespace(time=lambda days=days: now + days * files.DAY_SECONDS)
        monkeypatch.setattr(files, "time", clock)
        assert (await house.http.get(link)).status_code == status


async def test_channels_are_given_addresses_that_a_provider_can_fetch(workshop: Any, ana: Any) -> None:
    house = await workshop()
    asked = await house.guest_writes("Hello")
    await house.eventually(lambda: house.channel.sent)
    claim = house.app.store.claim_delivery
    theirs = Attachment("image", "image/png", "b.png", 3, "https://cdn.example/b.png")

    async def with_one_of_elsewhere(worker: str, conversation_id: str) -> Any:
        delivery = await claim(worker, conversation_id)
        if delivery is None:
            return None
        attachments = (*delivery.outgoing.attachments, theirs)
        return replace(delivery, outgoing=replace(delivery.outgoing, attachments=attachments))

    house.app.store.claim_delivery = with_one_of_elsewhere

    await house.app.staff.reply(ana, asked.conversation_id, "Look", files=[MediaContent("image/png", PNG, "a.png")])

    await house.eventually(lambda: len(house.channel.sent) == 2)
    outgoing = house.channel.sent[1]
    link = house.app.file_link(outgoing.message_id, 0)
    assert [item.url for item in outgoing.attachments] == [house.app.config.public_url + link, theirs.url]
