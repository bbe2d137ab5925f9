"""How the bot deals with a conversation: by itself, by a draft for staff, or not at all."""

import asyncio
from typing import Any

import pytest

from innbox import BotMode, Completion, CompletionRequest, Direction, HandledBy, Refused, User

DRAFT = {"bot_mode": "draft"}


async def drafted(house: Any, text: str) -> Any:
    """Wait for the draft of an answer to `text`; return the conversation."""

    async def found() -> Any:
        conversation = await house.conversation()
        wanted = conversation.suggestion and conversation.suggestion.text == f"re: {text}"
        return conversation if wanted else None

    return await house.eventually(found)


async def test_a_hotel_may_have_drafts_of_all_answers(workshop: Any, ana: User) -> None:
    house = await workshop()
    await house.app.runtime.change("test", DRAFT, ana)

    asked = await house.guest_writes("Is the pool heated?")

    conversation = await drafted(house, "Is the pool heated?")
    assert (conversation.suggestion.seq, conversation.handled_by) == (asked.seq, HandledBy.BOT)
    assert conversation.waiting_since is not None
    assert house.channel.texts == []
    assert len(house.llms[0].requests) == 1


async def test_a_draft_is_sent_as_staff_edit_it_and_the_bot_goes_on(workshop: Any, ana: User) -> None:
    house = await workshop()
    await house.app.runtime.change("test", DRAFT, ana)
    asked = await house.guest_writes("Is the pool heated?")
    conversation = await drafted(house, "Is the pool heated?")

    replied = await house.app.staff.reply(
        ana,
        conversation.id,
        "Yes, to 28 degrees.",
        "c1",
        seen_seq=asked.seq,
        suggestion_id=conversation.suggestion.id,
    )

    assert replied.conversation.suggestion is None
    assert replied.conversation.handled_by is HandledBy.BOT
    await house.eventually(lambda: house.channel.texts == ["Yes, to 28 degrees."])
    await house.guest_writes("And the sauna?")
    await drafted(house, "And the sauna?")


async def test_a_draft_that_the_guest_overtook_is_thought_anew(workshop: Any, ana: User) -> None:
    thinking, goes_on = asyncio.Event(), asyncio.Event()

    async def slow(request: CompletionRequest) -> Completion:
        thinking.set()
        await goes_on.wait()
        return Completion(f"re: {request.question}")

    house = await workshop(slow)
    await house.app.runtime.change("test", DRAFT, ana)
    await house.guest_writes("Is the pool heated?")
    await thinking.wait()

    await house.guest_writes("I mean the indoor one")
    goes_on.set()

    await drafted(house, "Is the pool heated?\nI mean the indoor one")


async def test_a_conversation_may_have_its_own_way(workshop: Any, ana: User) -> None:
    house = await workshop()
    first = await house.guest_writes("Hello")
    await house.eventually(lambda: house.channel.texts == ["re: Hello"])

    await house.app.staff.set_bot_mode(ana, first.conversation_id, BotMode.DRAFT)
    await house.guest_writes("Is the pool heated?")
    waiting = await drafted(house, "Is the pool heated?")

    dismissed = await house.app.staff.dismiss_suggestion(ana, waiting.id, waiting.suggestion.id)
    assert dismissed.conversation.suggestion is None

    await house.app.staff.set_bot_mode(ana, first.conversation_id, None)
    await house.guest_writes("Please answer")
    await house.eventually(lambda: len(house.channel.texts) == 2)


async def test_a_conversation_whose_bot_is_off_is_staffs(workshop: Any, ana: User) -> None:
    house = await workshop()
    first = await house.guest_writes("Hello")
    await house.eventually(lambda: house.channel.texts == ["re: Hello"])

    await house.app.staff.set_bot_mode(ana, first.conversation_id, BotMode.OFF)
    await house.guest_writes("Is the pool heated?")

    assert (await house.conversation()).handled_by is HandledBy.STAFF
    with pytest.raises(Refused) as refused:
        await house.app.staff.return_to_bot(ana, first.conversation_id)
    assert refused.value.code == "bot_off"
    assert "this conversation" in str(refused.value)


async def test_a_conversation_may_have_a_bot_where_the_hotel_has_none(workshop: Any, ana: User) -> None:
    house = await workshop()
    first = await house.guest_writes("Hello")
    await house.eventually(lambda: house.channel.texts == ["re: Hello"])
    await house.app.runtime.change("test", {"bot": False}, ana)

    await house.app.staff.set_bot_mode(ana, first.conversation_id, BotMode.AUTO)
    await house.guest_writes("Is the pool heated?")

    await house.eventually(lambda: house.channel.texts == ["re: Hello", "re: Is the pool heated?"])


async def test_with_drafts_a_hand_over_stays_one(workshop: Any, ana: User) -> None:
    async def asks(request: CompletionRequest) -> Completion:
        return Completion(hand_over=True, reason="Wants a refund")

    house = await workshop(asks)
    await house.app.runtime.change("test", DRAFT, ana)

    await house.guest_writes("I want my money back")

    async def handed() -> bool:
        return (await house.conversation()).handled_by is HandledBy.STAFF

    await house.eventually(handed)
    notes = [message.text for message in await house.history() if message.direction is Direction.NOTE]
    assert notes[0].startswith("Wants a refund")
    assert (await house.conversation()).suggestion is None


async def test_a_plain_house_that_was_told_to_draft_leaves_guests_to_staff(workshop: Any, ana: User) -> None:
    house = await workshop(plain=True)
    await house.app.store.change_settings("test", DRAFT, "somebody")

    await house.guest_writes("Is the pool heated?")

    async def handed() -> bool:
        return (await house.conversation()).handled_by is HandledBy.STAFF

    await house.eventually(handed)
    assert house.llms[0].requests == []
