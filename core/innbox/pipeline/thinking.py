"""Thinking: from a turn to what the bot says, by asking model after model and letting them call tools."""

import asyncio
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from pydantic import ValidationError

from innbox.config import Hotel
from innbox.errors import ModelError, ToolError
from innbox.messages import (
    ChatMessage,
    Completion,
    CompletionRequest,
    DeliveryStatus,
    Direction,
    Effect,
    Message,
    Snippet,
    ToolCall,
    ToolSpec,
    Turn,
    TurnRecord,
    Usage,
)
from innbox.ports import LLM
from innbox.runtime import RuntimeSettings

if TYPE_CHECKING:
    from innbox.app import App

log = structlog.get_logger(__name__)

MAX_TOOL_CALLS = 5
THINKING_SECONDS = 50.0  # for all models together: staff have the guest within a minute
TOOL_SECONDS = 10.0
HAND_OVER = ToolSpec(
    "hand_over",
    "Hand the conversation to the hotel's staff: when the facts do not hold the answer, or a person is needed.",
    {
        "type": "object",
        "properties": {"reason": {"type": "string", "description": "For staff, one line: what the guest needs."}},
        "required": ["reason"],
        "additionalProperties": False,
    },
)
PROMPTS_KEPT = 256  # equal prompts come again and again: a hotel's facts and rules change a few times a day
RECITED_CHARS = 40  # a line of the rules that is shorter may be said by chance
# What a phone makes a link of: an address with a scheme, one that begins with www, and a host name with a path.
_LINK = re.compile(
    r"(?:\b[a-z][a-z0-9+-]{1,20}://|\bwww\.|(?<![\w@.-])(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?::\d{1,5})?/)"
    r"[^\s<>\"')\]]*",
    re.IGNORECASE,
)
_WEB = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Thought:
    """What came of thinking: a text for the guest, or the reason why a person should take over. `by` is the model that
    answered, none where all failed."""

    record: TurnRecord
    text: str = ""
    hand_over: str | None = None
    effects: tuple[Effect, ...] = ()
    by: str = ""


@dataclass(slots=True)
class _Talk:
    """One model's dialogue in a turn, as the tool calls make it grow."""

    request: CompletionRequest
    rules: Sequence[str] = ()
    calls_left: int = MAX_TOOL_CALLS
    effects: list[Effect] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)


class Thinking:
    """Asks the models of an app, in the order of the YAML."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._prompts = app.prompts
        self._specs = (HAND_OVER, *(_spec(tool) for tool in app.tools.values()))

    def notice(self, hotel: Hotel, runtime: RuntimeSettings, language: str | None) -> str:
        """Return what the guest is told when a person takes over."""
        return self._prompts.hand_over(hotel, runtime, language or hotel.languages[0])

    async def think(self, turn: Turn, runtime: RuntimeSettings) -> Thought:
        """Return a text or the wish to hand over; never raises for a model's or a tool's fault."""
        snippets = await self._app.dispatch.gather_context(turn)
        request = self._request(turn, runtime, snippets)
        rules = rules_in(request, runtime)
        error = "no model is enabled"
        try:
            async with asyncio.timeout(THINKING_SECONDS):
                for llm in self._app.llms:
                    try:
                        thought = await self._converse(llm, turn, request, rules)
                    except ModelError as failed:
                        error = f"{llm.name}: {failed.code}"
                        self._failed(llm, turn, failed.code)
                    except Exception as failed:
                        error = f"{llm.name}: {type(failed).__name__}"
                        self._failed(llm, turn, type(failed).__name__)
                    else:
                        return replace(thought, by=llm.name)
        except TimeoutError:
            error = f"no model answered within {THINKING_SECONDS:.0f} seconds"
            log.warning("models too slow", trace=turn.trace)
        return Thought(TurnRecord(error=error), hand_over="The bot has no answer: its models are not available.")

    async def _converse(self, llm: LLM, turn: Turn, request: CompletionRequest, rules: Sequence[str]) -> Thought:
        """Ask one model until it says something, calling tools in between."""
        talk = _Talk(request, rules)
        while True:
            started = time.monotonic()
            completion = await llm.complete(talk.request)
            model = completion.model or llm.name
            self._app.metrics.model(model, time.monotonic() - started, completion.usage)
            talk.usage = talk.usage.plus(completion.usage)
            record = TurnRecord(model, completion.sources, tuple(talk.tools), talk.usage)
            if completion.hand_over:
                return Thought(record, hand_over=completion.reason or "The bot asks for a person.")
            if not completion.tool_calls:
                return self._said(completion, record, turn, talk)
            reason = _asks_to_hand_over(completion.tool_calls)
            if reason is not None:
                return Thought(record, hand_over=reason, effects=tuple(talk.effects))
            if talk.calls_left <= 0:
                return Thought(record, hand_over="The bot went round in circles with its tools.")
            await self._call_tools(completion, turn, talk)

    def _said(self, completion: Completion, record: TurnRecord, turn: Turn, talk: _Talk) -> Thought:
        text = completion.text.strip()
        if not text:
            raise ModelError("the model said nothing", "empty")
        if recites(text, talk.rules):
            return Thought(record, hand_over="The bot's answer told its own instructions, so it was not sent.")
        if agreed := [effect.what for effect in talk.effects if effect.needs_approval]:
            reason = "Staff must agree before this is done: " + "; ".join(agreed)
            return Thought(record, hand_over=reason[:500], effects=tuple(talk.effects))
        hotel = self._app.hotels[turn.conversation.hotel]
        return Thought(record, text=without_foreign_links(text, hotel), effects=tuple(talk.effects))

    async def _call_tools(self, completion: Completion, turn: Turn, talk: _Talk) -> None:
        dialogue = [
            *talk.request.dialogue,
            ChatMessage("assistant", completion.text, tool_calls=completion.tool_calls),
        ]
        for call in completion.tool_calls:
            if talk.calls_left > 0:
                result = await self._call_tool(call, turn, talk)
            else:
                result = "Not called: too many calls in one turn."
            dialogue.append(ChatMessage("tool", result, tool_call_id=call.id))
        tools = talk.request.tools if talk.calls_left > 0 else (HAND_OVER,)
        talk.request = replace(talk.request, dialogue=tuple(dialogue), tools=tools)

    async def _call_tool(self, call: ToolCall, turn: Turn, talk: _Talk) -> str:
        """Call one tool; whatever goes wrong is told to the model, which may answer without it."""
        talk.calls_left -= 1
        tool = self._app.tools.get(call.name)
        if tool is None:
            return f"There is no tool {call.name[:64]}."
        talk.tools.append(tool.name)
        try:
            arguments = tool.Arguments.model_validate_json(call.arguments or "{}")
        except ValidationError as error:
            return "The arguments do not fit: " + "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or 'all'}: {fault['msg']}" for fault in error.errors()[:5]
            )
        try:
            async with asyncio.timeout(TOOL_SECONDS):
                result = await tool.run(turn, arguments)
        except ToolError as error:
            return str(error)
        except Exception as error:
            log.warning("tool failed", tool=tool.name, trace=turn.trace, error=type(error).__name__)
            self._app.metrics.provider_error(tool.name, type(error).__name__)
            return "The tool does not work at the moment."
        talk.effects.extend(result.effects)
        return result.text

    def _request(self, turn: Turn, runtime: RuntimeSettings, snippets: Sequence[Snippet]) -> CompletionRequest:
        hotel = self._app.hotels[turn.conversation.hotel]
        language = turn.conversation.guest.language
        dialogue = tuple(chat_message(message) for message in _seen(turn) if _was_said(message))
        return CompletionRequest(
            hotel=hotel.name,
            system=self._prompts.system(hotel, runtime, snippets, language),
            dialogue=dialogue,
            question=turn.question,
            facts=hotel.facts,
            snippets=tuple(snippets),
            tools=self._specs,
            language=language,
            guest_data=bool(snippets) or len(dialogue) > 1,
        )

    def _failed(self, llm: LLM, turn: Turn, code: str) -> None:
        self._app.metrics.provider_error(llm.name, code)
        log.warning("model failed", model=llm.name, code=code, trace=turn.trace)


def chat_message(message: Message) -> ChatMessage:
    """Return a stored message as a model reads it; attachments are told in words."""
    words = [message.text] if message.text else []
    for attachment in message.attachments:
        if attachment.kind == "location":
            place = ", ".join(part for part in (attachment.label, attachment.address) if part)
            words.append(f"[location: {place or f'{attachment.latitude}, {attachment.longitude}'}]")
        else:
            words.append(f"[{attachment.kind}]")
    role = "user" if message.direction is Direction.IN else "assistant"
    return ChatMessage(role, "\n".join(words))


def without_foreign_links(text: str, hotel: Hotel) -> str:
    """Take out links that lead neither to the hotel's domains nor to an address that its facts name."""
    if _LINK.search(text) is None:
        return text
    named = links_in(hotel.facts)

    def keep(match: re.Match[str]) -> str:
        link = _ended(match.group())
        kept = _address(link) in named or _leads_to(link, hotel.domains)
        return match.group() if kept else "[link removed]" + match.group()[len(link) :]

    return _LINK.sub(keep, text)


def rules_in(request: CompletionRequest, runtime: RuntimeSettings) -> Sequence[str]:
    """Return the longer lines of what a model is told that are neither facts nor staff's own words, as bare words."""
    told = "\n".join((request.facts, runtime.instructions, *(snippet.text for snippet in request.snippets)))
    return _rules(request.system, told)


@lru_cache(maxsize=PROMPTS_KEPT)
def links_in(facts: str) -> frozenset[str]:
    """Return the addresses that a hotel's facts name, without scheme and last slash."""
    return frozenset(_address(_ended(match.group())) for match in _LINK.finditer(facts))


@lru_cache(maxsize=PROMPTS_KEPT)
def _rules(system: str, told: str) -> Sequence[str]:
    rules = (_words(line) for line in system.splitlines() if line.strip() not in told)
    return tuple(line for line in rules if len(line) >= RECITED_CHARS)


def recites(text: str, rules: Sequence[str]) -> bool:
    """Say whether a text holds one of the rules, word by word."""
    said = _words(text)
    return any(rule in said for rule in rules)


def _words(text: str) -> str:
    """Return the words of a text alone, so that marks, spaces and large letters hide nothing."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _ended(link: str) -> str:
    """Return a link without the marks of the sentence that it ends."""
    return link.rstrip(".,;:!?*_")


def _address(link: str) -> str:
    return _WEB.sub("", link, count=1).rstrip("/")


def _leads_to(link: str, domains: Sequence[str]) -> bool:
    """Say whether a link leads to one of the domains in every reading: with a backslash, with a user before the host
    or by another scheme, programs differ in where they go."""
    try:
        parts = urlsplit(link if "://" in link else f"https://{link}")
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or "\\" in link or "@" in parts.netloc:
        return False
    host = (parts.hostname or "").lower()
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def _seen(turn: Turn) -> Iterator[Message]:
    """Yield what the model is shown: the history and, where a guest has written more than it holds, what waits for an
    answer before it. What a turn says it has answered, its model has read."""
    first = turn.history[0].seq if turn.history else None
    yield from (message for message in turn.unanswered if first is None or message.seq < first)
    yield from turn.history


def _was_said(message: Message) -> bool:
    return message.direction is Direction.IN or message.status not in (DeliveryStatus.CANCELLED, DeliveryStatus.FAILED)


def _asks_to_hand_over(calls: Sequence[ToolCall]) -> str | None:
    for call in calls:
        if call.name == HAND_OVER.name:
            try:
                reason = json.loads(call.arguments).get("reason")
            except (ValueError, AttributeError):
                reason = None
            return str(reason)[:500] if reason else "The bot asks for a person."
    return None


def _spec(tool: Any) -> ToolSpec:
    return ToolSpec(tool.name, tool.description, tool.Arguments.model_json_schema())
