"""Posting to the API: one deadline, few retries, and every failure a `ModelError` with a code for the metrics.

The official client knows where the API is, who asks (its headers, its authentication) and what errors mean; the posts
themselves go straight to aiohttp. Measured (2 cores, a prompt of 2,500 characters, CPU a call):
`chat.completions.create` takes 5.8 ms, nearly all of it in typed models that nobody reads here; the client's `post` to
a plain response 1.2 ms, in requests, headers and options that are the same each time; a post of our own 0.4.
"""

import asyncio
import json
import random
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2
import openai
from openai import AsyncOpenAI, Omit

from innbox import ModelError
from innbox_openai_llm.settings import OpenAISettings

CONNECT_SECONDS = 5.0
MAX_CONNECTIONS = 1000  # as many as a worker has turns in flight by default
FIRST_WAIT_SECONDS = 0.5
# Codes of https://platform.openai.com/docs/guides/error-codes that a second try cannot mend.
_HOPELESS = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_CODE = re.compile(r"[a-z0-9_]{1,40}")
_GARBAGE = "garbage"


class UnsupportedParameter(ModelError):
    """The model does not know a parameter of the request, or not this value of it."""

    def __init__(self, parameter: str) -> None:
        super().__init__(f"The model does not support {parameter}.", "unsupported_parameter")
        self.parameter = parameter


class Refused(Exception):
    """The API answered with a status of 400 or more; `code` and `param` are those of its error, where it names them."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        error = _error_in(body)
        self.code = str(error.get("code") or "")
        self.param = str(error.get("param") or "")


class Client:
    """The provider's API. Closed in the event loop that asked it."""

    def __init__(self, settings: OpenAISettings) -> None:
        self._settings = settings
        timeout = openai.Timeout(settings.timeout_seconds, connect=min(CONNECT_SECONDS, settings.timeout_seconds))
        self._api = AsyncOpenAI(
            api_key=settings.api_key.get_secret_value(), base_url=settings.base_url, timeout=timeout, max_retries=0
        )
        self._url = str(self._api.base_url).rstrip("/") + "/chat/completions"
        self._connect_seconds = timeout.connect
        given = {**self._api.default_headers, **self._api.auth_headers}
        # With each post, not with the session: aiohttp would give the session's to a proxy, and with them the key.
        self._headers = {name: value for name, value in given.items() if not isinstance(value, Omit)}
        self._proxy, self._proxy_headers = _proxy_for(self._url)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        await self._api.close()

    async def complete(self, body: Mapping[str, Any]) -> Any:
        """Post a chat completion and return the JSON that came; raises `ModelError`."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds) as deadline:
                answer = await self._post_patiently(json.dumps(body).encode(), deadline)
        except TimeoutError as error:
            raise ModelError("The model did not answer in time.", "timeout") from error
        except Refused as error:
            raise refusal(error.status, error.code, error.param) from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise ModelError("The model cannot be reached.", "connection") from error
        except aiohttp.ClientError as error:
            raise ModelError("The model's answer is no HTTP.", _GARBAGE) from error
        try:
            return json.loads(answer)
        except ValueError as error:
            raise ModelError("The model's answer is no JSON.", _GARBAGE) from error

    async def models(self) -> list[str]:
        """Return the names of the provider's models; raises `ModelError`."""
        try:
            return [model.id for model in (await self._api.models.list()).data]
        except openai.OpenAIError as error:
            raise model_error(error) from error

    async def _post_patiently(self, body: bytes, deadline: asyncio.Timeout) -> bytes:
        for retry in range(self._settings.max_retries + 1):
            try:
                return await self._post(body)
            except TimeoutError:
                raise
            except (Refused, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
                wait = _wait_before_retry(error, retry)
                if wait is None or retry == self._settings.max_retries or not _fits(wait, deadline):
                    raise
                await asyncio.sleep(wait)
        raise AssertionError("the last try returns or raises")

    async def _post(self, body: bytes) -> bytes:
        # Redirects are not followed: the key goes to `base_url` alone.
        if self._session is None:
            self._session = self._opened()
        async with self._session.post(
            self._url,
            data=body,
            headers=self._headers,
            allow_redirects=False,
            proxy=self._proxy,
            proxy_headers=self._proxy_headers,
        ) as response:
            answer = await response.read()
            if response.status >= 400:
                raise Refused(response.status, response.headers, answer)
            return answer

    def _opened(self) -> aiohttp.ClientSession:
        """Return a session that trusts whom the official client trusts.

        With `trust_env` aiohttp would look for a proxy, and into .netrc, in a thread of its own at every post.
        """
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, ssl=httpx2.create_ssl_context()),
            timeout=aiohttp.ClientTimeout(connect=self._connect_seconds),  # the whole has its deadline in `complete`
            cookie_jar=aiohttp.DummyCookieJar(),
        )


def _proxy_for(url: str) -> tuple[str | None, Mapping[str, str] | None]:
    """Return the proxy that the environment names for a URL (`https_proxy`, `no_proxy`), and what to tell it of us."""
    parts = urlsplit(url)
    named = getproxies().get(parts.scheme)
    if named is None or proxy_bypass(parts.netloc):
        return None, None
    proxy = urlsplit(named)
    if proxy.username is None:
        return named, None
    who = aiohttp.encode_basic_auth(unquote(proxy.username), unquote(proxy.password or ""))
    return proxy._replace(netloc=proxy.netloc.rpartition("@")[2]).geturl(), {"Authorization": who}


def _error_in(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _wait_before_retry(error: Exception, retry: int) -> float | None:
    """Return how many seconds to wait before the next try; None where there is no use in one."""
    if not isinstance(error, Refused):
        return 0.0
    if error.status not in (408, 429) and error.status < 500:
        return None
    if error.code in _HOPELESS:
        return None
    wanted = _retry_after(error.headers)
    return wanted if wanted is not None else FIRST_WAIT_SECONDS * 2**retry * random.uniform(0.75, 1.25)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(float(headers[name]) * unit, 0.0)
        except (KeyError, ValueError):
            continue
    return None


def _fits(wait: float, deadline: asyncio.Timeout) -> bool:
    ends = deadline.when()
    return ends is None or asyncio.get_running_loop().time() + wait < ends


def is_timeout(error: BaseException) -> bool:
    """Say whether a deadline is at the root of an error; the transport calls cut connections time-outs, too."""
    while error.__cause__ is not None:
        error = error.__cause__
    return isinstance(error, TimeoutError)


def refusal(status: int, code: str, param: str) -> ModelError:
    """Return what the core is told of a refusal: never the provider's text, which may hold the guest's."""
    if status == 400 and code in ("unsupported_parameter", "unsupported_value") and param:
        return UnsupportedParameter(param)
    return ModelError(f"The model answered {status}.", code if _CODE.fullmatch(code) else str(status))


def model_error(error: openai.OpenAIError) -> ModelError:
    """Return what the core is told of the official client's error."""
    if isinstance(error, openai.APIStatusError):
        return refusal(error.status_code, str(error.code or ""), error.param or "")
    if isinstance(error, openai.APIConnectionError):
        if is_timeout(error):
            return ModelError("The model did not answer in time.", "timeout")
        return ModelError("The model cannot be reached.", "connection")
    return ModelError("The model's answer cannot be read.", _GARBAGE)
