"""The chat API's shapes: from a request to the JSON that is posted, and from the JSON that came to a completion.

See https://platform.openai.com/docs/api-reference/chat.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from innbox import ChatMessage, CompletionRequest, ModelError, ToolCall, ToolSpec

CHARACTERS_A_TOKEN = 4  # OpenAI's rule of thumb for English; close enough for a budget
_LAST_SENTENCE = re.compile(r"^(.*[.!?…。！？])(?:\s|$)", re.DOTALL)


def messages_of(request: CompletionRequest, history_tokens: int) -> list[dict[str, Any]]:
    """Return the system prompt and as much of the newest dialogue as the budget holds.

    What the guest asked last, and everything after it, is always there.
    """
    dialogue = request.dialogue or (ChatMessage("user", request.question),)
    kept = dialogue[_first_kept(dialogue, history_tokens) :]
    return [{"role": "system", "content": request.system}, *(_message(message) for message in kept)]


def tools_of(specs: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Return tools as the API's functions."""
    return [
        {
            "type": "function",
            "function": {"name": spec.name, "description": spec.description, "parameters": dict(spec.parameters)},
        }
        for spec in specs
    ]


class Answer:
    """A chat completion as it came. Raises `ModelError` (`garbage`) where it has another shape."""

    def __init__(self, body: Any) -> None:
        try:
            choice = body["choices"][0]
            message = choice["message"]
            self.text = _text(message.get("content"))
            self.refused = bool(message.get("refusal"))
            self.finish: str = choice.get("finish_reason") or "stop"
            self.tool_calls = tuple(_tool_call(n, call) for n, call in enumerate(message.get("tool_calls") or ()))
            self.model = str(body.get("model") or "")
            usage = body.get("usage") or {}
            self.prompt_tokens = int(usage.get("prompt_tokens") or 0)
            self.completion_tokens = int(usage.get("completion_tokens") or 0)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise ModelError("The model's answer is no chat completion.", "garbage") from error
        if self.finish == "length":
            self.text = _whole_sentences(self.text)


def _first_kept(dialogue: Sequence[ChatMessage], tokens: int) -> int:
    asked = max((n for n, message in enumerate(dialogue) if message.role == "user"), default=len(dialogue) - 1)
    room = tokens * CHARACTERS_A_TOKEN - sum(_length(message) for message in dialogue[asked:])
    first = asked
    while first > 0 and (room := room - _length(dialogue[first - 1])) >= 0:
        first -= 1
    while dialogue[first].role == "tool" and first < asked:  # a result whose call is not shown is an error to the API
        first += 1
    return first


def _length(message: ChatMessage) -> int:
    return len(message.content) + sum(len(call.name) + len(call.arguments) for call in message.tool_calls)


def _message(message: ChatMessage) -> dict[str, Any]:
    shape: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        shape["content"] = message.content or None
        shape["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        shape["tool_call_id"] = message.tool_call_id
    return shape


def _text(content: Any) -> str:
    if content is None:
        return ""
    if not isinstance(content, str):
        raise TypeError("content is no text")
    return content.strip()


def _tool_call(number: int, call: Mapping[str, Any]) -> ToolCall:
    function = call["function"]
    arguments = function.get("arguments") or "{}"
    if not isinstance(arguments, str):  # some compatible servers send the object itself
        arguments = json.dumps(arguments)
    return ToolCall(str(call.get("id") or f"call_{number}"), str(function["name"]), arguments)


def _whole_sentences(text: str) -> str:
    """Return a text that was cut off by its limit without its broken last sentence."""
    found = _LAST_SENTENCE.match(text)
    return found.group(1) if found else text
