"""Small truths about requests, for the core and for plugins."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from innbox.app import App

MOST_BODY, MOST_SECONDS = 64 * 1024 * 1024, 300.0  # that a route may allow
BODY_LIMIT, MORE_TIME = "innbox.body_limit", "innbox.more_time"  # where a request's scope has its limits


@dataclass(slots=True)
class BodySize:
    """How many bytes a request may bring."""

    most: int


def allow_body(request: HTTPConnection, most: int, seconds: float) -> None:
    """Let this one request bring a body of up to `most` bytes, and take `seconds` from now for it.

    For a route that takes files: once it knows who asks, and before it reads. Every other request keeps its limits.
    """
    limit = request.scope.get(BODY_LIMIT)
    if limit is not None:
        limit.most = min(most, MOST_BODY)
    more_time = request.scope.get(MORE_TIME)
    if more_time is not None:
        more_time(min(seconds, MOST_SECONDS))


def client_address(request: HTTPConnection) -> str:
    """Return the address of the client: the peer's, or what a trusted proxy says of it."""
    return request.client.host if request.client else "unknown"


def origin_allowed(app: "App", origin: str | None, host: str | None) -> bool:
    """Say whether a page of this origin may act here: ours does, by `public_url` or by the host that was asked for.

    A request without an `Origin` header comes from no foreign page (browsers send it with every unsafe request).
    """
    if origin is None:
        return True
    if origin == app.config.public_url:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:  # no address at all, such as `http://[`
        return False
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc.lower() == (host or "").lower()
