"""The desk's own doors: files that staff send, pages of leads and admins, and ids that belong elsewhere."""

import asyncio
import contextlib
import csv
import io
import os
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from innbox import AuditEntry, new_id, now
from innbox.testing.running import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

IMAGE = '"><img src=x onerror="window.hacked=1">'
SCRIPT = b"<html><script>window.hacked=1</script>"
PNG = b"\x89PNG\r\n\x1a\n"
JSON = {"Accept": "application/json"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def talks(house: Any) -> dict[str, Any]:
    """A conversation in each of the two hotels, an admin and a lead of one hotel."""
    await house.running.add_user("max", "admin", ["farol"])
    await house.running.add_user("lea", "lead", ["miramar"])
    found = {}
    for hotel, to in (("miramar", None), ("farol", "+351210000000")):
        form = house.form("Hello", **({"to": to} if to else {}))
        assert (await house.post(form)).status_code == 200
        guest = form["From"].removeprefix("whatsapp:")
        await house.answered(guest, hotel=hotel)
        found[hotel] = await house.history(guest, hotel=hotel)
    return found


def upload(talks: dict[str, Any], **fields: str) -> dict[str, str]:
    return {"conversation_id": talks["miramar"][0].conversation_id, "client_id": new_id(), **fields}


# Files


async def test_files_larger_than_their_limit(house: Any, talks: dict[str, Any]) -> None:
    desk = await house.visitor("bo")
    large = os.urandom(1024) * (17 * 1024)

    declared = await desk.post("/send_files", data=upload(talks), files={"files": ("a.bin", large)})
    assert (declared.status_code, declared.json()["code"]) == (413, "too_large")

    # a little more than the files may have, in a form that may still come
    nearly = large[: 16 * 1024 * 1024 + 1]
    refused = await desk.post("/send_files", data=upload(talks), files={"files": ("a.bin", nearly)})
    assert (refused.status_code, refused.json()["code"]) == (400, "files")


async def test_a_form_without_end(house: Any) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    sent = 0

    async def send() -> None:
        nonlocal sent
        head = f"POST /send_files HTTP/1.1\r\nHost: x\r\nCookie: {await house.cookies('bo')}\r\n"
        kind = "Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"
        part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        writer.write(f"{head}{kind}{len(part):x}\r\n".encode() + part + b"\r\n")
        with contextlib.suppress(OSError):
            while sent < 128 * 1024 * 1024:
                writer.write(b"10000\r\n" + bytes(65536) + b"\r\n")
                await writer.drain()
                sent += 65536

    sending = asyncio.create_task(send())
    async with asyncio.timeout(20):
        answer = await reader.readline()
        await sending
    writer.close()

    assert answer.startswith(b"HTTP/1.1 413")
    assert sent < 64 * 1024 * 1024  # the limit twice, and what the network holds


async def test_a_stranger_sends_no_more_than_a_form(house: Any, talks: dict[str, Any]) -> None:
    stranger = await house.visitor(None)
    files = {"files": ("a.bin", bytes(2 * 1024 * 1024))}

    assert (await stranger.post("/send_files", data=upload(talks), files=files)).status_code == 401
    for path in ("/login", "/language", "/whatsapp"):
        answer = await stranger.post(path, data={"language": "en"}, files=files)
        assert answer.status_code in (400, 403, 413), path


async def test_more_files_than_ten(house: Any, talks: dict[str, Any]) -> None:
    desk = await house.visitor("bo")
    answer = await desk.post("/send_files", data=upload(talks), files=[("files", ("a.png", PNG))] * 11)
    assert answer.status_code == 400


@pytest.mark.parametrize("claimed", ["image/png", "text/html", "image/svg+xml", "application/pdf"])
async def test_a_page_called_a_picture(house: Any, talks: dict[str, Any], claimed: str) -> None:
    desk = await house.visitor("bo")
    name = "../../etc/\u202egnp.html"
    answer = await desk.post("/send_files", data=upload(talks), files={"files": (name, SCRIPT, claimed)})
    (file,) = answer.json()["message"]["attachments"]
    assert (file["kind"], file["content_type"]) == ("file", "application/octet-stream")
    assert file["name"] == "gnp.html"

    shown = await desk.get(file["url"])

    assert shown.headers["content-type"] == "application/octet-stream"
    assert shown.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in shown.headers["content-security-policy"]


# Pages and bodies


@pytest.mark.parametrize("path", ["/numbers", "/audit", "/canned", "/people"])
async def test_markup_on_the_pages_of_leads_and_admins(house: Any, talks: dict[str, Any], path: str) -> None:
    await house.app.store.audit(_entry(IMAGE, IMAGE, {IMAGE: [IMAGE]}))
    admin = await house.visitor("ana")
    form = {"hotel": "miramar", "shortcut": "x", "text": f"</textarea>{IMAGE}", "do": "add", "name": IMAGE}
    await admin.post(path, data={**form, "password": IMAGE, "role": "agent", "all_hotels": "on"})

    for answer in (
        await admin.get(path),
        await admin.get(path, params={"user": IMAGE, "saved": IMAGE, "from": IMAGE, "to": IMAGE}),
        await admin.post(path, data={**form, "name": IMAGE, "shortcut": IMAGE}),
    ):
        assert "<img" not in answer.text
        assert answer.status_code in (200, 400, 405)


async def test_formulas_in_the_audit_log(house: Any) -> None:
    await house.app.store.audit(_entry("=cmd|' /C calc'!A0", "@SUM(1)", {}))
    admin = await house.visitor("ana")

    answer = await admin.get("/audit.csv", params={"user": "=cmd|' /C calc'!A0"})

    _, row = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert row[1:3] == ["'=cmd|' /C calc'!A0", "'@SUM(1)"]


@pytest.mark.parametrize("path", ["/people", "/canned", "/settings", "/actions/porter"])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"hotels": ' + b"[" * 20_000, b'{"do": {}, "id": [1], "hotels": [[]]}'],
    ids=["nothing", "broken", "a list", "null", "no text", "a deep one", "of other types"],
)
async def test_a_body_of_another_shape(house: Any, path: str, body: bytes) -> None:
    admin = await house.visitor("ana")
    answer = await admin.post(path, content=body, headers={**JSON, "Content-Type": "application/json"})
    assert answer.status_code == 400
    assert isinstance(answer.json()["error"], str)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", path) for path in ("/send_files", "/people", "/canned", "/actions/x", "/language")]
    + [("DELETE", "/canned/x")],
)
async def test_a_foreign_page(house: Any, method: str, path: str) -> None:
    admin = await house.visitor("ana")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await admin.request(method, path, data={"language": "de"}, headers=headers)).status_code == 403


# People


async def test_an_admin_of_one_hotel_gains_no_other(house: Any, talks: dict[str, Any]) -> None:
    admin = await house.visitor("max")
    mine = {"name": "mia", "password": "long enough", "role": "admin"}

    for change in (
        {"do": "add", **mine, "hotels": None},
        {"do": "add", **mine, "hotels": ["farol", "miramar"]},
        {"do": "change", "name": "max", "role": "admin", "hotels": None},
        {"do": "change", "name": "eve", "role": "agent", "hotels": ["miramar"]},
        {"do": "password", "name": "ana", "password": "long enough"},
        {"do": "password", "name": "lea", "password": "long enough"},
        {"do": "disable", "name": "ana"},
        {"do": "change", "name": "bo", "role": "agent", "hotels": ["farol"]},
    ):
        answer = await admin.post("/people", json=change, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), change
    seen = (await admin.get("/people", headers=JSON)).json()["people"]
    assert [one["name"] for one in seen] == ["eve", "max"]
    assert (await house.app.accounts.sign_in("ana", PASSWORD, "192.0.2.9"))[1].name == "ana"


async def test_nobody_disables_the_last_admin_of_all(house: Any) -> None:
    admin = await house.visitor("ana")
    for change in ({"do": "disable"}, {"do": "change", "role": "agent", "hotels": None}):
        answer = await admin.post("/people", json={"name": "ana", **change}, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "last_admin")


async def test_a_lead_reads_no_other_hotels_log(house: Any, talks: dict[str, Any]) -> None:
    await house.app.record("ana", "take_over", "farol", talks["farol"][0].conversation_id)
    lead = await house.visitor("lea")

    for path in ("/audit", "/audit.csv", "/audit?user=ana", f"/audit?before={new_id()}"):
        answer = await lead.get(path, headers=JSON)
        assert answer.status_code == 200
        assert "farol" not in answer.text
        assert "sign_in" not in answer.text


# Ids that belong elsewhere


async def test_ids_of_another_conversation(house: Any, talks: dict[str, Any], connect: Any) -> None:
    mine, theirs = talks["miramar"][0].conversation_id, talks["farol"]
    store = house.app.store
    scheduled, _ = await store.schedule(theirs[0].conversation_id, "eve", "Hi", now() + timedelta(days=1), None)
    answer = next(message for message in theirs if message.meta.get("turn_id"))
    desk, client = await house.visitor("bo"), await connect(as_user="bo")

    asked = {"conversation_id": mine, "turn_id": answer.meta["turn_id"]}
    assert (await desk.get("/get_turn", params=asked)).status_code == 404
    not_found = {"ok": False, "error": "not found"}
    call = {"conversation_id": mine, "message_id": answer.id, "arrived": True, "position": 0, "language": "pt"}
    for event in ("retry_message", "decide_message", "retry_media", "translate_message"):
        assert await client.call(event, call) == not_found
    assert await client.call("cancel_scheduled", {"conversation_id": mine, "scheduled_id": scheduled.id}) == not_found
    assert [kept.id for kept in await store.scheduled(theirs[0].conversation_id)] == [scheduled.id]


async def test_a_colleague_of_another_hotel_is_given_nothing(house: Any, talks: dict[str, Any], connect: Any) -> None:
    client = await connect(as_user="bo")
    mine = talks["miramar"][0].conversation_id
    for assignee in ("eve", "nobody", "' OR 1=1"):
        answer = await client.call("assign", {"conversation_id": mine, "assignee": assignee})
        assert (answer["ok"], answer["code"]) == (False, "assignee")
    note = {"conversation_id": mine, "text": "@eve @bo look", "client_id": new_id(), "mentions": ["eve", "ana"]}
    answer = await client.call("agent_note", note)
    assert sorted(answer["message"]["mentions"]) == ["ana", "bo"]


def _entry(user: str, action: str, detail: dict[str, Any]) -> AuditEntry:
    return AuditEntry(new_id(), now(), user, action, "miramar", None, detail)
