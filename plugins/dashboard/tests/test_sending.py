"""Pictures and files that staff send."""

from typing import Any

import pytest

from innbox import StoreUnavailable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def form(house: Any, **fields: str) -> dict[str, str]:
    return {"conversation_id": house.miramar, "text": "See this", "client_id": "c1", **fields}


async def test_files_go_with_a_reply(house: Any) -> None:
    files = [("files", ("room.png", PNG, "image/png")), ("files", ("../bill.pdf", b"%PDF-1.7", "application/pdf"))]
    async with house.client("ana") as client:
        answer = await client.post("/send_files", data=form(house), files=files)
        assert answer.json()["ok"] is True
        assert answer.json()["conversation"]["handled_by"] == "staff"
        assert [message["text"] for message in answer.json()["messages"]] == ["See this"]
        ((what, who, where, text, given),) = house.app.staff.done
        assert (what, who, where, text) == ("reply", "ana", house.miramar, "See this")
        assert [(file.content_type, file.name, file.data) for file in given["files"]] == [
            ("image/png", "room.png", PNG),
            ("application/pdf", "bill.pdf", b"%PDF-1.7"),
        ]


async def test_files_come_with_all_that_a_reply_may(house: Any) -> None:
    fields = form(house, seen_seq="7", suggestion_id="s1", translate_to="de")
    async with house.client("ana") as client:
        answer = await client.post("/send_files", data=fields, files={"files": ("a.png", PNG)})
        assert answer.status_code == 200
        for wrong in ("-1", "seven", "7.5", "٧", "9" * 30):
            answer = await client.post("/send_files", data=form(house, seen_seq=wrong), files={"files": ("a.png", PNG)})
            assert answer.status_code == 400, wrong
    ((*_, given),) = house.app.staff.done
    assert (given["seen_seq"], given["suggestion_id"], given["translate_to"]) == (7, "s1", "de")


async def test_a_file_needs_no_words(house: Any) -> None:
    async with house.client("ana") as client:
        answer = await client.post("/send_files", data=form(house, text=""), files={"files": ("a.png", PNG)})
        assert answer.status_code == 200


async def test_another_hotels_guest_is_sent_nothing(house: Any) -> None:
    async with house.client("ana") as client:
        for conversation_id in (house.solmar, "' OR 1=1"):
            fields = form(house, conversation_id=conversation_id)
            answer = await client.post("/send_files", data=fields, files={"files": ("a.png", PNG)})
            assert answer.status_code == 404
    async with house.client() as nobody:
        answer = await nobody.post("/send_files", data=form(house), files={"files": ("a.png", PNG)})
        assert answer.status_code == 401
    assert house.app.staff.done == []


async def test_forms_that_do_not_fit(house: Any) -> None:
    picture = ("files", ("a.png", PNG, "image/png"))
    async with house.client("ana") as client:
        for fields, files in (
            (form(house), []),
            (form(house), [("other", picture[1])]),
            (form(house), [picture] * 11),
            (form(house, client_id=""), [picture]),
            (form(house, text="x" * 20_001), [picture]),
            ({}, [picture]),
            (form(house), [("text", ("a.txt", b"x"))]),
        ):
            answer = await client.post("/send_files", data=fields, files=files)
            assert answer.status_code == 400, fields
        broken = {"Content-Type": "multipart/form-data"}
        assert (await client.post("/send_files", content=b"x", headers=broken)).status_code == 400
        assert (await client.post("/send_files", json={"conversation_id": house.miramar})).status_code == 400
    assert house.app.staff.done == []


async def test_the_store_away_is_said_so(house: Any) -> None:
    house.app.staff.problem = StoreUnavailable("away")
    async with house.client("ana") as client:
        answer = await client.post("/send_files", data=form(house), files={"files": ("a.png", PNG)})
        assert answer.status_code == 503


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\photos\\sea.png", "sea.png"),
        ("/etc/passwd", "passwd"),
        ("in\u202egnp.exe", "ingnp.exe"),
        ("x" * 300 + ".png", "x" * 100),
        ("férias.png", "férias.png"),
    ],
)
async def test_a_name_is_a_name_alone(house: Any, given: str, kept: str) -> None:
    async with house.client("ana") as client:
        await client.post("/send_files", data=form(house), files={"files": (given, PNG, "image/png")})
    assert house.app.staff.done[0][-1]["files"][0].name == kept


async def test_a_file_is_what_its_bytes_say(house: Any) -> None:
    claims = [(PNG, "text/html"), (b"<html><script>alert(1)</script>", "image/png"), (b"<svg/>", "image/svg+xml")]
    files = [("files", ("a", data, claimed)) for data, claimed in claims]
    async with house.client("ana") as client:
        await client.post("/send_files", data=form(house), files=files)
    kinds = [file.content_type for file in house.app.staff.done[0][-1]["files"]]
    assert kinds == ["image/png", "application/octet-stream", "application/octet-stream"]
