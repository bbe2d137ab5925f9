"""The model: a request becomes one post, the answer a completion; exact repeats come from the cache."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

from innbox import Cache, Completion, CompletionRequest, ModelError, Usage
from innbox_openai_llm.chat import Answer, messages_of, tools_of
from innbox_openai_llm.client import Client, UnsupportedParameter
from innbox_openai_llm.settings import OpenAISettings

FACTS = "facts"  # the source that stands for the hotel's facts file


class OpenAIModel:
    """Implements the LLM port. `cache` gives the app's cache; between `open` and `close` it may be asked."""

    def __init__(self, name: str, settings: OpenAISettings, cache: Callable[[], Cache]) -> None:
        self.name = name
        self._settings = settings
        self._cache = cache
        self._client: Client | None = None
        self._unsupported: frozenset[str] = frozenset()

    def open(self) -> None:
        """Make the client; needs a running event loop."""
        self._client = Client(self._settings)

    async def close(self) -> None:
        """Close the client and its connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def complete(self, request: CompletionRequest) -> Completion:
        """Ask the model. Raises `ModelError` with `timeout`, `connection`, `garbage`, `content_filter`, the provider's
        code or the HTTP status. An empty answer is an empty text."""
        started = time.monotonic()
        body = self._body(request)
        key = self._cache_key(request, body)
        if key is not None and (kept := await self._cache().get(key)) is not None:
            return self._kept(kept, started)
        answer = Answer(await self._post(body))
        completion = self._completion(request, answer, started)
        if key is not None and completion.text and not completion.tool_calls and answer.finish == "stop":
            await self._cache().set(key, _to_keep(completion), self._settings.cache_seconds)
        return completion

    async def write(self, task: str, text: str) -> Completion:
        """Do a task with a text; raises `ModelError` as `complete` does."""
        return await self.ask(task, text)

    async def ask(self, task: str, text: str, *, as_json: bool = False, max_tokens: int | None = None) -> Completion:
        """Ask for something that is no turn of a conversation, with `as_json` for a JSON object. Raises `ModelError`,
        `cut` where the answer is longer than `max_tokens`."""
        started = time.monotonic()
        body = self._plain_body(max_tokens or self._settings.max_tokens)
        body["messages"] = [{"role": "system", "content": task}, {"role": "user", "content": text}]
        if as_json:
            body["response_format"] = {"type": "json_object"}
        answer = Answer(await self._post(body))
        if answer.finish == "content_filter" or answer.refused:
            raise ModelError("The model's answer was withheld.", "content_filter")
        if answer.finish == "length" and as_json:
            raise ModelError("The model's answer was cut off.", "cut")
        return Completion(answer.text, model=answer.model or self._settings.model, usage=self._usage(answer, started))

    async def check(self) -> str:
        """Return a line that says what answered; raises `ModelError` with the fix."""
        models = await self._connected.models()
        if self._settings.model not in models:
            raise ModelError(
                f"{self._settings.base_url} answers, but has no model {self._settings.model}; "
                f"it has {', '.join(sorted(models)[:10]) or 'none'}. Change openai_llm.model.",
                "model_not_found",
            )
        return f"{self._settings.model} at {self._settings.base_url}"

    @property
    def _connected(self) -> Client:
        if self._client is None:
            raise ModelError("The model is asked before the app has started.", "not_open")
        return self._client

    async def _post(self, body: dict[str, Any]) -> Any:
        """Post, without a parameter that the model turns out not to know: newer models refuse `max_tokens` and
        `temperature`, older servers know no other name for the first."""
        while True:
            try:
                return await self._connected.complete(_without(body, self._unsupported))
            except UnsupportedParameter as refused:
                if refused.parameter not in body or refused.parameter in self._unsupported:
                    raise
                self._unsupported |= {refused.parameter}

    def _body(self, request: CompletionRequest) -> dict[str, Any]:
        body = self._plain_body(self._settings.max_tokens)
        body["messages"] = messages_of(request, self._settings.history_tokens)
        if request.tools:
            body["tools"] = tools_of(request.tools)
        return body

    def _plain_body(self, max_tokens: int) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self._settings.model, "max_tokens": max_tokens}
        if self._settings.temperature is not None:
            body["temperature"] = self._settings.temperature
        return body

    def _completion(self, request: CompletionRequest, answer: Answer, started: float) -> Completion:
        if answer.finish == "content_filter":
            raise ModelError("The model's answer was withheld by its content filter.", "content_filter")
        usage = self._usage(answer, started)
        model = answer.model or self._settings.model
        if answer.refused and not answer.text:
            return Completion(hand_over=True, reason="The model refused to answer this.", model=model, usage=usage)
        sources = _sources(request) if answer.text and not answer.tool_calls else ()
        return Completion(answer.text, answer.tool_calls, model=model, sources=sources, usage=usage)

    def _usage(self, answer: Answer, started: float) -> Usage:
        cost = self._cost(answer.prompt_tokens, answer.completion_tokens)
        return Usage(answer.prompt_tokens, answer.completion_tokens, time.monotonic() - started, cost)

    def _cost(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        prices = self._settings.prices
        if prices is None:
            return None
        return (prompt_tokens * prices.prompt + completion_tokens * prices.completion) / 1_000_000

    def _cache_key(self, request: CompletionRequest, body: dict[str, Any]) -> str | None:
        """Return the key of an exact repeat; None where the answer may tell of one guest, or of a tool's answer, which
        may be another one tomorrow."""
        if not self._settings.cache_answers or request.guest_data:
            return None
        if any(message.role == "tool" for message in request.dialogue):
            return None
        whole = json.dumps([self._settings.base_url, request.hotel, body], sort_keys=True)
        return f"{self.name}:answer:{hashlib.sha256(whole.encode()).hexdigest()}"

    def _kept(self, kept: bytes, started: float) -> Completion:
        answer = json.loads(kept)
        usage = Usage(seconds=time.monotonic() - started, cost_usd=self._cost(0, 0), cached=True)
        return Completion(answer["text"], model=answer["model"], sources=tuple(answer["sources"]), usage=usage)


def _to_keep(completion: Completion) -> bytes:
    kept = {"text": completion.text, "model": completion.model, "sources": completion.sources}
    return json.dumps(kept).encode()


def _sources(request: CompletionRequest) -> tuple[str, ...]:
    """Return what the model was given to answer from; which of it the answer rests on, a chat model does not say."""
    given = [FACTS] if request.facts.strip() else []
    return tuple(dict.fromkeys([*given, *(snippet.source for snippet in request.snippets)]))


def _without(body: dict[str, Any], unsupported: frozenset[str]) -> dict[str, Any]:
    left = {name: value for name, value in body.items() if name not in unsupported}
    if "max_tokens" in unsupported:
        left["max_completion_tokens"] = body["max_tokens"]
    return left
