"""The HTTP client that Twilio's own client is given: one session, one deadline for a whole call, no retries.

Twilio's asynchronous client of the same library ignores its timeout and may post a message again after a 500, which
would send it twice.
"""

import base64
import logging
from types import SimpleNamespace, TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from yarl import URL

from innbox import InnboxError
from innbox_whatsapp_twilio.settings import TWILIO_API

TWILIO_ORIGINS = (TWILIO_API, "https://messaging.twilio.com")
CONNECTIONS = 256  # at once; those who wait for one have sent nothing yet


class NotReached(InnboxError):
    """Twilio could not be reached: nothing of the request was sent."""


class NotAnswered(InnboxError):
    """The request was on its way, and no whole answer came back: Twilio may have acted on it."""


class _Progress(SimpleNamespace):
    """How far one request has come."""

    begun = False


class TwilioHttp(AsyncHttpClient):
    """Sends Twilio's requests to `base_url`, each within `timeout_seconds`. Open it with `async with`."""

    def __init__(self, base_url: str, timeout_seconds: float) -> None:
        # The base class's logging writes phone numbers at info; nothing here calls it.
        super().__init__(logging.getLogger(__name__), True, timeout_seconds)
        self._base_url = base_url
        self._deadline = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_note_begun)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=self._deadline,
            trace_configs=[trace],
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Any:
        """Return Twilio's answer whatever its status; raise `NotReached` or `NotAnswered` where there is none."""
        if self._session is None:
            raise NotReached("The connection to Twilio is not open.")
        progress = _Progress()
        try:
            async with self._session.request(
                method,
                self._rewritten(url, params),
                data=urlencode(data, doseq=True, errors="replace").encode() if data else None,
                headers={**(headers or {}), **_authorization(auth)},
                allow_redirects=False,
                trace_request_ctx=progress,
            ) as answer:
                text = (await answer.read()).decode("utf-8", "replace")
                return Response(answer.status, text, answer.headers)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            reason = type(error).__name__
            if progress.begun:
                raise NotAnswered(f"Twilio did not answer ({reason}).") from error
            raise NotReached(f"Twilio cannot be reached ({reason}).") from error

    def _rewritten(self, url: str, params: dict[str, object] | None) -> URL:
        """Put the configured origin in Twilio's place; credentials go to no other.

        Twilio's own API has several origins; where another one is configured, it stands for all of them.
        """
        origin = next((origin for origin in TWILIO_ORIGINS if url.startswith(origin + "/")), None)
        if origin is None:
            raise NotReached("Twilio's client asked for an address outside its API.")
        query = f"?{urlencode(params, doseq=True, errors='replace')}" if params else ""
        placed = origin if self._base_url == TWILIO_API else self._base_url
        return URL(placed + url.removeprefix(origin) + query, encoded=True)


def _authorization(auth: tuple[str, str] | None) -> dict[str, str]:
    if auth is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(auth).encode()).decode()}


async def _note_begun(session: aiohttp.ClientSession, context: SimpleNamespace, parameters: object) -> None:
    """Called once a connection is there, right before the first byte leaves."""
    context.trace_request_ctx.begun = True
