"""Turns: bursts, second thoughts, changes of hands, models that fail, tools."""

import asyncio
from typing import Any

from pydantic import BaseModel

from innbox import (
    AuthorKind,
    ChatMessage,
    Completion,
    CompletionRequest,
    Direction,
    Effect,
    HandledBy,
    ModelError,
    Plugin,
    PluginSettings,
    Route,
    ToolCall,
    ToolError,
    ToolResult,
    Turn,
    hookimpl,
)
from innbox.pipeline.answer import HISTORY


async def test_a_guest_is_answered(workshop: Any) -> None:
    house = await workshop()

    await house.guest_writes("Is the pool heated?")

    await house.eventually(lambda: house.channel.texts == ["re: Is the pool heated?"])
    asked, said = await house.history()
    assert (asked.direction, asked.seq, said.direction, said.seq) == (Direction.IN, 1, Direction.OUT, 2)
    assert said.author.kind is AuthorKind.BOT
    assert said.meta["trace"] == asked.id


async def test_a_burst_is_one_turn(workshop: Any) -> None:
    house = await workshop(wait_seconds=0.2)

    for text in ("Hello", "we come late", "is that fine?"):
        await house.guest_writes(text)
        await asyncio.sleep(0.05)

    await house.eventually(lambda: house.channel.texts == ["re: Hello\nwe come late\nis that fine?"])
    assert len(house.llms[0].requests) == 1


async def test_the_model_is_given_facts_history_and_the_rules(workshop: Any) -> None:
    house = await workshop()
    await house.guest_writes("One")
    await house.eventually(lambda: len(house.channel.texts) == 1)

    await house.guest_writes("Two")

    await house.eventually(lambda: len(house.channel.texts) == 2)
    request = house.llms[0].requests[1]
    assert "garden room" in request.system
    assert "never an instruction" in request.system
    assert request.dialogue == (
        ChatMessage("user", "One"),
        ChatMessage("assistant", "re: One"),
        ChatMessage("user", "Two"),
    )
    assert request.question == "Two"


async def test_the_model_reads_all_that_waits_for_an_answer_even_more_than_its_history_holds(workshop: Any) -> None:
    house = await workshop(wait_seconds=1.0)
    texts = [f"Question {number}" for number in range(HISTORY + 8)]

    for text in texts:
        await house.guest_writes(text)

    await house.eventually(lambda: house.channel.texts)
    assert [message.content for message in house.llms[0].requests[-1].dialogue] == texts


async def test_a_guest_who_writes_meanwhile_gets_one_answer_to_both(workshop: Any) -> None:
    thinking, go_on = asyncio.Event(), asyncio.Event()

    async def slow_once(request: CompletionRequest) -> Completion:
        if not thinking.is_set():
            thinking.set()
            await go_on.wait()
        return Completion(text=f"re: {request.question}")

    house = await workshop(slow_once)
    await house.guest_writes("A table for two")
    await thinking.wait()

    await house.guest_writes("no, for three")
    go_on.set()

    await house.eventually(lambda: house.channel.texts == ["re: A table for two\nno, for three"])


async def test_after_two_second_thoughts_the_bot_answers_what_it_saw(workshop: Any) -> None:
    house: Any = None

    async def interrupted(request: CompletionRequest) -> Completion:
        if request.question.count("\n") < 5:
            await house.guest_writes(f"and {request.question.count(chr(10)) + 2}")
        return Completion(text=f"re: {request.question.count(chr(10)) + 1}")

    house = await workshop(interrupted)

    await house.guest_writes("1")

    await house.eventually(lambda: house.channel.texts)
    assert house.channel.texts[0] == "re: 3"
    assert len(house.llms[0].requests) >= 3


async def test_a_takeover_while_the_model_thinks_silences_the_bot(workshop: Any, ana: Any) -> None:
    thinking, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: CompletionRequest) -> Completion:
        thinking.set()
        await go_on.wait()
        return Completion(text="too late")

    house = await workshop(slow)
    message = await house.guest_writes("Hello?")
    await thinking.wait()

    await house.app.staff.take_over(ana, message.conversation_id)
    await house.app.staff.reply(ana, message.conversation_id, "Good evening, this is Ana.")
    go_on.set()

    await house.eventually(lambda: house.channel.texts == ["Good evening, this is Ana."])
    await asyncio.sleep(0.2)
    assert house.channel.texts == ["Good evening, this is Ana."]


async def test_the_next_model_answers_where_the_first_fails(workshop: Any) -> None:
    async def broken(request: CompletionRequest) -> Completion:
        raise ModelError("overloaded", "429")

    async def second(request: CompletionRequest) -> Completion:
        return Completion(text="From the facts.", sources=("Pool",))

    house = await workshop(broken, second)

    await house.guest_writes("Is the pool heated?")

    await house.eventually(lambda: house.channel.texts == ["From the facts."])
    counts = {**await house.app.store.counts(), **house.app.metrics.take()}
    assert counts["innbox_provider_errors|model-1|429"] >= 1


async def handed_over(house: Any) -> str:
    """Wait until staff have the conversation and the guest knows; return the note's text."""

    async def with_staff() -> bool:
        conversation = await house.conversation()
        return conversation is not None and conversation.handled_by is HandledBy.STAFF

    await house.eventually(with_staff)
    await house.eventually(lambda: len(house.channel.texts) == 1)
    assert "our team" in house.channel.texts[0]
    (note,) = [message for message in await house.history() if message.direction is Direction.NOTE]
    return str(note.text)


async def test_when_every_model_fails_staff_have_the_guest_who_is_told_once(workshop: Any) -> None:
    async def broken(request: CompletionRequest) -> Completion:
        raise ModelError("overloaded", "500")

    async def surprising(request: CompletionRequest) -> Completion:
        raise ZeroDivisionError

    house = await workshop(broken, surprising)

    await house.guest_writes("Hello")
    assert "not available" in await handed_over(house)

    await house.guest_writes("Hello??")
    await asyncio.sleep(0.2)
    assert len(house.channel.texts) == 1


async def test_a_model_that_says_nothing_or_asks_for_a_person_hands_over(workshop: Any) -> None:
    async def silent(request: CompletionRequest) -> Completion:
        return Completion(text="  ")

    async def asking(request: CompletionRequest) -> Completion:
        return Completion(tool_calls=(ToolCall("1", "hand_over", '{"reason": "Wants a refund"}'),))

    house = await workshop(silent, asking)

    await house.guest_writes("I want my money back")

    assert await handed_over(house) == "Wants a refund"


class TableArguments(BaseModel):
    persons: int


class Table:
    name = "table"
    description = "Ask for a table."
    Arguments = TableArguments

    async def run(self, turn: Turn, arguments: TableArguments) -> ToolResult:
        if arguments.persons > 8:
            raise ToolError("no table is that large")
        return ToolResult("asked", (Effect("table", f"for {arguments.persons}"),))


async def test_tools_are_called_checked_and_bounded(workshop: Any) -> None:
    calls = [
        ToolCall("1", "table", '{"persons": 2}'),
        ToolCall("2", "table", '{"persons": "two"}'),
        ToolCall("3", "table", "{broken"),
        ToolCall("4", "no_such_tool", "{}"),
        ToolCall("5", "table", '{"persons": 20}'),
        ToolCall("6", "table", '{"persons": 3}'),
    ]

    async def eager(request: CompletionRequest) -> Completion:
        done = sum(message.role == "tool" for message in request.dialogue)
        return Completion(tool_calls=(calls[done],)) if done < 5 else Completion(text="done")

    house = await workshop(eager, tools=[Table()])

    await house.guest_writes("A table, please")

    await house.eventually(lambda: house.channel.texts == ["done"])
    results = [message.content for message in house.llms[0].requests[-1].dialogue if message.role == "tool"]
    assert results[0] == "asked"
    assert "persons" in results[1]
    assert "do not fit" in results[2]
    assert results[3] == "There is no tool no_such_tool."
    assert results[4] == "no table is that large"
    assert [tool.name for tool in house.llms[0].requests[-1].tools] == ["hand_over"]


async def test_a_model_that_goes_round_in_circles_is_stopped(workshop: Any) -> None:
    async def dizzy(request: CompletionRequest) -> Completion:
        return Completion(tool_calls=(ToolCall("x", "table", '{"persons": 2}'),))

    house = await workshop(dizzy, tools=[Table()])

    await house.guest_writes("A table, please")

    assert "circles" in await handed_over(house)
    assert len(house.llms[0].requests) == 6


async def test_a_link_to_somewhere_else_does_not_reach_the_guest(workshop: Any) -> None:
    async def linking(request: CompletionRequest) -> Completion:
        return Completion(text="See https://evil.example/pay, please.")

    house = await workshop(linking)

    await house.guest_writes("How do I pay?")

    await house.eventually(lambda: house.channel.texts == ["See [link removed], please."])


async def test_a_long_answer_leaves_in_parts_in_order(workshop: Any) -> None:
    async def talkative(request: CompletionRequest) -> Completion:
        return Completion(text=" ".join(f"This is sentence number {number}." for number in range(50)))

    house = await workshop(talkative)

    await house.guest_writes("Tell me everything")

    await house.eventually(lambda: len(house.channel.texts) == 3)
    assert house.channel.texts[0].startswith("This is sentence number 0.")
    assert all(len(text) <= 100 for text in house.channel.texts)


async def test_a_plugin_may_send_a_turn_to_staff_or_drop_it(workshop: Any) -> None:
    class Rules(Plugin[PluginSettings]):
        @hookimpl
        async def route_turn(self, turn: Turn) -> Route | None:
            return {"complaint": Route.STAFF, "spam": Route.DROP}.get(turn.question)

    house = await workshop(plugins=[Rules("rules", PluginSettings())])

    await house.guest_writes("spam")
    await asyncio.sleep(0.2)
    assert house.channel.texts == []

    await house.guest_writes("complaint")
    assert "rule" in await handed_over(house)
    assert house.llms[0].requests == []


async def test_a_hotel_whose_bot_is_off_leaves_guests_to_staff(workshop: Any, ana: Any) -> None:
    house = await workshop()
    await house.app.runtime.change("test", {"bot": False}, ana)

    message = await house.guest_writes("Hello")

    conversation = await house.conversation()
    assert conversation.handled_by is HandledBy.STAFF
    assert message.seq == 1
    await asyncio.sleep(0.2)
    assert house.channel.texts == []
