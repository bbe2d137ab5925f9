"""The note that staff find when a conversation goes to them: short, in their language, and never late."""

import asyncio
from typing import Any

import pytest

from innbox import Completion, CompletionRequest, Direction, ModelError, ToolCall, Usage
from innbox.pipeline import handing_over, thinking

ASKS = ToolCall("1", "hand_over", '{"reason": "Wants a refund"}')


class Writer:
    """A model that hands everything over, or fails, and writes what the test says."""

    def __init__(self, *texts: str | Exception, fault: Exception | None = None) -> None:
        self.name = "writer"
        self.texts = list(texts)
        self.fault = fault
        self.tasks: list[tuple[str, str]] = []

    async def complete(self, request: CompletionRequest) -> Completion:
        if self.fault:
            raise self.fault
        return Completion(tool_calls=(ASKS,), model="m", usage=Usage(10, 1, 0.5, 0.01))

    async def write(self, task: str, text: str) -> Completion:
        self.tasks.append((task, text))
        found = self.texts.pop(0)
        if isinstance(found, Exception):
            raise found
        return Completion(found, model="m", usage=Usage(20, 4, 0.25, 0.02))


async def note_of(house: Any) -> str:
    async def found() -> str:
        return next((message.text for message in await house.history() if message.direction is Direction.NOTE), "")

    return str(await house.eventually(found))


async def test_a_model_says_what_it_is_about_in_five_lines_at_most(workshop: Any) -> None:
    writer = Writer("Room 12, two nights\n\n  Paid 200 €  \nWas told: no refunds\nAngry\nOne line\ntoo many")
    house = await workshop(llms=[writer], hotel={"staff_language": "pt"})

    await house.guest_writes("I want my money back!")

    assert await note_of(house) == "Wants a refund\nRoom 12, two nights\nPaid 200 €\nWas told: no refunds\nAngry"
    ((task, text),) = writer.tasks
    assert "ISO 639-1 code\npt" in task
    assert "Wants a refund" in task
    assert text == "Guest: I want my money back!"


async def test_what_the_note_cost_is_in_the_turns_record(workshop: Any) -> None:
    house = await workshop(llms=[Writer("Angry")])
    ends: list[Any] = []
    commit = house.app.store.commit_turn

    async def watched(turn: Any, end: Any, **more: Any) -> Any:
        ends.append(end)
        return await commit(turn, end, **more)

    house.app.store.commit_turn = watched

    await house.guest_writes("I want my money back!")

    await note_of(house)
    usage = ends[0].record.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.seconds) == (30, 5, 0.75)
    assert usage.cost_usd == pytest.approx(0.03)


@pytest.mark.parametrize("said", [ModelError("no", "429"), RuntimeError("boom"), "", " \n "], ids=str)
async def test_where_it_cannot_the_reason_will_do(workshop: Any, said: Any) -> None:
    house = await workshop(llms=[Writer(said)], hotel={"staff_language": "de"})

    await house.guest_writes("I want\nmy money back!")

    assert await note_of(house) == "Wants a refund"


async def test_a_slow_model_delays_nothing(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handing_over, "NOTE_SECONDS", 0.1)
    writer = Writer()

    async def slow(task: str, text: str) -> Completion:
        await asyncio.sleep(60)
        return Completion("late")

    writer.write = slow  # type: ignore[method-assign]
    house = await workshop(llms=[writer])

    await house.guest_writes("I want my money back!")

    assert await note_of(house) == "Wants a refund"


async def test_a_turn_that_took_long_asks_no_model_again(workshop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer("Angry")
    monkeypatch.setattr(handing_over, "LATEST_SECONDS", -1.0)
    house = await workshop(llms=[writer])

    await house.guest_writes("I want my money back!")

    assert await note_of(house) == "Wants a refund"
    assert writer.tasks == []


async def test_after_an_outage_no_model_is_asked_again(workshop: Any) -> None:
    writer = Writer("Angry", fault=ModelError("down", "503"))
    house = await workshop(llms=[writer], hotel={"staff_language": "fr"})

    await house.guest_writes("Hello")

    assert (await note_of(house)).splitlines() == [
        "Le bot n'a pas de réponse : ses modèles ne sont pas disponibles.",
    ]
    assert writer.tasks == []


async def test_a_model_that_only_answers_is_not_asked_to_write(workshop: Any) -> None:
    class Facts:
        name = "facts"

        async def complete(self, request: CompletionRequest) -> Completion:
            return Completion(hand_over=True, reason="Nothing in the facts.")

    down = Writer("Angry", fault=ModelError("down", "503"))
    house = await workshop(llms=[down, Facts()])

    await house.guest_writes("Hello")

    assert (await note_of(house)).splitlines()[0] == "Nothing in the facts."
    assert down.tasks == []


def test_the_hand_over_stays_within_its_minute() -> None:
    assert handing_over.LATEST_SECONDS + handing_over.NOTE_SECONDS < thinking.THINKING_SECONDS
