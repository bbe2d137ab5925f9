"""The web process: health, limits, origins, headers and metrics, over a real socket."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from innbox import allow_body, guards, hookimpl
from innbox.testing.running import Running

PLUGINS: dict[str, Any] = {"webchat": {}, "faq_llm": {}, "dashboard": {}}


async def test_health_and_readiness(run_innbox: Any) -> None:
    innbox: Running = await run_innbox(PLUGINS)

    assert (await innbox.http.get("/healthz")).text == "ok\n"
    ready = await innbox.http.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)


async def test_a_store_that_is_away_is_named(run_innbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from innbox import StoreUnavailable

    innbox: Running = await run_innbox(PLUGINS)

    async def away() -> Any:
        raise StoreUnavailable("the disk is gone")

    monkeypatch.setattr(innbox.app.store, "pending_migrations", away)

    ready = await innbox.http.get("/readyz")
    assert ready.status_code == 503
    assert "the disk is gone" in ready.json()["store"]


async def test_a_connection_that_was_idle_for_a_while_is_still_there(run_innbox: Any) -> None:
    # Given a connection as a proxy keeps it
    innbox: Running = await run_innbox(PLUGINS)
    host, port = innbox.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    # When it is used, and once more after a pause
    for pause in (6, 0):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: innbox\r\n\r\n")

        # Then there is an answer each time
        answer = await asyncio.wait_for(reader.readuntil(b"ok\n"), 5)
        assert answer.startswith(b"HTTP/1.1 200")
        await asyncio.sleep(pause)
    writer.close()


async def test_unknown_paths_and_methods_are_told_plainly(run_innbox: Any) -> None:
    innbox: Running = await run_innbox(PLUGINS)

    assert (await innbox.http.get("/nowhere")).status_code == 404
    assert (await innbox.http.post("/healthz")).status_code == 405


async def test_a_large_body_is_refused_declared_or_not(run_innbox: Any) -> None:
    twilio = {"account_sid": f"AC{0:032}", "auth_token": "token", "numbers": {"+14155238886": "test"}}
    innbox: Running = await run_innbox({**PLUGINS, "whatsapp_twilio": twilio})
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    declared = await innbox.http.post("/whatsapp", content=b"x" * 70_000, headers=form)
    assert declared.status_code == 413
    assert "64 KB" in declared.json()["error"]
    password = await innbox.http.post("/login", data={"username": "ana", "password": "x" * 1_000_000})
    assert password.status_code == 400


async def test_an_endless_body_is_answered_while_it_is_sent(run_innbox: Any) -> None:
    twilio = {"account_sid": f"AC{0:032}", "auth_token": "token", "numbers": {"+14155238886": "test"}}
    innbox: Running = await run_innbox({**PLUGINS, "whatsapp_twilio": twilio})
    host, port = innbox.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /whatsapp HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n")
    writer.write(b"Content-Type: application/x-www-form-urlencoded\r\n\r\n")

    async def send() -> int:
        sent = 0
        while not reader.at_eof():
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()
            sent += 4096
            await asyncio.sleep(0.001)
        return sent

    sending = asyncio.create_task(send())
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    sending.cancel()
    writer.close()


async def test_a_foreign_page_may_not_post(run_innbox: Any) -> None:
    innbox: Running = await run_innbox(PLUGINS)
    form = {"username": "x", "password": "y"}

    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await innbox.http.post("/login", data=form, headers=headers)).status_code == 403
    assert (await innbox.http.post("/login", data=form, headers={"Origin": innbox.url})).status_code == 401


async def test_every_answer_carries_safe_headers(run_innbox: Any) -> None:
    innbox: Running = await run_innbox(PLUGINS)

    for path in ("/healthz", "/login", "/nowhere"):
        headers = (await innbox.http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "'unsafe-inline'" not in headers["content-security-policy"]
        assert "server" not in headers


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"POST /login HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\na",
    ],
    ids=["nothing", "headers", "body"],
)
async def test_a_slow_sender_is_cut_off(run_innbox: Any, monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    monkeypatch.setattr(guards, "REQUEST_SECONDS", 0.3)
    innbox: Running = await run_innbox(PLUGINS)
    host, port = innbox.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    started = time.monotonic()

    writer.write(beginning)
    async with asyncio.timeout(5):
        while await reader.read(1000):
            pass

    assert 0.2 < time.monotonic() - started < 3
    writer.close()


@pytest.fixture
def with_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A house with a route that takes 200 KB within 5 s, where others take 64 KB within 0.3 s."""

    async def upload(request: Request) -> Response:
        allow_body(request, 200_000, 5)
        return PlainTextResponse(str(len(await request.body())))

    @hookimpl
    def register_routes(self: Any) -> Iterable[BaseRoute]:
        return [Route("/upload", upload, methods=["POST"])]

    monkeypatch.setattr(guards, "REQUEST_SECONDS", 0.3)
    monkeypatch.setattr("innbox_dashboard.Dashboard.register_routes", register_routes)


@pytest.mark.usefixtures("with_uploads")
async def test_a_route_may_allow_more_and_no_other_request_gains_by_it(run_innbox: Any) -> None:
    innbox: Running = await run_innbox(PLUGINS)

    async def chunks(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 50_000

    assert (await innbox.http.post("/upload", content=b"x" * 150_000)).text == "150000"
    assert (await innbox.http.post("/upload", content=chunks(4))).text == "200000"
    for too_much in (b"x" * 200_001, chunks(5)):
        refused = await innbox.http.post("/upload", content=too_much)
        assert (refused.status_code, "195 KB" in refused.text) == (413, True)


@pytest.mark.usefixtures("with_uploads")
async def test_a_route_may_give_a_slow_sender_more_time(run_innbox: Any) -> None:
    innbox: Running = await run_innbox(PLUGINS)

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x"
            await asyncio.sleep(0.2)

    assert (await innbox.http.post("/upload", content=slowly())).text == "4"
    with pytest.raises(httpx.HTTPError):
        await innbox.http.post("/nowhere", content=slowly())
    assert (await innbox.http.get("/healthz")).status_code == 200


async def test_a_connection_that_waits_between_requests_is_kept(
    run_innbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "REQUEST_SECONDS", 0.2)
    innbox: Running = await run_innbox(PLUGINS)

    for _ in range(2):
        assert (await innbox.http.get("/healthz")).status_code == 200
        await asyncio.sleep(0.4)


async def test_metrics_are_for_this_machine_unless_configured(run_innbox: Any) -> None:
    innbox: Running = await run_innbox(PLUGINS)
    assert (await innbox.http.get("/metrics")).status_code == 200
    through_proxy = await innbox.http.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})
    assert through_proxy.status_code == 403

    with_token: Running = await run_innbox(PLUGINS, metrics={"token": "prometheus"})
    assert (await with_token.http.get("/metrics")).status_code == 403
    allowed = await with_token.http.get("/metrics", headers={"Authorization": "Bearer prometheus"})
    assert allowed.status_code == 200
    assert "innbox_oldest_unanswered_seconds" in allowed.text

    public: Running = await run_innbox(PLUGINS, metrics={"public": True})
    assert (await public.http.get("/metrics", headers={"X-Forwarded-For": "9.9.9.9"})).status_code == 200
