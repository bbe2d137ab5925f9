"""The model contract lets a right model pass, and catches those that are wrong."""

import asyncio
import inspect
from typing import Any

import pytest

from innbox import Completion, CompletionRequest, ModelError, ToolCall, Usage
from innbox.testing import llm_contract
from innbox.testing.llm_contract import BROKEN, HANGING, ODD_QUESTIONS, LLMContract

TESTS = sorted(name for name in vars(LLMContract) if name.startswith("test_"))


class Switch:
    """A provider that can be broken."""

    faults = frozenset({BROKEN, HANGING})

    def __init__(self) -> None:
        self.fault: str | None = None

    async def fail(self, fault: str) -> None:
        self.fault = fault

    async def recover(self) -> None:
        self.fault = None


class Right:
    """A model that repeats the question."""

    name = "right"

    def __init__(self, provider: Switch) -> None:
        self.provider = provider

    async def complete(self, request: CompletionRequest) -> Completion:
        if self.provider.fault == HANGING:
            await asyncio.sleep(0.1)
        if self.provider.fault is not None:
            raise ModelError("The model is out.", self.provider.fault)
        return self.say(request)

    def say(self, request: CompletionRequest) -> Completion:
        return Completion(f"re: {request.question}", model="right", sources=("facts",), usage=Usage(seconds=0.001))


class Silent(Right):
    def say(self, request: CompletionRequest) -> Completion:
        return Completion(model="silent", usage=Usage(seconds=0.001))


class WithoutSources(Right):
    def say(self, request: CompletionRequest) -> Completion:
        return Completion("re", model="it", usage=Usage(seconds=0.001))


class WithoutUsage(Right):
    def say(self, request: CompletionRequest) -> Completion:
        return Completion("re", model="it", sources=("facts",))


class Inventive(Right):
    def say(self, request: CompletionRequest) -> Completion:
        return Completion(tool_calls=(ToolCall("1", "refund", "{}"),), model="it", usage=Usage(seconds=0.001))


class Remembers(Right):
    def say(self, request: CompletionRequest) -> Completion:
        return Completion("re", model="it", sources=("facts",), usage=Usage(seconds=0.001, cached=True))


class Stumbles(Right):
    """It cannot bear an empty question."""

    def say(self, request: CompletionRequest) -> Completion:
        if not any(character.isalnum() for character in request.question):
            raise IndexError
        return super().say(request)


class RaisesAnything(Right):
    async def complete(self, request: CompletionRequest) -> Completion:
        if self.provider.fault is not None:
            raise RuntimeError("something")
        return self.say(request)


class TellsTheGuestsWords(Right):
    async def complete(self, request: CompletionRequest) -> Completion:
        if self.provider.fault is not None:
            raise ModelError(f"No answer to: {request.question}", "out")
        return self.say(request)


class Slow(Right):
    async def complete(self, request: CompletionRequest) -> Completion:
        if self.provider.fault == HANGING:
            await asyncio.sleep(0.6)
        return await super().complete(request)


class GivesUpForGood(Right):
    lost = False

    async def complete(self, request: CompletionRequest) -> Completion:
        self.lost = self.lost or self.provider.fault is not None
        if self.lost:
            raise ModelError("The model is out.", "out")
        return self.say(request)


async def hold(kind: type[Right], test: str, question: str = "?") -> None:
    """Run one of the contract's tests on a model; what is wrong is raised."""
    provider = Switch()
    offered: dict[str, Any] = {"llm": kind(provider), "provider": provider, "question": question}
    method = getattr(LLMContract(), test)
    result = method(**{wanted: offered[wanted] for wanted in inspect.signature(method).parameters})
    if inspect.isawaitable(result):
        await result


@pytest.mark.parametrize("test", TESTS)
async def test_a_right_model_passes(test: str) -> None:
    await hold(Right, test)


@pytest.mark.parametrize("question", ODD_QUESTIONS, ids=range(len(ODD_QUESTIONS)))
async def test_a_right_model_bears_odd_questions(question: str) -> None:
    await hold(Right, "test_odd_questions_do_no_harm", question)


@pytest.mark.parametrize(
    ("kind", "caught_by"),
    [
        (Silent, "test_a_question_is_answered_or_handed_over"),
        (WithoutSources, "test_an_answer_says_what_it_rests_on"),
        (WithoutUsage, "test_an_answer_says_who_gave_it_and_what_it_cost"),
        (Inventive, "test_it_calls_offered_tools_only"),
        (Remembers, "test_what_may_tell_of_a_guest_is_never_answered_from_memory"),
        (Stumbles, "test_odd_questions_do_no_harm"),
        (RaisesAnything, "test_every_fault_is_a_model_error_in_time"),
        (TellsTheGuestsWords, "test_every_fault_is_a_model_error_in_time"),
        (Slow, "test_every_fault_is_a_model_error_in_time"),
        (GivesUpForGood, "test_it_answers_again_after_a_fault"),
    ],
    ids=lambda value: value.__name__ if inspect.isclass(value) else "",
)
async def test_a_wrong_model_is_caught(kind: type[Right], caught_by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llm_contract, "FAULT_SECONDS", 0.5)

    with pytest.raises((AssertionError, IndexError, RuntimeError, ModelError)):
        await hold(kind, caught_by)
