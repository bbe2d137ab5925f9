"""The stand-in for OpenAI answers alike every time, follows its script, and goes wrong in every way it promises."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from innbox.testing.openai_wire import FAULTS, Call, OpenAIWire

KEY = {"authorization": "Bearer sk-test"}
TOWELS = {"type": "function", "function": {"name": "order_towels", "parameters": {"type": "object"}}}


class Caller:
    """A bare client of the API."""

    def __init__(self, wire: OpenAIWire, http: httpx.AsyncClient) -> None:
        self.wire = wire
        self.http = http

    async def post(self, *texts: str, **body: Any) -> httpx.Response:
        messages = [{"role": "user", "content": text} for text in texts]
        return await self.http.post(
            f"{self.wire.url}/chat/completions",
            json={"model": "gpt-4o-mini", "messages": messages, **body},
            headers=KEY,
        )

    async def choice(self, *texts: str, **body: Any) -> Any:
        response = await self.post(*texts, **body)
        assert response.status_code == 200, response.text
        return response.json()["choices"][0]


@pytest.fixture
async def wire() -> AsyncIterator[OpenAIWire]:
    async with OpenAIWire() as wire:
        yield wire


@pytest.fixture
async def caller(wire: OpenAIWire) -> AsyncIterator[Caller]:
    async with httpx.AsyncClient(timeout=5) as http:
        yield Caller(wire, http)


async def test_it_repeats_the_last_words_of_the_user(caller: Caller) -> None:
    choice = await caller.choice("Hello", "When is breakfast?")

    assert choice["message"]["content"] == "re: When is breakfast?"
    assert choice["finish_reason"] == "stop"


async def test_a_content_of_parts_is_read_too(caller: Caller) -> None:
    parts = [{"type": "text", "text": "When is "}, {"type": "text", "text": "breakfast?"}]

    choice = await caller.choice(messages=[{"role": "user", "content": parts}])

    assert choice["message"]["content"] == "re: When is breakfast?"


async def test_tokens_are_counted(caller: Caller) -> None:
    usage = (await caller.post("x" * 40)).json()["usage"]

    assert usage == {"prompt_tokens": 10, "completion_tokens": 11, "total_tokens": 21}


async def test_an_offered_tool_is_called_when_the_words_ask_for_it(caller: Caller) -> None:
    choice = await caller.choice('Please CALLTOOL order_towels {"count": 2} now', tools=[TOWELS])

    (call,) = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert call["function"] == {"name": "order_towels", "arguments": '{"count": 2}'}


async def test_a_tool_that_is_not_offered_is_not_called(caller: Caller) -> None:
    choice = await caller.choice("CALLTOOL order_towels {}")

    assert choice["message"]["content"] == "re: CALLTOOL order_towels {}"


async def test_a_tools_result_is_told(caller: Caller) -> None:
    messages = [
        {"role": "user", "content": "CALLTOOL order_towels {}"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "two towels", "tool_call_id": "call_1"},
    ]

    choice = await caller.choice(messages=messages, tools=[TOWELS])

    assert choice["message"]["content"] == "tool said: two towels"


async def test_a_script_is_followed_once(caller: Caller) -> None:
    def last(body: Mapping[str, Any]) -> str:
        return f"{len(body['messages'])} message"

    caller.wire.script("One.", Call("order_towels", "{}"), last)

    choices = [await caller.choice("Hello") for _ in range(4)]

    assert [choice["message"]["content"] for choice in choices] == ["One.", None, "1 message", "re: Hello"]


async def test_it_remembers_what_it_was_asked(caller: Caller) -> None:
    await caller.post("Hello")

    (request,) = caller.wire.requests
    assert request.path == "/v1/chat/completions"
    assert request.last_user_text == "Hello"
    assert request.body["model"] == "gpt-4o-mini"
    assert request.headers["authorization"] == "Bearer sk-test"


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500), ("503", 503)])
async def test_a_fault_lasts_as_long_as_it_was_told(caller: Caller, fault: str, status: int) -> None:
    caller.wire.fail(fault, times=2)

    statuses = [(await caller.post("Hello")).status_code for _ in range(3)]

    assert statuses == [status, status, 200]


async def test_a_fault_without_times_lasts_until_it_is_taken_back(caller: Caller) -> None:
    caller.wire.fail("500")
    assert [(await caller.post("Hello")).status_code for _ in range(3)] == [500] * 3

    caller.wire.recover()

    assert (await caller.post("Hello")).status_code == 200


async def test_garbage_is_no_json_and_nonsense_is_no_completion(caller: Caller) -> None:
    caller.wire.fail("garbage", times=1)
    with pytest.raises(ValueError, match="line 1"):
        (await caller.post("Hello")).json()

    caller.wire.fail("nonsense", times=1)
    assert not isinstance((await caller.post("Hello")).json()["choices"], list)


async def test_silence_refusals_and_filters_are_completions(caller: Caller) -> None:
    answers = {}
    for fault in ("empty", "refusal", "content_filter"):
        caller.wire.fail(fault, times=1)
        choice = await caller.choice("Hello")
        answers[fault] = (choice["message"]["content"], bool(choice["message"]["refusal"]), choice["finish_reason"])

    assert answers == {
        "empty": ("", False, "stop"),
        "refusal": (None, True, "stop"),
        "content_filter": ("", False, "content_filter"),
    }


async def test_broken_tool_json_is_broken(caller: Caller) -> None:
    caller.wire.fail("broken_tool_json")

    choice = await caller.choice("Hello", tools=[TOWELS])

    with pytest.raises(ValueError, match="line 1"):
        json.loads(choice["message"]["tool_calls"][0]["function"]["arguments"])


async def test_a_cut_connection_is_cut(caller: Caller) -> None:
    caller.wire.fail("cut", times=1)

    with pytest.raises(httpx.TransportError):
        await caller.post("Hello")


async def test_a_hanging_request_hangs_until_recovery(caller: Caller) -> None:
    caller.wire.fail("timeout", times=1)
    hanging = asyncio.create_task(caller.post("Hello"))
    done, _ = await asyncio.wait([hanging], timeout=0.2)
    assert not done

    caller.wire.recover()

    assert (await hanging).status_code == 503


async def test_it_stops_with_requests_hanging() -> None:
    async with httpx.AsyncClient(timeout=5) as http:
        async with asyncio.timeout(5), OpenAIWire() as wire:
            wire.fail("timeout")
            hanging = asyncio.create_task(Caller(wire, http).post("Hello"))
            while not wire.requests:
                await asyncio.sleep(0.01)

        await asyncio.wait([hanging])
        hanging.exception()


def test_an_unknown_fault_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="broken_tool_json"):
        OpenAIWire().fail("on fire")


def test_the_faults_are_pinned() -> None:
    assert {"429", "500", "timeout", "garbage", "content_filter", "empty", "broken_tool_json", "cut"} <= set(FAULTS)


async def test_keys_and_parameters_can_be_refused() -> None:
    async with OpenAIWire(api_key="sk-right", refuses=("max_tokens",)) as wire, httpx.AsyncClient() as http:
        wrong = await Caller(wire, http).post("Hello")
        right = {"authorization": "Bearer sk-right"}
        refused = await http.post(f"{wire.url}/chat/completions", json={"max_tokens": 5}, headers=right)
        models = await http.get(f"{wire.url}/models", headers=right)

    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_api_key")
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "max_tokens")
    assert "gpt-4o-mini" in [model["id"] for model in models.json()["data"]]


async def test_a_process_of_its_own_is_steered_over_http() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "innbox.testing.openai_wire", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        url = line.removeprefix("OpenAI wire: ").strip()
        root = url.removesuffix("/v1")
        async with httpx.AsyncClient(headers=KEY) as http:
            unknown = await http.post(f"{root}/_wire/fail", json={"mode": "on fire"})
            await http.post(f"{root}/_wire/fail", json={"mode": "429", "times": 1})
            await http.post(f"{root}/_wire/script", json={"answers": ["One."]})
            body = {"messages": [{"role": "user", "content": "Hello"}]}
            answers = [await http.post(f"{url}/chat/completions", json=body) for _ in range(2)]
            seen = (await http.get(f"{root}/_wire/requests")).json()["requests"]
    finally:
        process.terminate()
        await process.wait()

    assert unknown.status_code == 400
    assert [answer.status_code for answer in answers] == [429, 200]
    assert answers[1].json()["choices"][0]["message"]["content"] == "One."
    assert [request["last_user_text"] for request in seen] == ["Hello", "Hello"]
