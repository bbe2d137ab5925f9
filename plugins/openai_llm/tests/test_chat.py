from typing import Any

import pytest

from innbox import ChatMessage, CompletionRequest, ModelError, ToolCall
from innbox_openai_llm.chat import Answer, messages_of


def talk(*messages: ChatMessage) -> CompletionRequest:
    return CompletionRequest(hotel="Hotel Test", system="Rules.", dialogue=messages, question="?")


def completion(content: Any = "Hello.", finish: str = "stop", **message: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": content, **message}, "finish_reason": finish}]}


def test_the_prompt_comes_first_and_the_newest_dialogue_last() -> None:
    request = talk(ChatMessage("user", "One"), ChatMessage("assistant", "Two"), ChatMessage("user", "Three"))

    messages = messages_of(request, 100)

    assert [(message["role"], message["content"]) for message in messages] == [
        ("system", "Rules."),
        ("user", "One"),
        ("assistant", "Two"),
        ("user", "Three"),
    ]


def test_what_is_beyond_the_budget_is_the_oldest() -> None:
    request = talk(*(ChatMessage("user", f"{n:04}") for n in range(100)))

    messages = messages_of(request, 10)

    assert [message["content"] for message in messages[1:]] == [f"{n:04}" for n in range(90, 100)]


def test_the_question_is_there_whatever_its_length() -> None:
    request = talk(ChatMessage("user", "before"), ChatMessage("user", "x" * 10_000))

    messages = messages_of(request, 100)

    assert [len(message["content"]) for message in messages[1:]] == [10_000]


def test_a_tools_result_never_stands_without_its_call() -> None:
    call = ToolCall("call_1", "weather", "{}")
    request = talk(
        ChatMessage("user", "x" * 400),
        ChatMessage("assistant", "", tool_calls=(call,)),
        ChatMessage("tool", "Sunny", tool_call_id="call_1"),
        ChatMessage("assistant", "It is sunny."),
        ChatMessage("user", "Thanks"),
    )

    roles = {budget: [message["role"] for message in messages_of(request, budget)[1:]] for budget in range(1, 20)}

    assert all(kept[0] != "tool" for kept in roles.values())
    assert roles[1] == ["user"]
    assert ["assistant", "tool", "assistant", "user"] in roles.values()


def test_the_calls_of_this_turn_are_kept() -> None:
    call = ToolCall("call_1", "weather", '{"day": "today"}')
    request = talk(
        ChatMessage("user", "How is the weather?"),
        ChatMessage("assistant", "", tool_calls=(call,)),
        ChatMessage("tool", "Sunny " * 100, tool_call_id="call_1"),
    )

    _, _, asked, answered = messages_of(request, 1)

    assert asked["content"] is None
    assert asked["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"day": "today"}'}
    assert answered["tool_call_id"] == "call_1"


def test_a_request_without_dialogue_asks_its_question() -> None:
    request = CompletionRequest(hotel="Hotel Test", system="Rules.", dialogue=(), question="When?")

    assert messages_of(request, 100)[-1] == {"role": "user", "content": "When?"}


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": None}]}, completion(content={"a": 1})],
    ids=repr,
)
def test_other_shapes_are_garbage(body: Any) -> None:
    with pytest.raises(ModelError) as raised:
        Answer(body)

    assert raised.value.code == "garbage"


def test_a_server_that_counts_no_tokens_and_names_no_calls_will_do() -> None:
    answer = Answer(completion(content=None, tool_calls=[{"function": {"name": "weather", "arguments": {"a": 1}}}]))

    assert answer.tool_calls == (ToolCall("call_0", "weather", '{"a": 1}'),)
    assert (answer.text, answer.prompt_tokens, answer.completion_tokens) == ("", 0, 0)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Breakfast is at 7.30. It is in the gar", "Breakfast is at 7.30."),
        ("No end in sight", "No end in sight"),
        ("Whole. And whole!", "Whole. And whole!"),
    ],
)
def test_an_answer_cut_by_its_limit_ends_with_a_sentence(text: str, kept: str) -> None:
    assert Answer(completion(text, finish="length")).text == kept
