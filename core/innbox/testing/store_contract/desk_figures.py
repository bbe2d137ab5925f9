"""What a desk's store promises of figures: sums of what happened, which can be added up and compared."""

import asyncio
from datetime import timedelta

import pytest

from innbox.desk import FIGURE_MINUTES, WAIT_BOUNDS, Figures, StaffReply
from innbox.messages import DeliveryStatus, StatusReport, TurnRecord, Usage, now
from innbox.ports import Finish, IngestRules, Reply
from innbox.testing.store_contract.desk_scenes import (
    FAILURE,
    bot_proposes,
    failed_message,
    fails,
    figures,
    total,
)
from innbox.testing.store_contract.scenes import (
    CHANNEL,
    HOTEL,
    OTHER_HOTEL,
    DeskStore,
    bot_answers,
    bot_draft,
    bot_message,
    claim_delivery,
    claim_turn,
    deliver,
    guest_writes,
    hand_over,
    no_reply,
    reply,
    staff_draft,
)

NO_WAITS = (0,) * (len(WAIT_BOUNDS) + 1)


def at_once(answers: int) -> tuple[int, ...]:
    """Return the classes of so many waiting times, all as short as a test."""
    return (answers, *NO_WAITS[1:])


class FiguresContract:
    """`figures`."""

    async def test_messages_are_counted_by_who_wrote_them(self, store: DeskStore) -> None:
        await bot_answers(store, "one", "two")
        taken = await guest_writes(store, "And now?")
        await store.staff_note(taken.conversation.id, "Ana", "Hm", None)
        await store.staff_message(taken.conversation.id, "Ana", [staff_draft("three")], "c-1")
        await store.staff_message(taken.conversation.id, "Ana", [staff_draft("three")], "c-1")

        counted = [await total(store, f"{writer}_messages") for writer in ("guest", "bot", "staff")]

        assert counted == [2, 2, 1]

    async def test_a_message_that_comes_twice_is_counted_once(self, store: DeskStore) -> None:
        for _ in range(2):
            await guest_writes(store, provider_id="SM1")

        assert await total(store, "guest_messages") == 1

    async def test_figures_add_up_across_processes(self, store: DeskStore, second_store: DeskStore) -> None:
        await asyncio.gather(
            *(guest_writes((store, second_store)[n % 2], handle=f"+3519110000{n:02}") for n in range(12))
        )

        assert await total(store, "guest_messages") == 12

    async def test_a_hotels_figures_are_its_own(self, store: DeskStore) -> None:
        await guest_writes(store)
        for _ in range(2):
            await guest_writes(store, hotel=OTHER_HOTEL)

        everything = await figures(store)
        assert [await total(store, "guest_messages", hotel) for hotel in (HOTEL, OTHER_HOTEL)] == [1, 2]
        assert sum(one.guest_messages for one in everything) == 3
        assert list(everything) == sorted(everything, key=lambda one: (one.at, one.hotel))
        assert list(await figures(store, frozenset())) == []

    async def test_figures_are_of_quarters_of_an_hour(self, store: DeskStore) -> None:
        begun = now()
        await guest_writes(store)

        found = await figures(store)

        for one in found:
            assert one.at.utcoffset() == timedelta(0)
            assert one.at.timestamp() % (FIGURE_MINUTES * 60) == 0
        assert abs(found[0].at - begun) < timedelta(minutes=FIGURE_MINUTES, seconds=5)

    async def test_a_range_has_its_beginning_and_not_its_end(self, store: DeskStore) -> None:
        await guest_writes(store)
        at = (await figures(store))[0].at
        instant, quarter = timedelta(microseconds=1), timedelta(minutes=FIGURE_MINUTES)

        assert [one.at for one in await store.figures(None, at, at + instant)] == [at]
        assert list(await store.figures(None, at - quarter, at)) == []
        assert list(await store.figures(None, at + instant, at + quarter)) == []

    async def test_a_quiet_house_has_none(self, store: DeskStore) -> None:
        assert list(await figures(store)) == []

    # waiting

    async def test_an_answer_counts_by_how_long_the_guest_had_waited(self, store: DeskStore) -> None:
        await bot_answers(store, "one", "two")
        taken = await guest_writes(store, "And now?")
        await guest_writes(store, "Hello?")
        await store.staff_message(taken.conversation.id, "Ana", [staff_draft("three"), staff_draft("four")], None)

        assert await total(store, "waits_by_bot") == at_once(1)
        assert await total(store, "waits_by_staff") == at_once(1)

    async def test_who_does_not_wait_is_not_answered(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        for text in ("one", "two"):
            await store.staff_message(taken.conversation.id, "Ana", [staff_draft(text)], None)
        other = await guest_writes(store, handle="+351911000000")
        await store.commit_turn(await claim_turn(store, other.conversation.id), no_reply())

        assert await total(store, "waits_by_staff") == at_once(1)
        assert await total(store, "waits_by_bot") == NO_WAITS

    async def test_the_notice_of_a_hand_over_is_no_answer(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.commit_turn(await claim_turn(store, taken.conversation.id), hand_over())
        assert await total(store, "waits_by_bot") == NO_WAITS

        await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Hi")], None)

        assert await total(store, "bot_messages") == 1
        assert await total(store, "waits_by_staff") == at_once(1)

    async def test_a_draft_is_an_answer_when_staff_send_it(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        suggestion = await bot_proposes(store, taken.conversation.id)
        assert (await total(store, "turns"), await total(store, "bot_messages")) == (1, 0)

        await store.reply(StaffReply(taken.conversation.id, "Ana", (staff_draft("Hi"),), suggestion_id=suggestion.id))

        assert await total(store, "waits_by_bot") == NO_WAITS
        assert await total(store, "waits_by_staff") == at_once(1)

    # turns, deliveries, ends

    async def test_turns_are_counted_with_what_they_cost(self, store: DeskStore) -> None:
        for cost in (0.25, None, 0.5):
            taken = await guest_writes(store)
            end = Reply((bot_draft("Hi"),), TurnRecord(usage=Usage(cost_usd=cost)))
            await store.commit_turn(await claim_turn(store, taken.conversation.id), end)
        taken = await guest_writes(store)
        await store.commit_turn(await claim_turn(store, taken.conversation.id), hand_over())

        assert (await total(store, "turns"), await total(store, "hand_overs")) == (4, 1)
        assert await total(store, "cost_usd") == pytest.approx(0.75)

    async def test_a_turn_that_is_thrown_away_counts_for_nothing(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        await store.take_over(taken.conversation.id, "Ana")

        await store.commit_turn(turn, reply("late"))

        assert (await total(store, "turns"), await total(store, "bot_messages")) == (0, 0)

    async def test_failures_are_counted_when_they_happen(self, store: DeskStore) -> None:
        message = await failed_message(store)
        assert await total(store, "failed") == 1

        await store.retry(message.id)
        await fails(store, message.conversation_id)

        assert await total(store, "failed") == 2

    async def test_a_reported_failure_counts_once(self, store: DeskStore) -> None:
        message = await bot_message(store)
        await deliver(store, message.conversation_id, "SM1")

        for _ in range(2):
            await store.report_status(StatusReport(CHANNEL, DeliveryStatus.FAILED, message.id, failure=FAILURE))

        assert await total(store, "failed") == 1

    async def test_a_failure_that_was_reported_first_counts_once(self, store: DeskStore) -> None:
        message = await bot_message(store)
        delivery = await claim_delivery(store, message.conversation_id)
        await store.report_status(StatusReport(CHANNEL, DeliveryStatus.FAILED, message.id, failure=FAILURE))
        await store.settle_delivery(delivery, Finish("failed", error=FAILURE))

        assert await total(store, "failed") == 1

    async def test_what_is_resolved_counts_from_its_first_word_on(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Done")], None)

        changed = await store.resolve(taken.conversation.id)
        await store.resolve(taken.conversation.id)

        assert await total(store, "resolved") == 1
        assert changed.conversation.last_at is not None
        spoken = (changed.conversation.last_at - taken.message.created_at).total_seconds()
        assert spoken <= await total(store, "solve_seconds") < spoken + 5

    async def test_what_comes_up_again_is_resolved_again(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.resolve(taken.conversation.id)
        await guest_writes(store, "One more thing")

        await store.resolve(taken.conversation.id)

        assert await total(store, "resolved") == 2

    async def test_where_nothing_was_said_nothing_is_resolved(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.resolve(taken.conversation.id)
        await store.take_over(taken.conversation.id, "Ana")
        await store.staff_note(taken.conversation.id, "Ana", "By mistake", None)

        await store.resolve(taken.conversation.id)

        assert await total(store, "resolved") == 1

    async def test_quarters_can_be_compared_with_nothing(self, store: DeskStore) -> None:
        await guest_writes(store, rules=IngestRules(bot_on=False))

        (only, *more) = await figures(store)

        assert only == Figures(HOTEL, only.at, guest_messages=1)
        assert more == []
