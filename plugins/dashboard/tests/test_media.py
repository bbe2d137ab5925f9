"""The files that guests sent: shown where they are what they say, else downloaded."""

from typing import Any

import pytest

from innbox import MediaContent

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
SHOWN = [
    ("image/png", PNG),
    ("image/jpeg", b"\xff\xd8\xff\xe0" + bytes(20)),
    ("Image/JPEG; charset=binary", b"\xff\xd8\xff\xe0" + bytes(20)),
    ("image/gif", b"GIF89a" + bytes(20)),
    ("image/webp", b"RIFF\x00\x00\x00\x00WEBPVP8 "),
    ("audio/ogg; codecs=opus", b"OggS" + bytes(20)),
    ("audio/mpeg", b"ID3" + bytes(20)),
    ("video/mp4", b"\x00\x00\x00\x18ftypmp42"),
    ("application/pdf", b"%PDF-1.7"),
]
DOWNLOADED = [
    ("image/jpeg", b"<html><script>alert(1)</script>"),
    ("image/jpeg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("text/html", b"<html>"),
    ("text/html", PNG),
    ("application/pdf", b"<html>%PDF-1.7"),
    ("application/javascript", b"alert(1)"),
    ("image/png\r\nX-Evil: 1", PNG),
    ("", b""),
    ("image/png", b""),
]


def keep(house: Any, content: MediaContent, conversation: str | None = None) -> str:
    """Keep a file with the conversation's first message; return its address."""
    message = house.store.messages[conversation or house.miramar][0]
    house.store.files[message.id, 0] = content
    return f"/media/{message.id}/0"


@pytest.mark.parametrize(("content_type", "data"), SHOWN)
async def test_what_is_what_it_says_is_shown(house: Any, content_type: str, data: bytes) -> None:
    address = keep(house, MediaContent(content_type, data, "photo.png"))
    async with house.client("ana") as client:
        answer = await client.get(address)
        assert answer.status_code == 200
        assert answer.content == data
        assert answer.headers["content-type"] == content_type.partition(";")[0].lower()
        assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''photo.png"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("content_type", "data"), DOWNLOADED)
async def test_everything_else_is_a_download(house: Any, content_type: str, data: bytes) -> None:
    address = keep(house, MediaContent(content_type, data, "file"))
    async with house.client("ana") as client:
        answer = await client.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    ("name", "header"),
    [
        (None, "inline"),
        ("", "inline"),
        ("..", "inline"),
        ("../../etc/passwd", "inline; filename*=UTF-8''passwd"),
        ('a"; x="y\r\nSet-Cookie: a=b', "inline; filename*=UTF-8''a%22%3B%20x%3D%22y%0D%0ASet-Cookie%3A%20a%3Db"),
        ("férias \ud800.png", "inline; filename*=UTF-8''f%C3%A9rias%20%3F.png"),
    ],
)
async def test_a_name_stays_in_its_header(house: Any, name: str | None, header: str) -> None:
    address = keep(house, MediaContent("image/png", PNG, name))
    async with house.client("ana") as client:
        answer = await client.get(address)
        assert answer.headers["content-disposition"] == header
        assert "set-cookie" not in answer.headers


async def test_another_hotels_file_is_not_there(house: Any) -> None:
    address = keep(house, MediaContent("image/png", PNG), house.solmar)
    async with house.client("ana") as ana, house.client("bo") as bo:
        assert (await ana.get(address)).status_code == 404
        assert (await bo.get(address)).status_code == 200


async def test_what_does_not_exist_is_not_there(house: Any) -> None:
    keep(house, MediaContent("image/png", PNG))
    message = house.store.messages[house.miramar][0]
    async with house.client("ana") as client:
        for path in (f"/media/{message.id}/1", "/media/unknown/0", f"/media/{message.id}/x", "/media/a/b/c"):
            assert (await client.get(path)).status_code == 404


async def test_an_unchanged_file_is_not_sent_again_but_permission_is_checked(house: Any) -> None:
    address = keep(house, MediaContent("image/png", PNG))
    async with house.client("ana") as ana, house.client("bo") as bo:
        etag = (await ana.get(address)).headers["etag"]
        again = await ana.get(address, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert (await bo.get(address, headers={"If-None-Match": etag})).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, 108),
        ("bytes=-8", 206, 100, 108),
        ("bytes=0-999999", 206, 0, 108),
        ("bytes=-999999", 206, 0, 108),
        ("bytes=108-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=9-1", 416, 0, 0),
        ("bytes=-", 200, 0, 108),
        ("bytes=0-1,3-4", 200, 0, 108),
        ("lines=1-2", 200, 0, 108),
        ("bytes=a-b", 200, 0, 108),
    ],
)
async def test_a_part_of_a_file_may_be_asked_for(house: Any, asked: str, status: int, start: int, end: int) -> None:
    address = keep(house, MediaContent("image/png", PNG))
    async with house.client("ana") as client:
        answer = await client.get(address, headers={"Range": asked})
        assert answer.status_code == status
        assert answer.content == PNG[start:end]
        if status == 206:
            assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(PNG)}"
