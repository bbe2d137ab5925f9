"""What time brings to conversations, in a running house."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from innbox import AuthorKind, BotMode, ChannelTraits, ConversationStatus, Direction, HandledBy, User, now
from innbox.pipeline import runner, timing

SOON = timedelta(seconds=0.3)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "TIMING_SECONDS", 0.05)


async def conversation_where(house: Any, so: Callable[[Any], bool]) -> Any:
    async def found() -> Any:
        conversation = await house.conversation()
        return conversation if so(conversation) else None

    return await house.eventually(found)


async def test_a_snoozed_conversation_wakes_in_the_hands_that_had_it(workshop: Any, ana: User) -> None:
    house = await workshop()
    message = await house.guest_writes("Hello")
    await house.app.staff.take_over(ana, message.conversation_id)
    await house.app.staff.mark_read(ana, message.conversation_id)

    asleep = await house.app.staff.snooze(ana, message.conversation_id, now() + SOON)

    assert asleep.conversation.status is ConversationStatus.SNOOZED
    woken = await conversation_where(house, lambda found: found.status is ConversationStatus.OPEN)
    assert (woken.assignee, woken.unread) == ("ana", 1)


async def test_the_bot_comes_back_and_answers_what_nobody_did(
    workshop: Any, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await workshop()
    first = await house.guest_writes("Hello")
    await house.eventually(lambda: house.channel.texts)
    await house.app.staff.take_over(ana, first.conversation_id)
    await house.guest_writes("Are you there?")

    await house.app.desk_store.set_bot_back(first.conversation_id, now() + SOON)

    await house.eventually(lambda: house.channel.texts == ["re: Hello", "re: Are you there?"])
    assert (await house.conversation()).handled_by is HandledBy.BOT


async def test_a_bot_that_is_off_does_not_come_back(workshop: Any, ana: User) -> None:
    house = await workshop()
    message = await house.guest_writes("Hello")
    await house.app.staff.take_over(ana, message.conversation_id, minutes=5)
    await house.app.runtime.change("test", {"bot": False}, ana)

    await house.app.desk_store.set_bot_back(message.conversation_id, now() + SOON)

    left = await conversation_where(house, lambda found: found.bot_back_at is None)
    assert (left.handled_by, left.assignee) == (HandledBy.STAFF, "ana")


async def test_an_urgent_conversation_rings_for_one_after_the_other_and_then_for_all(
    workshop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await workshop(hotel={"urgent": {"on_call": ["ana", "Bea", "gone"], "ring_seconds": 5}})
    await house.add_users(ana=None, Bea=None, gone=None)
    of = house.app.runtime.of

    async def impatient(hotel: str) -> Any:
        return replace(await of(hotel), ring_seconds=0.3)

    monkeypatch.setattr(house.app.runtime, "of", impatient)
    await house.guest_writes("Fire!")
    assert (await house.conversation()).urgent.rings_for == "ana"

    await house.app.accounts.disable("gone")

    await conversation_where(house, lambda found: found.urgent.rings_for == "Bea")
    ringing = await conversation_where(house, lambda found: found.urgent.rings_for is None)
    assert ringing.urgent.acknowledged_by is None


async def test_who_has_heard_of_it_ends_the_ringing(workshop: Any, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await workshop(hotel={"urgent": {"on_call": ["ana", "Bea"], "ring_seconds": 5}})
    await house.add_users(ana=None, Bea=None)
    message = await house.guest_writes("Fire!")

    changed = await house.app.staff.acknowledge(ana, message.conversation_id)

    urgent = changed.conversation.urgent
    assert (urgent.acknowledged_by, changed.conversation.assignee) == ("ana", "ana")
    assert await house.app.desk_store.due_timers(10) == []


@pytest.mark.parametrize(
    ("on_call", "rang_for", "then"),
    [
        (("a", "b"), "a", "b"),
        (("a", "b"), "b", None),
        (("a", "b"), "gone", None),
        ((), None, None),
        (("a",), None, None),
    ],
)
def test_who_is_next_on_call(on_call: tuple[str, ...], rang_for: str | None, then: str | None) -> None:
    assert timing._next(on_call, rang_for) == then


async def test_a_scheduled_message_leaves_on_time_and_changes_no_hands(workshop: Any, ana: User) -> None:
    house = await workshop()
    message = await house.guest_writes("Hello")
    await house.eventually(lambda: house.channel.texts)

    kept, _ = await house.app.staff.schedule(ana, message.conversation_id, " Your taxi is here ", now() + SOON, "c1")
    again, changed = await house.app.staff.schedule(ana, message.conversation_id, "Twice", now() + SOON, "c1")

    assert (again, changed.duplicate) == (kept, True)
    await house.eventually(lambda: house.channel.texts == ["re: Hello", "Your taxi is here"])
    conversation = await house.conversation()
    assert (conversation.handled_by, conversation.scheduled_at) == (HandledBy.BOT, None)
    assert house.channel.sent[-1].proactive
    sent = (await house.history())[-1]
    assert (sent.author.kind, sent.author.name) == (AuthorKind.STAFF, "ana")


async def test_a_message_that_is_called_back_stays(workshop: Any, ana: User) -> None:
    house = await workshop()
    message = await house.guest_writes("Hello")
    at = now() + 4 * SOON
    kept, before = await house.app.staff.schedule(ana, message.conversation_id, "Your taxi is here", at, "c1")

    changed = await house.app.staff.unschedule(ana, message.conversation_id, kept.id)

    assert (before.conversation.scheduled_at, changed.conversation.scheduled_at) == (kept.at, None)
    await asyncio.sleep(5 * SOON.total_seconds())
    assert "Your taxi is here" not in house.channel.texts


async def test_what_is_scheduled_past_the_window_becomes_a_note(workshop: Any, ana: User) -> None:
    house = await workshop(hotel={"staff_language": "pt"})
    house.channel.traits = ChannelTraits(reply_window=SOON / 2)
    message = await house.guest_writes("Hello")
    await house.app.staff.schedule(ana, message.conversation_id, "Your taxi is here", now() + SOON, None)

    async def noted() -> Any:
        return next((found for found in await house.history() if found.direction is Direction.NOTE), None)

    note = await house.eventually(noted)
    assert note.author.kind is AuthorKind.SYSTEM
    why, what = note.text.splitlines()
    assert why.startswith("Uma mensagem agendada não foi enviada. O hóspede escreveu há mais de 24 horas")
    assert what == "ana: Your taxi is here"
    assert "Your taxi is here" not in house.channel.texts


async def test_a_guest_who_opts_out_meanwhile_gets_a_note_in_the_messages_place(workshop: Any, ana: User) -> None:
    house = await workshop()
    message = await house.guest_writes("Hello")
    await house.app.staff.schedule(ana, message.conversation_id, "Your taxi is here", now() + 4 * SOON, None)

    await house.guest_writes("STOP")

    async def noted() -> bool:
        return any("was not sent" in found.text and "opted out" in found.text for found in await house.history())

    await house.eventually(noted)
    assert "Your taxi is here" not in house.channel.texts


async def test_a_timer_that_fails_harms_no_other_and_waits(
    workshop: Any, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await workshop()
    broken = await house.guest_writes("Hello", handle="guest-2")
    message = await house.guest_writes("Hello")
    wake = house.app.desk_store.wake_snoozed
    tried: list[str] = []

    async def sometimes(conversation_id: str) -> Any:
        tried.append(conversation_id)
        if conversation_id == broken.conversation_id:
            raise RuntimeError("boom")
        return await wake(conversation_id)

    monkeypatch.setattr(house.app.desk_store, "wake_snoozed", sometimes)
    for found in (broken, message):
        await house.app.staff.snooze(ana, found.conversation_id, now() + SOON)

    await conversation_where(house, lambda found: found.status is ConversationStatus.OPEN)
    await asyncio.sleep(0.3)
    assert tried.count(broken.conversation_id) == 1


async def test_a_conversations_own_mode_brings_the_bot_back_where_the_hotels_is_off(workshop: Any, ana: User) -> None:
    house = await workshop()
    message = await house.guest_writes("Hello")
    await house.eventually(lambda: house.channel.texts)
    await house.app.staff.take_over(ana, message.conversation_id)
    await house.app.staff.set_bot_mode(ana, message.conversation_id, BotMode.AUTO)
    await house.app.runtime.change("test", {"bot_mode": "off"}, ana)

    await house.app.desk_store.set_bot_back(message.conversation_id, now() + SOON)

    back = await conversation_where(house, lambda found: found.bot_back_at is None)
    assert back.handled_by is HandledBy.BOT
