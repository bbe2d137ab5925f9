import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from innbox import LLM, ChatMessage, ModelError, Snippet, ToolCall, ToolSpec
from innbox.testing import llm_contract
from innbox.testing.llm_contract import LLMContract, LLMProvider
from innbox.testing.openai_wire import Call, OpenAIWire
from innbox_openai_llm.model import OpenAIModel

TOWELS = ToolSpec("order_towels", "Orders towels.", {"type": "object", "properties": {"count": {"type": "integer"}}})


MODES: Mapping[str, str] = {
    llm_contract.UNREACHABLE: "cut",
    llm_contract.OVERLOADED: "429",
    llm_contract.BROKEN: "500",
    llm_contract.HANGING: "timeout",
    llm_contract.GARBAGE: "garbage",
}


class WireProvider:
    """The stand-in, as the contract sees it."""

    faults = frozenset(MODES)

    def __init__(self, openai: OpenAIWire) -> None:
        self._openai = openai

    async def fail(self, fault: str) -> None:
        self._openai.fail(MODES[fault])

    async def recover(self) -> None:
        self._openai.recover()


class TestContract(LLMContract):
    @pytest.fixture
    def provider(self, openai: OpenAIWire) -> LLMProvider:
        return WireProvider(openai)

    @pytest.fixture
    def llm(self, open_model: Callable[..., OpenAIModel]) -> LLM:
        return open_model(timeout_seconds=1.0)


async def test_the_answer_comes_with_its_price_and_what_it_was_given(open_model: Any, ask: Any) -> None:
    model = open_model(prices={"prompt": 1.0, "completion": 2.0})

    completion = await model.complete(ask("When?", snippets=(Snippet("A fair.", "events"),)))

    assert completion.text == "re: When?"
    assert completion.sources == ("facts", "events")
    usage = completion.usage
    assert usage.cost_usd == pytest.approx((usage.prompt_tokens + 2 * usage.completion_tokens) / 1_000_000)
    assert usage.seconds > 0


async def test_a_tool_call_and_its_result(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    model = open_model()
    question = ask('CALLTOOL order_towels {"count": 2} please', tools=(TOWELS,))

    wish = await model.complete(question)
    (call,) = wish.tool_calls
    answer = await model.complete(
        ask(
            "ignored",
            tools=(TOWELS,),
            dialogue=(
                *question.dialogue,
                ChatMessage("assistant", "", tool_calls=wish.tool_calls),
                ChatMessage("tool", "2 towels come", tool_call_id=call.id),
            ),
        )
    )

    assert (call.name, json.loads(call.arguments)) == ("order_towels", {"count": 2})
    assert wish.text == ""
    assert answer.text == "tool said: 2 towels come"
    assert openai.requests[0].body["tools"][0]["function"]["parameters"] == TOWELS.parameters


async def test_broken_tool_json_is_passed_on_unchecked(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    openai.fail("broken_tool_json")

    completion = await open_model().complete(ask("Towels", tools=(TOWELS,)))

    assert completion.tool_calls == (ToolCall(completion.tool_calls[0].id, "order_towels", '{"half": '),)


async def test_several_tool_calls_keep_their_order(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    openai.script([Call("order_towels", '{"count": 1}'), Call("order_towels", '{"count": 2}')])

    completion = await open_model().complete(ask("Towels", tools=(TOWELS,)))

    assert [json.loads(call.arguments)["count"] for call in completion.tool_calls] == [1, 2]


async def test_silence_is_an_empty_text(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    openai.fail("empty")

    assert (await open_model().complete(ask("Hello"))).text == ""


async def test_a_refusal_goes_to_staff(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    openai.fail("refusal")

    completion = await open_model().complete(ask("Hello"))

    assert completion.hand_over
    assert completion.reason


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("429", "rate_limit_exceeded"),
        ("500", "500"),
        ("503", "503"),
        ("timeout", "timeout"),
        ("cut", "connection"),
        ("garbage", "garbage"),
        ("nonsense", "garbage"),
        ("content_filter", "content_filter"),
    ],
)
async def test_every_fault_has_its_code(openai: OpenAIWire, open_model: Any, ask: Any, fault: str, code: str) -> None:
    openai.fail(fault)

    with pytest.raises(ModelError) as raised:
        await open_model(timeout_seconds=0.5, max_retries=0).complete(ask("Secret words"))

    assert raised.value.code == code
    assert "Secret" not in str(raised.value)


async def test_nobody_listening_is_a_connection_error(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    await openai.stop()

    with pytest.raises(ModelError) as raised:
        await open_model().complete(ask("Hello"))

    assert raised.value.code == "connection"


@pytest.mark.parametrize("fault", ["429", "500", "cut"])
async def test_a_passing_fault_is_tried_again(openai: OpenAIWire, open_model: Any, ask: Any, fault: str) -> None:
    openai.fail(fault, times=1)

    completion = await open_model().complete(ask("Hello"))

    assert completion.text == "re: Hello"
    assert len(openai.requests) == 2


async def test_a_lasting_fault_is_given_up_after_the_retries(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    openai.fail("429")

    with pytest.raises(ModelError):
        await open_model(max_retries=2).complete(ask("Hello"))

    assert len(openai.requests) == 3


async def test_a_wait_past_the_deadline_is_not_begun(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    openai.fail("500")
    started = asyncio.get_running_loop().time()

    with pytest.raises(ModelError) as raised:
        await open_model(timeout_seconds=0.3, max_retries=5).complete(ask("Hello"))

    assert raised.value.code == "500"
    assert asyncio.get_running_loop().time() - started < 0.3
    assert len(openai.requests) == 1


async def test_a_wrong_key_is_said_at_once(open_model: Any, ask: Any) -> None:
    async with OpenAIWire(api_key="sk-right") as strict:
        with pytest.raises(ModelError) as raised:
            await open_model(base_url=strict.url).complete(ask("Hello"))

        assert raised.value.code == "invalid_api_key"
        assert len(strict.requests) == 1


async def test_parameters_that_the_model_refuses_are_left_out_from_then_on(open_model: Any, ask: Any) -> None:
    async with OpenAIWire(refuses=("max_tokens", "temperature")) as newer:
        model = open_model(base_url=newer.url)

        assert (await model.complete(ask("One"))).text == "re: One"
        assert (await model.complete(ask("Two"))).text == "re: Two"

        assert len(newer.requests) == 4  # two refusals, once
        assert newer.requests[-1].body["max_completion_tokens"] == 500
        assert not {"max_tokens", "temperature"} & set(newer.requests[-1].body)


# the cache


async def test_an_exact_repeat_is_answered_from_the_cache(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    model = open_model(prices={"prompt": 1.0, "completion": 1.0})
    question = ask("When is breakfast?", guest_data=False)

    first, second = [await model.complete(question) for _ in range(2)]

    assert len(openai.requests) == 1
    assert (second.text, second.sources, second.model) == (first.text, first.sources, first.model)
    assert not first.usage.cached
    assert second.usage.cached
    assert second.usage.prompt_tokens == 0
    assert second.usage.cost_usd == 0


@pytest.mark.parametrize(
    "other",
    [{"system": "Other facts."}, {"tools": (TOWELS,)}, {"hotel": "Hotel Other"}, {"guest_data": True}],
    ids=["system", "tools", "hotel", "guest_data"],
)
async def test_another_request_is_no_repeat(
    openai: OpenAIWire, open_model: Any, ask: Any, other: dict[str, Any]
) -> None:
    model = open_model()
    await model.complete(ask("When?", guest_data=False))

    completion = await model.complete(ask("When?", **{"guest_data": False, **other}))

    assert not completion.usage.cached
    assert len(openai.requests) == 2


async def test_the_cache_can_be_switched_off(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    model = open_model(cache_answers=False)

    for _ in range(2):
        await model.complete(ask("When?", guest_data=False))

    assert len(openai.requests) == 2


async def test_what_a_tool_said_is_not_kept(openai: OpenAIWire, open_model: Any, ask: Any) -> None:
    model = open_model()
    dialogue = (
        ChatMessage("user", "Towels"),
        ChatMessage("assistant", "", tool_calls=(ToolCall("1", "order_towels", "{}"),)),
        ChatMessage("tool", "done", tool_call_id="1"),
    )

    for _ in range(2):
        await model.complete(ask("Towels", dialogue=dialogue, guest_data=False))

    assert len(openai.requests) == 2


# trying it


async def test_the_check_names_the_model(open_model: Any, openai: OpenAIWire) -> None:
    assert await open_model().check() == f"gpt-4o-mini at {openai.url}"


async def test_the_check_says_which_models_there_are(open_model: Any) -> None:
    with pytest.raises(ModelError, match=r"no model gpt-9; it has .*gpt-4o-mini.*Change openai_llm\.model"):
        await open_model(model="gpt-9").check()


async def test_the_check_says_that_the_key_is_refused(open_model: Any) -> None:
    async with OpenAIWire(api_key="sk-right") as strict:
        with pytest.raises(ModelError) as raised:
            await open_model(base_url=strict.url).check()

    assert raised.value.code == "invalid_api_key"


async def test_hundreds_of_calls_wait_at_once(openai: OpenAIWire, open_model: Any, ask: Any, eventually: Any) -> None:
    model = open_model(timeout_seconds=20)
    openai.fail("timeout")
    calls = [asyncio.create_task(model.complete(ask(f"{n}"))) for n in range(300)]
    await eventually(lambda: openai.most_at_once == 300)

    openai.recover()  # what waits is told 503, and asks again

    assert [(await call).text for call in calls] == [f"re: {n}" for n in range(300)]


async def test_the_machines_proxy_is_asked_unless_it_is_told_to_leave_the_model_alone(
    open_model: Any, ask: Any, openai: OpenAIWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a proxy that knows us, and a model that can be reached through it alone
    us = "ana:a%20word"
    proxy = openai.url.removesuffix("/v1").replace("//", f"//{us}@")
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")

    # When it is asked, the proxy passes it on, and hears who we are
    completion = await open_model(base_url="http://model.invalid/v1").complete(ask("When?"))
    assert completion.text == "re: When?"
    assert openai.requests[-1].headers["proxy-authorization"] == "Basic YW5hOmEgd29yZA=="
    assert openai.requests[-1].headers["authorization"] == "Bearer sk-test"

    # When the environment names the model as one to be asked directly, it is
    monkeypatch.setenv("no_proxy", "model.invalid")
    with pytest.raises(ModelError) as raised:
        await open_model(base_url="http://model.invalid/v1", max_retries=0).complete(ask("When?"))
    assert raised.value.code == "connection"


async def test_a_proxy_is_not_told_the_key(open_model: Any, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a proxy that writes down what it is asked, and a model behind TLS
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")

        # When the model is asked
        with pytest.raises(ModelError):
            await open_model(base_url="https://model.invalid/v1", max_retries=0).complete(ask("When?"))

    # Then the proxy was asked for a tunnel, without the key
    assert heard[0].startswith(b"CONNECT model.invalid:443")
    assert b"sk-test" not in heard[0]
