"""The web process: the one Starlette app with the plugins' routes, the one Socket.IO server, and `innbox serve`."""

import hmac
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import socketio
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from innbox.app import App
from innbox.collecting import settle_memory
from innbox.config import Config, load_config
from innbox.errors import Conflict, InnboxError, NotFound, PluginError, Refused, StoreUnavailable, Throttled
from innbox.fanout import FramesProtocol, LiveASGI
from innbox.guards import BodyLimit, OriginCheck, SafeHeaders, SlowSenderProtocol
from innbox.http import origin_allowed
from innbox.live import ServerLive
from innbox.live_manager import LocalManager, SharedManager
from innbox.logs import set_up_logs
from innbox.pipeline.runner import Runner
from innbox.queue import QueueWakes

log = structlog.get_logger(__name__)

CONFIG_VARIABLE = "INNBOX_CONFIG"
MAX_FRAME = 100_000  # bytes of one Socket.IO packet
EMBEDDED_SLOTS = 200
LOOPBACK = frozenset({"127.0.0.1", "::1"})
STOP_SECONDS = 5
# Longer than those before us keep an idle connection (nginx 60 s, its ngx_http_upstream_module's keepalive_timeout):
# who closes first must not be we, just as they send the next request.
IDLE_SECONDS = 75
MOST_LOGGED = 200  # characters of a path
NO_WORKER = "none lives: what guests write is stored, and nobody answers or delivers; start innbox worker"
QUEUE_AWAY = "away: workers look for work once a second until it is back, and pages are told late"


def create_asgi(config: Config) -> ASGIApp:
    """Return the ASGI app of a configuration: HTTP, Socket.IO and the lifespan. Raises `PluginError`."""
    app = App.from_config(config)
    server = _socket_server(app)
    app.live = ServerLive(server)
    routes: list[BaseRoute] = [
        Route("/healthz", _healthz),
        Route("/readyz", _readyz),
        Route("/metrics", _metrics),
        *app.files.routes(),
        *(route for _, route in app.dispatch.collect("register_routes")),
    ]
    starlette = Starlette(
        routes=routes,
        middleware=[
            Middleware(SafeHeaders, https=config.public_url.startswith("https://")),
            Middleware(BodyLimit),
            Middleware(OriginCheck, innbox=app),
        ],
        exception_handlers={InnboxError: _told, 500: _broken, 404: _http_error, 405: _http_error},
        lifespan=_lifespan(app),
    )
    starlette.state.innbox = app
    return LiveASGI(server, starlette, socketio_path="socket.io")


def server_options(config: Config) -> dict[str, Any]:
    """Return how uvicorn is to serve: limits, no chatter, and proxies believed only where they are trusted."""
    return {
        "http": SlowSenderProtocol,
        "ws": FramesProtocol,
        "ws_max_size": MAX_FRAME + 1024,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": True,
        "forwarded_allow_ips": list(config.trusted_proxies),
        "timeout_keep_alive": IDLE_SECONDS,
        "timeout_graceful_shutdown": STOP_SECONDS,
        "lifespan": "on",
    }


def asgi_from_environment() -> ASGIApp:
    """Return the ASGI app of the file named by `INNBOX_CONFIG`: for several web processes on one port."""
    config = load_config(Path(os.environ[CONFIG_VARIABLE]))
    set_up_logs(config.logs.level, config.logs.format, "web")
    asgi = create_asgi(config)
    settle_memory()
    return asgi


def serve(config: Config, config_path: Path, host: str, port: int, workers: int = 1) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. Several `workers` need a queue."""
    set_up_logs(config.logs.level, config.logs.format, "web")
    if workers > 1 and config.queue is None:
        raise Refused("Several web processes need queue.url in the configuration.")
    options = {**server_options(config), "host": host, "port": port}
    if workers > 1:
        os.environ[CONFIG_VARIABLE] = str(config_path)
        uvicorn.run("innbox.web:asgi_from_environment", factory=True, workers=workers, **options)
        return 0
    asgi = create_asgi(config)
    settle_memory()
    server = uvicorn.Server(uvicorn.Config(asgi, **options))
    server.run()
    return 0 if server.started else 1


def _lifespan(app: App) -> Callable[[Starlette], Any]:
    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(app.lifespan())
            if app.config.queue is None:
                runner = Runner(app, EMBEDDED_SLOTS)
                app.wakes = runner
                await stack.enter_async_context(runner.running())
            else:
                wakes = QueueWakes(app.config.queue.url, app.metrics)
                app.wakes = wakes
                stack.callback(wakes.close)
                await stack.enter_async_context(app.metrics.kept_in(app.store))
            log.info("web process ready", hotels=len(app.hotels), channels=sorted(app.channels))
            yield
            log.info("web process stops")

    return running


def _socket_server(app: App) -> socketio.AsyncServer:
    queue = app.config.queue

    def allowed(origin: str | None, environ: dict[str, Any]) -> bool:
        return origin_allowed(app, origin, environ.get("HTTP_HOST"))

    server = socketio.AsyncServer(
        async_mode="asgi",
        client_manager=SharedManager(queue.url) if queue else LocalManager(),
        cors_allowed_origins=allowed,
        max_http_buffer_size=MAX_FRAME,
        ping_interval=10,
        ping_timeout=8,
        namespaces=[],
        # Named, or each would add a handler of its own, which writes what strangers send as it comes.
        logger=logging.getLogger("socketio"),
        engineio_logger=logging.getLogger("engineio"),
    )
    owners: dict[str, str] = {}
    for plugin, namespace in app.dispatch.collect("register_namespaces"):
        if not isinstance(namespace, socketio.AsyncNamespace):
            raise PluginError(f"plugin {plugin}: hook register_namespaces returned {type(namespace).__name__}")
        if namespace.namespace in owners:
            raise PluginError(f"plugins {owners[namespace.namespace]} and {plugin} both want {namespace.namespace}")
        owners[namespace.namespace] = plugin
        server.register_namespace(namespace)
    return server


async def _healthz(request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _readyz(request: Request) -> Response:
    """200 where a webhook would be stored; else 503 naming what is not ready.

    That nobody works on what is stored, or that wakes are lost, is told beside it: guests' messages are safe, so no
    proxy should turn them away for it.
    """
    app: App = request.app.state.innbox
    told: dict[str, Any] = {"ready": True, "store": "ready"}
    try:
        pending = await app.store.pending_migrations()
        if pending:
            text = f"not ready: the schema is behind by {len(pending)}; run innbox migrate"
            told.update(ready=False, store=text)
        else:
            told["workers"] = _told_of_workers((await app.store.pulse()).workers)
    except StoreUnavailable as error:
        told.update(ready=False, store=f"not ready: {error}")
    if isinstance(app.wakes, QueueWakes):
        told["queue"] = "ready" if await app.wakes.answers() else QUEUE_AWAY
    return JSONResponse(told, 200 if told["ready"] else 503)


def _told_of_workers(living: int) -> str:
    return f"{living} at work" if living else NO_WORKER


async def _metrics(request: Request) -> Response:
    app: App = request.app.state.innbox
    if not _may_read_metrics(app.config, request):
        return JSONResponse({"error": "Metrics are not public here."}, 403)
    try:
        await app.metrics.bring_to(app.store)
        text = app.metrics.text(await app.store.counts(), await app.store.pulse())
    except StoreUnavailable:
        text = app.metrics.text(None, None)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _may_read_metrics(config: Config, request: Request) -> bool:
    """Anybody where configured; else who has the token, or who asks from this machine and through no proxy."""
    if config.metrics.public:
        return True
    token = config.metrics.token
    if token is not None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.get_secret_value().encode())
    forwarded = any(name in request.headers for name in ("x-forwarded-for", "x-forwarded-host", "forwarded"))
    return request.client is not None and request.client.host in LOOPBACK and not forwarded


_STATUS: tuple[tuple[type[InnboxError], int], ...] = (
    (StoreUnavailable, 503),
    (NotFound, 404),
    (Conflict, 409),
    (Throttled, 429),
    (Refused, 400),
)


_STATUS_OF_CODE = {"forbidden": 403, "too_large": 413}


async def _told(request: Request, error: Exception) -> Response:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    if status == 503:
        log.warning("store away", path=request.url.path[:MOST_LOGGED])
        return JSONResponse({"error": "The store is not available; nothing was written. Try again."}, 503)
    if status == 500:
        return await _broken(request, error)
    told, headers = {"error": str(error)}, {}
    if isinstance(error, Refused):
        told["code"] = error.code
        status = _STATUS_OF_CODE.get(error.code, status)
    if isinstance(error, Throttled):
        headers["Retry-After"] = str(max(int(error.retry_after), 1))
    if status == 413:
        headers["Connection"] = "close"  # the rest of the body is not read
    return JSONResponse(told, status, headers)


async def _broken(request: Request, error: Exception) -> Response:
    log.error("request failed", path=request.url.path[:MOST_LOGGED], error=type(error).__name__)
    return JSONResponse({"error": "Something is broken here; it was logged."}, 500)


async def _http_error(request: Request, error: Exception) -> Response:
    status: int = getattr(error, "status_code", 500)
    return JSONResponse({"error": getattr(error, "detail", "error")}, status, getattr(error, "headers", None))
