"""A stand-in for OpenAI's chat API on a real socket, for tests and for trying Innbox without a key.

It answers alike every time: `re: ` and the last user message. A user message that says `CALLTOOL name {json}` gets
that tool call, where the tool is offered, and the tool's result is answered with `tool said: ` and the result. Tests
may script other answers, and any of `FAULTS`.

What is asked beside answering guests (its system prompt begins as one of `TASKS`) is kept apart, in `tasks`, so that it
takes no script and no fault that was meant for an answer. A translation is the text with the target language before it
(`[pt] Hello`); a text that begins so is in that language, any other is English. A note tells the guest's last line.

    async with OpenAIWire() as openai:
        openai.fail("429", times=1)
        ...                              # something that posts to openai.url
        assert len(openai.requests) == 2

From the command line: `python -m innbox.testing.openai_wire --port 9201`. A process of its own is steered over HTTP:
`POST /_wire/fail {"mode": "429", "times": 3}`, `POST /_wire/script {"answers": ["…"]}`, `GET /_wire/requests`.

The shapes are those of https://platform.openai.com/docs/api-reference/chat and of
https://platform.openai.com/docs/guides/error-codes.
"""

import argparse
import asyncio
import json
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from aiohttp import web

MODELS = ("gpt-4o-mini", "gpt-4o", "gpt-4.1-mini")

# What can be made to go wrong. `timeout` never answers, `cut` closes the connection, `garbage` breaks the JSON off,
# `nonsense` is JSON of another shape, `empty` says nothing, `broken_tool_json` calls a tool with half an argument.
FAULTS = (
    "429",
    "500",
    "503",
    "timeout",
    "cut",
    "garbage",
    "nonsense",
    "content_filter",
    "empty",
    "refusal",
    "broken_tool_json",
)

# How the system prompts begin of what models are asked for beside answers: translations, and notes for staff.
TASKS = ("You translate", "You write a note")

_TARGET = re.compile(r"^Target language: (\w+)", re.MULTILINE)
_MARKED = re.compile(r"\[(\w\w)\] ")
_CALL = re.compile(r"CALLTOOL\s+(?P<tool>[\w-]+)\s*(?P<arguments>\{.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Call:
    """A scripted tool call; `arguments` is the JSON text, sent as it is."""

    tool: str
    arguments: str = "{}"


# What a test may put on the script: a text, tool calls, or a function of the request's body that gives either.
Answer = str | Call | Sequence[Call]
Scripted = Answer | Callable[[Mapping[str, Any]], Answer]


@dataclass(frozen=True, slots=True)
class WireRequest:
    """One request as it came: its path, its JSON, its headers in lower case, and when (`time.monotonic`)."""

    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    at: float = field(default_factory=time.monotonic)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body.get("messages") or ())

    @property
    def last_user_text(self) -> str:
        return _last_user_text(self.messages)


class OpenAIWire:
    """The server. `latency` is in seconds; `api_key` None takes any; `refuses` names parameters that the model does
    not support (answered with 400, as newer models do for `max_tokens`)."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        api_key: str | None = None,
        models: Sequence[str] = MODELS,
        refuses: Sequence[str] = (),
    ) -> None:
        self.latency = latency
        self.models = tuple(models)
        self.refuses = tuple(refuses)
        self.requests: list[WireRequest] = []
        self.tasks: list[WireRequest] = []
        self.task_latency = 0.0
        self._task_fault: str | None = None
        self.most_at_once = 0
        self._api_key = api_key
        self._host = host
        self._port = port
        self._script: deque[Scripted] = deque()
        self._fault: str | None = None
        self._fault_times: int | None = None
        self._at_once = 0
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None

    # steering

    def script(self, *answers: Scripted) -> None:
        """Queue answers: each is given once, before the usual ones."""
        self._script.extend(answers)

    def fail(self, mode: str, times: int | None = None) -> None:
        """Make the next `times` completions (None: all, until `recover`) go wrong in one of `FAULTS`."""
        if mode not in FAULTS:
            raise ValueError(f"there is no fault {mode!r}; the faults are {', '.join(FAULTS)}")
        self._fault, self._fault_times = mode, times

    def fail_tasks(self, mode: str) -> None:
        """Make all translations and notes go wrong in one of `FAULTS`, until `recover`."""
        if mode not in FAULTS:
            raise ValueError(f"there is no fault {mode!r}; the faults are {', '.join(FAULTS)}")
        self._task_fault = mode

    def recover(self) -> None:
        """Answer again, and let go of requests that hang."""
        self._fault = self._fault_times = self._task_fault = None
        self._stopping.set()
        self._stopping = asyncio.Event()

    @property
    def url(self) -> str:
        """The base URL for clients; it ends in `/v1`."""
        return f"http://{self._host}:{self._port}/v1"

    # life

    async def start(self) -> None:
        """Listen; a port of 0 becomes a free one."""
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.add_routes(
            [
                web.post("/v1/chat/completions", self._completions),
                web.get("/v1/models", self._models),
                web.post("/_wire/fail", self._steer_fail),
                web.post("/_wire/script", self._steer_script),
                web.get("/_wire/requests", self._steer_requests),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening; requests that hang are let go. Starting again takes the same port."""
        self.recover()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    # the API

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request)
        if (refusal := self._unauthorised(request) or self._unsupported(body)) is not None:
            return refusal
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if latency := self.task_latency if is_task(body) else self.latency:
                await asyncio.sleep(latency)
            return await self._answer(request, body)
        finally:
            self._at_once -= 1

    async def _answer(self, request: web.Request, body: Mapping[str, Any]) -> web.StreamResponse:
        fault = self._task_fault if is_task(body) else self._take_fault()
        match fault:
            case "429":
                headers = {"retry-after-ms": "50", "retry-after": "1"}
                return _error(429, "Rate limit reached.", "rate_limit_exceeded", headers=headers)
            case "500" | "503":
                return _error(int(fault), "The server could not answer.", None)
            case "timeout":
                await self._stopping.wait()
                return _error(503, "The server is stopping.", None)
            case "cut":
                if request.transport is not None:
                    request.transport.abort()
                return web.Response()
            case "garbage":
                return web.Response(body=b'{"id": "chatcmpl-1", "choi', content_type="application/json")
            case "nonsense":
                return web.json_response({"status": "ok", "choices": "none"})
            case "content_filter":
                return web.json_response(_completion(body, "", (), finish="content_filter"))
            case "empty":
                return web.json_response(_completion(body, "", ()))
            case "refusal":
                return web.json_response(_completion(body, None, (), refusal="I cannot help with that."))
            case "broken_tool_json" if _offered(body):
                return web.json_response(_completion(body, None, (Call(_offered(body)[0], '{"half": '),)))
        text, calls = (_done(body), ()) if is_task(body) else self._say(body)
        return web.json_response(_completion(body, text, calls))

    def _say(self, body: Mapping[str, Any]) -> tuple[str | None, tuple[Call, ...]]:
        if self._script:
            scripted = self._script.popleft()
            answer = scripted(body) if callable(scripted) else scripted
        else:
            answer = _usual_answer(body)
        if isinstance(answer, str):
            return answer, ()
        return None, (answer,) if isinstance(answer, Call) else tuple(answer)

    async def _models(self, request: web.Request) -> web.Response:
        self.requests.append(WireRequest(request.path, {}, _headers(request)))
        if (refusal := self._unauthorised(request)) is not None:
            return refusal
        data = [{"id": model, "object": "model", "created": 1_700_000_000, "owned_by": "wire"} for model in self.models]
        return web.json_response({"object": "list", "data": data})

    async def _read(self, request: web.Request) -> Mapping[str, Any]:
        body = await request.json()
        kept = self.tasks if is_task(body) else self.requests
        kept.append(WireRequest(request.path, body, _headers(request)))
        return body  # type: ignore[no-any-return]

    def _unauthorised(self, request: web.Request) -> web.Response | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and key and self._api_key in (None, key):
            return None
        return _error(401, "The API key is wrong.", "invalid_api_key")

    def _unsupported(self, body: Mapping[str, Any]) -> web.Response | None:
        for parameter in self.refuses:
            if parameter in body:
                return _error(400, f"{parameter} is not supported.", "unsupported_parameter", parameter=parameter)
        return None

    def _take_fault(self) -> str | None:
        fault = self._fault
        if self._fault_times is not None:
            self._fault_times -= 1
            if self._fault_times <= 0:
                self._fault = self._fault_times = None
        return fault

    # steering over HTTP

    async def _steer_fail(self, request: web.Request) -> web.Response:
        wish = await request.json()
        if wish.get("mode") is None:
            self.recover()
            return web.json_response({"ok": True})
        try:
            if wish.get("tasks"):
                self.fail_tasks(wish["mode"])
            else:
                self.fail(wish["mode"], wish.get("times"))
        except ValueError as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)
        return web.json_response({"ok": True})

    async def _steer_script(self, request: web.Request) -> web.Response:
        self.script(*(str(answer) for answer in (await request.json())["answers"]))
        return web.json_response({"ok": True})

    async def _steer_requests(self, request: web.Request) -> web.Response:
        seen = [{"path": seen.path, "last_user_text": seen.last_user_text, "at": seen.at} for seen in self.requests]
        return web.json_response({"requests": seen, "most_at_once": self.most_at_once})


def _headers(request: web.Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def is_task(body: Mapping[str, Any]) -> bool:
    """Say whether something is asked for beside answering a guest: see `TASKS`."""
    messages = body.get("messages") or [{}]
    return _text(messages[0]).startswith(TASKS)


def _done(body: Mapping[str, Any]) -> str:
    """Return what a task asks for."""
    task, text = _text(body["messages"][0]), _last_user_text(body["messages"])
    if (target := _TARGET.search(task)) is None:
        said = [line for line in text.splitlines() if line.startswith("Guest: ")]
        return f"note: {said[-1].removeprefix('Guest: ') if said else ''}"
    marked = _MARKED.match(text)
    language = marked[1] if marked else "en"
    bare = text[marked.end() :] if marked else text
    return json.dumps({"language": language, "text": text if language == target[1] else f"[{target[1]}] {bare}"})


def _usual_answer(body: Mapping[str, Any]) -> Answer:
    messages = list(body.get("messages") or ())
    if messages and messages[-1].get("role") == "tool":
        return f"tool said: {_text(messages[-1])}"
    question = _last_user_text(messages)
    wanted = _CALL.search(question)
    if wanted and wanted["tool"] in _offered(body):
        return Call(wanted["tool"], _json_object(wanted["arguments"] or "{}"))
    return f"re: {question}"


def _json_object(text: str) -> str:
    """Return the JSON object at the start of a text, or the whole text where it is broken."""
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return text
    return text[:end]


def _offered(body: Mapping[str, Any]) -> list[str]:
    return [str(tool.get("function", {}).get("name")) for tool in body.get("tools") or ()]


def _last_user_text(messages: Sequence[Mapping[str, Any]]) -> str:
    return next((_text(message) for message in reversed(messages) if message.get("role") == "user"), "")


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text") or "") for part in content)


def _completion(
    body: Mapping[str, Any],
    text: str | None,
    calls: Sequence[Call],
    *,
    finish: str | None = None,
    refusal: str | None = None,
) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": refusal}
    if calls:
        message["tool_calls"] = [
            {
                "id": f"call_{uuid4().hex[:24]}",
                "type": "function",
                "function": {"name": call.tool, "arguments": call.arguments},
            }
            for call in calls
        ]
    asked = sum(_tokens(_text(message)) for message in body.get("messages") or ())
    said = _tokens((text or "") + "".join(call.arguments for call in calls))
    return {
        "id": f"chatcmpl-{uuid4().hex[:24]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body.get("model"),
        "choices": [
            {"index": 0, "message": message, "finish_reason": finish or ("tool_calls" if calls else "stop")},
        ],
        "usage": {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said},
    }


def _tokens(text: str) -> int:
    return -(-len(text) // 4)


def _error(
    status: int,
    text: str,
    code: str | None,
    *,
    parameter: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = {"error": {"message": text, "type": kind, "param": parameter, "code": code}}
    return web.json_response(body, status=status, headers=headers)


async def _serve(wire: OpenAIWire) -> None:
    async with wire:
        print(f"OpenAI wire: {wire.url}", flush=True)
        await asyncio.Event().wait()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m innbox.testing.openai_wire", description="A stand-in for OpenAI.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9201, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each answer takes")
    parser.add_argument("--api-key", help="the only key that is taken; left out, any is")
    given = parser.parse_args(arguments)

    async def serve() -> None:
        await _serve(OpenAIWire(host=given.host, port=given.port, latency=given.latency, api_key=given.api_key))

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
