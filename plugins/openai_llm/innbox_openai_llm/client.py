"""Posting to the API: one deadline, few retries, and every failure a `ModelError` with a code for the metrics.

The official client does the HTTP, with two choices made by measurement (2 cores, a prompt of 2,500 characters, CPU a
call): `chat.completions.create` takes 5.8 ms, nearly all of it in typed models that nobody reads here, while the same
client's `post` to a plain response takes 1.5; and its aiohttp transport stays at 1.2 ms with 1,000 calls in flight,
where the default transport's pool, searched whole for every call, needs 10.
"""

import asyncio
import json
import random
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import httpx2
import openai
from openai import AsyncOpenAI

from innbox import ModelError
from innbox_openai_llm.settings import OpenAISettings

CONNECT_SECONDS = 5.0
MAX_CONNECTIONS = 1000  # as many as a worker has turns in flight by default
FIRST_WAIT_SECONDS = 0.5
# Codes of https://platform.openai.com/docs/guides/error-codes that a second try cannot mend.
_HOPELESS = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_CODE = re.compile(r"[a-z0-9_]{1,40}")


class UnsupportedParameter(ModelError):
    """The model does not know a parameter of the request, or not this value of it."""

    def __init__(self, parameter: str) -> None:
        super().__init__(f"The model does not support {parameter}.", "unsupported_parameter")
        self.parameter = parameter


class Client:
    """The provider's API. Made and closed in a running event loop."""

    def __init__(self, settings: OpenAISettings) -> None:
        self._settings = settings
        timeout = openai.Timeout(settings.timeout_seconds, connect=min(CONNECT_SECONDS, settings.timeout_seconds))
        self._api = AsyncOpenAI(
            api_key=settings.api_key.get_secret_value(),
            base_url=settings.base_url,
            timeout=timeout,
            max_retries=0,  # retries are made here: they must know the deadline
            http_client=openai.DefaultAioHttpClient(
                timeout=timeout,
                limits=httpx2.Limits(max_connections=MAX_CONNECTIONS),
                follow_redirects=False,  # the key goes to `base_url` alone
            ),
        )

    async def close(self) -> None:
        await self._api.close()

    async def complete(self, body: Mapping[str, Any]) -> Any:
        """Post a chat completion and return the JSON that came; raises `ModelError`."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds) as deadline:
                response = await self._post_patiently(body, deadline)
        except TimeoutError as error:
            raise ModelError("The model did not answer in time.", "timeout") from error
        except openai.OpenAIError as error:
            raise model_error(error) from error
        except aiohttp.ClientError as error:  # what the transport does not translate: bad HTTP
            raise ModelError("The model's answer is no HTTP.", "garbage") from error
        try:
            return json.loads(response.content)
        except ValueError as error:
            raise ModelError("The model's answer is no JSON.", "garbage") from error

    async def models(self) -> list[str]:
        """Return the names of the provider's models; raises `ModelError`."""
        try:
            return [model.id for model in (await self._api.models.list()).data]
        except openai.OpenAIError as error:
            raise model_error(error) from error

    async def _post_patiently(self, body: Mapping[str, Any], deadline: asyncio.Timeout) -> httpx2.Response:
        for retry in range(self._settings.max_retries + 1):
            try:
                return await self._api.post("/chat/completions", cast_to=httpx2.Response, body=body)
            except openai.APIError as error:
                wait = _wait_before_retry(error, retry)
                if wait is None or retry == self._settings.max_retries or not _fits(wait, deadline):
                    raise
                await asyncio.sleep(wait)
        raise AssertionError("the last try returns or raises")


def _wait_before_retry(error: openai.APIError, retry: int) -> float | None:
    """Return how many seconds to wait before the next try; None where there is no use in one."""
    if not isinstance(error, openai.APIStatusError):
        return 0.0 if isinstance(error, openai.APIConnectionError) and not is_timeout(error) else None
    if error.status_code not in (408, 429) and error.status_code < 500:
        return None
    if error.code in _HOPELESS:
        return None
    wanted = _retry_after(error.response.headers)
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


def model_error(error: openai.OpenAIError) -> ModelError:
    """Return what the core is told: never the provider's text, which may hold the guest's."""
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        code = str(error.code or "")
        if status == 400 and code in ("unsupported_parameter", "unsupported_value") and error.param:
            return UnsupportedParameter(error.param)
        return ModelError(f"The model answered {status}.", code if _CODE.fullmatch(code) else str(status))
    if isinstance(error, openai.APIConnectionError):
        if is_timeout(error):
            return ModelError("The model did not answer in time.", "timeout")
        return ModelError("The model cannot be reached.", "connection")
    return ModelError("The model's answer cannot be read.", "garbage")
