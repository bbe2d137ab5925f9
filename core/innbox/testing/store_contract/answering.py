"""What a store promises of turns: one worker at a time, fenced, never stale, never after a change of hands."""

import asyncio

from innbox.messages import AuthorKind, DeliveryStatus, Direction, Effect, HandledBy, TurnRecord
from innbox.ports import HandOver, IngestRules, Reply, Store
from innbox.testing.store_contract.scenes import (
    BOT_OFF,
    NO_IDS,
    about,
    bot_answers,
    bot_draft,
    claim_delivery,
    claim_turn,
    guest_writes,
    hand_over,
    names,
    no_reply,
    reply,
    soon,
    stored,
    texts_of,
)


class AnsweringContract:
    """`heartbeat`, `retire`, `due`, `claim_turn`, `commit_turn` and `release_turn`."""

    # due and claimed

    async def test_a_turn_is_due_until_somebody_claims_it(self, store: Store) -> None:
        taken = await guest_writes(store)
        assert (await store.due(10)).answer == (taken.conversation.id,)

        await claim_turn(store, taken.conversation.id)

        assert (await store.due(10)).answer == ()

    async def test_what_has_waited_longest_is_due_first(self, store: Store) -> None:
        waiting = []
        for number in range(4):
            taken = await guest_writes(store, handle=f"+35191100000{number}")
            waiting.append(taken.conversation.id)
            await asyncio.sleep(0.01)

        assert (await store.due(10)).answer == tuple(waiting)
        assert (await store.due(2)).answer == tuple(waiting[:2])

    async def test_a_turn_before_its_time_is_neither_due_nor_claimed(self, store: Store) -> None:
        rules = IngestRules(wait_seconds=60, wait_at_most_seconds=60)
        taken = await guest_writes(store, rules=rules)
        await store.heartbeat("worker-1")

        assert (await store.due(10)).answer == ()
        assert await store.claim_turn("worker-1", taken.conversation.id, 20) is None

    async def test_a_turn_shows_what_is_to_be_answered(self, store: Store) -> None:
        await bot_answers(store, "Hello, how can I help?", text="Hi")
        conversation = (await guest_writes(store, "Is there a pool?")).conversation
        await store.staff_note(conversation.id, "Ana", "She is in room 12", None)
        last = await guest_writes(store, "And a sauna?")

        turn = await claim_turn(store, conversation.id)

        assert [message.text for message in turn.history] == [
            "Hi",
            "Hello, how can I help?",
            "Is there a pool?",
            "And a sauna?",
        ]
        assert [message.text for message in turn.unanswered] == ["Is there a pool?", "And a sauna?"]
        assert turn.last_seq == last.message.seq
        assert turn.epoch == conversation.epoch
        assert turn.conversation.id == conversation.id
        assert (turn.rethinks, turn.tries) == (0, 0)

    async def test_a_turn_has_the_newest_history_and_all_that_is_unanswered(self, store: Store) -> None:
        for text in ("one", "two", "three"):
            taken = await guest_writes(store, text)

        turn = await claim_turn(store, taken.conversation.id, history=2)

        assert [message.text for message in turn.history] == ["two", "three"]
        assert [message.text for message in turn.unanswered] == ["one", "two", "three"]

    async def test_a_turn_has_one_owner(self, store: Store, second_store: Store) -> None:
        taken = await guest_writes(store)
        await store.heartbeat("worker-1")
        await second_store.heartbeat("worker-2")

        claims = await asyncio.gather(
            *(store.claim_turn("worker-1", taken.conversation.id, 20) for _ in range(5)),
            *(second_store.claim_turn("worker-2", taken.conversation.id, 20) for _ in range(5)),
        )

        assert len([turn for turn in claims if turn is not None]) == 1

    async def test_what_staff_handle_is_not_claimed(self, store: Store) -> None:
        await store.heartbeat("worker-1")
        off = await guest_writes(store, rules=BOT_OFF)
        taken = await guest_writes(store, handle="+351911000000")
        await store.take_over(taken.conversation.id, "Ana")

        assert await store.claim_turn("worker-1", off.conversation.id, 20) is None
        assert await store.claim_turn("worker-1", taken.conversation.id, 20) is None
        assert (await store.due(10)).answer == ()

    async def test_there_is_nothing_to_claim_where_there_is_no_conversation(self, store: Store) -> None:
        await store.heartbeat("worker-1")
        for no_id in NO_IDS:
            assert await store.claim_turn("worker-1", no_id, 20) is None

    # lost claims

    async def test_a_retired_workers_turn_is_due_at_once(self, store: Store) -> None:
        taken = await guest_writes(store)
        first = await claim_turn(store, taken.conversation.id, "worker-1")

        await store.retire("worker-1")

        assert (await store.due(10)).answer == (taken.conversation.id,)
        second = await claim_turn(store, taken.conversation.id, "worker-2")
        assert second.fence > first.fence

    async def test_a_lost_claim_writes_nothing(self, store: Store) -> None:
        taken = await guest_writes(store)
        lost = await claim_turn(store, taken.conversation.id, "worker-1")
        await store.retire("worker-1")
        held = await claim_turn(store, taken.conversation.id, "worker-2")
        number = await store.last_event()

        for end in (reply("stale"), hand_over(), no_reply()):
            committed = await store.commit_turn(lost, end)
            assert (committed.verdict, committed.events, committed.deliver) == ("fenced", (), False)
        await store.release_turn(lost, None)

        assert await store.last_event() == number
        assert (await store.due(10)).answer == ()
        assert (await store.commit_turn(held, reply("fresh"))).verdict == "done"
        assert await texts_of(store, taken.conversation.id) == ["Hello", "fresh"]

    async def test_a_turn_ends_once(self, store: Store) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        await store.commit_turn(turn, reply("once"))

        again = await store.commit_turn(turn, reply("twice"))

        assert again.verdict == "fenced"
        assert await texts_of(store, taken.conversation.id) == ["Hello", "once"]

    async def test_a_turn_given_back_is_due_again_and_counts_its_tries(self, store: Store) -> None:
        taken = await guest_writes(store)

        await store.release_turn(await claim_turn(store, taken.conversation.id), None)

        assert (await store.due(10)).answer == (taken.conversation.id,)
        again = await claim_turn(store, taken.conversation.id)
        assert again.tries == 1
        assert [message.text for message in again.unanswered] == ["Hello"]

    async def test_a_turn_given_back_for_later_waits(self, store: Store) -> None:
        taken = await guest_writes(store)

        await store.release_turn(await claim_turn(store, taken.conversation.id), soon())

        assert (await store.due(10)).answer == ()
        assert await store.claim_turn("worker-1", taken.conversation.id, 20) is None

    # ends

    async def test_a_reply_is_pending_messages_in_order(self, store: Store) -> None:
        taken = await guest_writes(store, "Hello")
        turn = await claim_turn(store, taken.conversation.id)
        drafts = (bot_draft("part one", meta={"sources": ["facts"]}), bot_draft("part two"))
        effect = Effect("late_checkout", "Check-out at 13:00", {"hour": 13}, needs_approval=True)

        committed = await store.commit_turn(turn, Reply(drafts, TurnRecord(model="test"), effects=(effect,)))

        assert (committed.verdict, committed.deliver) == ("done", True)
        assert names(committed.events) == ["conversation_update", "new_message", "new_message"]
        assert [message.text for message in committed.messages] == ["part one", "part two"]
        assert [message.seq for message in committed.messages] == [2, 3]
        for message in committed.messages:
            assert (message.direction, message.status) == (Direction.OUT, DeliveryStatus.PENDING)
            assert message.author.kind is AuthorKind.BOT
            assert message.meta["turn_id"] == turn.id
            assert await stored(store, message) == message
        assert committed.messages[0].meta["sources"] == ["facts"]
        assert committed.conversation == await store.conversation(taken.conversation.id)
        due = await store.due(10)
        assert (due.answer, due.deliver) == ((), (taken.conversation.id,))
        assert await store.claim_turn("worker-1", taken.conversation.id, 20) is None

    async def test_no_reply_counts_as_answered(self, store: Store) -> None:
        taken = await guest_writes(store, "Thanks")

        committed = await store.commit_turn(await claim_turn(store, taken.conversation.id), no_reply())

        assert (committed.verdict, committed.messages, committed.deliver) == ("done", (), False)
        assert await store.due(10) == type(await store.due(10))()
        await guest_writes(store, "One more thing")
        turn = await claim_turn(store, taken.conversation.id)
        assert [message.text for message in turn.unanswered] == ["One more thing"]

    async def test_a_hand_over_gives_the_conversation_to_staff_and_tells_the_guest(self, store: Store) -> None:
        taken = await guest_writes(store, "I want to talk to a person")

        committed = await store.commit_turn(await claim_turn(store, taken.conversation.id), hand_over())

        assert (committed.verdict, committed.deliver) == ("done", True)
        assert committed.conversation is not None
        assert committed.conversation.handled_by is HandledBy.STAFF
        assert committed.conversation.assignee is None
        assert committed.conversation.epoch > taken.conversation.epoch
        note, notice = sorted(committed.messages, key=lambda message: message.direction.value)
        assert (note.direction, note.author.kind) == (Direction.NOTE, AuthorKind.SYSTEM)
        assert "asked for a person" in note.text
        assert (notice.direction, notice.author.kind) == (Direction.OUT, AuthorKind.BOT)
        assert notice.status is DeliveryStatus.PENDING
        assert names(committed.events) == ["conversation_update", "new_message", "new_message"]
        assert (await store.due(10)).answer == ()
        assert (await claim_delivery(store, taken.conversation.id)).outgoing.message_id == notice.id

    async def test_a_hand_over_without_a_notice_sends_nothing(self, store: Store) -> None:
        taken = await guest_writes(store)
        end = HandOver("No model answered", TurnRecord(error="timeout"))

        committed = await store.commit_turn(await claim_turn(store, taken.conversation.id), end)

        assert (committed.verdict, committed.deliver) == ("done", False)
        assert [message.direction for message in committed.messages] == [Direction.NOTE]
        assert (await store.due(10)).deliver == ()

    # the guest wrote again

    async def test_a_newer_message_makes_the_bot_think_again(self, store: Store) -> None:
        taken = await guest_writes(store, "A table for two")
        turn = await claim_turn(store, taken.conversation.id)
        await guest_writes(store, "No, for three")
        number = await store.last_event()

        committed = await store.commit_turn(turn, reply("Two it is"))

        assert (committed.verdict, committed.messages, committed.events) == ("newer", (), ())
        assert committed.answer_at is not None
        assert await store.last_event() == number
        again = await claim_turn(store, taken.conversation.id)
        assert again.rethinks == 1
        assert again.fence > turn.fence
        assert [message.text for message in again.unanswered] == ["A table for two", "No, for three"]

    async def test_a_newer_message_waits_for_its_own_quiet_time(self, store: Store) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        newer = await guest_writes(store, "More", rules=IngestRules(wait_seconds=60, wait_at_most_seconds=600))

        committed = await store.commit_turn(turn, reply("Hi"))

        assert committed.verdict == "newer"
        assert newer.answer_at is not None
        assert about(committed.answer_at, newer.answer_at)
        assert await store.claim_turn("worker-1", taken.conversation.id, 20) is None

    async def test_a_reply_may_insist_and_what_is_newer_is_a_turn_of_its_own(self, store: Store) -> None:
        taken = await guest_writes(store, "A table for two")
        turn = await claim_turn(store, taken.conversation.id)
        await guest_writes(store, "And a high chair")

        committed = await store.commit_turn(turn, reply("Two it is", even_if_newer=True))

        assert (committed.verdict, committed.deliver) == ("done", True)
        assert committed.answer_at is not None
        again = await claim_turn(store, taken.conversation.id)
        assert [message.text for message in again.unanswered] == ["And a high chair"]
        assert (again.rethinks, again.tries) == (0, 0)

    async def test_no_reply_leaves_what_is_newer_as_a_turn_of_its_own(self, store: Store) -> None:
        taken = await guest_writes(store, "Thanks")
        turn = await claim_turn(store, taken.conversation.id)
        await guest_writes(store, "When is breakfast?")

        assert (await store.commit_turn(turn, no_reply())).verdict == "done"

        again = await claim_turn(store, taken.conversation.id)
        assert [message.text for message in again.unanswered] == ["When is breakfast?"]

    async def test_a_hand_over_does_not_mind_newer_messages(self, store: Store) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        await guest_writes(store, "Hello?")

        assert (await store.commit_turn(turn, hand_over())).verdict == "done"

        assert (await store.due(10)).answer == ()

    async def test_notes_are_no_newer_messages(self, store: Store) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        await store.staff_note(taken.conversation.id, "Ana", "A regular guest", None)

        assert (await store.commit_turn(turn, reply("Hi"))).verdict == "done"

    async def test_an_end_resets_what_was_counted(self, store: Store) -> None:
        taken = await guest_writes(store)
        await store.release_turn(await claim_turn(store, taken.conversation.id), None)
        await store.commit_turn(await claim_turn(store, taken.conversation.id), reply("Hi"))

        await guest_writes(store)

        turn = await claim_turn(store, taken.conversation.id)
        assert (turn.rethinks, turn.tries) == (0, 0)

    # hands

    async def test_a_turn_is_thrown_away_when_staff_take_over(self, store: Store) -> None:
        taken = await guest_writes(store)
        for end in (reply("too late"), reply("too late", even_if_newer=True), hand_over(), no_reply()):
            turn = await claim_turn(store, taken.conversation.id)
            await store.take_over(taken.conversation.id, "Ana")
            number = await store.last_event()

            committed = await store.commit_turn(turn, end)

            assert committed.verdict in ("hands", "fenced")
            assert (committed.messages, committed.events, committed.deliver) == ((), (), False)
            assert await store.last_event() == number
            await store.return_to_bot(taken.conversation.id, IngestRules())
        assert await texts_of(store, taken.conversation.id) == ["Hello"]

    async def test_a_turn_is_thrown_away_though_the_bot_has_the_conversation_again(self, store: Store) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        await store.take_over(taken.conversation.id, "Ana")
        await store.return_to_bot(taken.conversation.id, IngestRules())

        committed = await store.commit_turn(turn, reply("stale"))

        assert committed.verdict in ("hands", "fenced")
        again = await claim_turn(store, taken.conversation.id)
        assert [message.text for message in again.unanswered] == ["Hello"]
        assert await texts_of(store, taken.conversation.id) == ["Hello"]

    async def test_a_turn_is_thrown_away_when_the_conversation_is_resolved(self, store: Store) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        await store.resolve(taken.conversation.id)

        committed = await store.commit_turn(turn, reply("too late"))

        assert committed.verdict in ("hands", "fenced")
        assert (await store.due(10)).answer == ()
        assert await texts_of(store, taken.conversation.id) == ["Hello"]

    async def test_of_a_commit_and_a_takeover_at_once_one_comes_first(self, store: Store, second_store: Store) -> None:
        for number in range(10):
            taken = await guest_writes(store, handle=f"+35191100000{number}")
            turn = await claim_turn(store, taken.conversation.id)

            committed, changed = await asyncio.gather(
                store.commit_turn(turn, reply("Hi")), second_store.take_over(taken.conversation.id, "Ana")
            )

            assert changed.conversation.handled_by is HandledBy.STAFF
            if committed.verdict == "done":
                message = await stored(store, committed.messages[0])
                assert message.status is DeliveryStatus.CANCELLED
            else:
                assert await texts_of(store, taken.conversation.id) == ["Hello"]
            assert (await store.due(10)).deliver == ()
