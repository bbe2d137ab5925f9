"""Small truths about requests, for the core and for plugins."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from innbox.app import App


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
