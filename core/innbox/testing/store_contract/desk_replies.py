"""What a desk's store promises of replies and drafts: nothing leaves unseen, and the bot's draft is staff's to send."""

import asyncio

import pytest

from innbox.desk import StaffReply
from innbox.errors import Conflict, NotFound
from innbox.ids import new_id
from innbox.messages import (
    Attachment,
    AuthorKind,
    DeliveryStatus,
    Direction,
    Effect,
    HandledBy,
    MediaContent,
    TurnRecord,
)
from innbox.ports import IngestRules, Reply, TurnEnd
from innbox.testing.store_contract.desk_scenes import (
    bot_proposes,
    proposal,
    suggestion_of,
    suggestions,
)
from innbox.testing.store_contract.scenes import (
    NO_IDS,
    DeskStore,
    bot_answers,
    bot_draft,
    claim_delivery,
    claim_turn,
    guest_writes,
    hand_over,
    names,
    no_reply,
    reply,
    staff_draft,
    stored,
    texts_of,
)

PDF = MediaContent("application/pdf", b"%PDF-1.7", "menu.pdf")
PHOTO = MediaContent("image/png", b"\x89PNG", "pool.png")


def reply_with_files(conversation_id: str) -> StaffReply:
    attachments = (
        Attachment("file", "application/pdf", "menu.pdf", len(PDF.data)),
        Attachment("image", "image/png", "pool.png", len(PHOTO.data)),
    )
    drafts = (staff_draft("Here they are", attachments=attachments), staff_draft("Enjoy"))
    return StaffReply(conversation_id, "Ana", drafts, (PDF, PHOTO), client_id="c-1")


async def bot_ends_its_turn(store: DeskStore, conversation_id: str, end: str) -> None:
    await guest_writes(store, "And the pool?")
    ends: dict[str, TurnEnd] = {"reply": reply("Until 22:00."), "no_reply": no_reply(), "hand_over": hand_over()}
    await store.commit_turn(await claim_turn(store, conversation_id), ends[end])


class RepliesContract:
    """`reply`, `note` and `dismiss_suggestion`, and `commit_turn` with a `Propose`."""

    # replies

    async def test_a_plain_reply_is_a_staff_message(self, store: DeskStore) -> None:
        taken = await guest_writes(store)

        changed = await store.reply(StaffReply(taken.conversation.id, "Ana", (staff_draft("Good evening"),)))

        (message,) = changed.messages
        assert (message.direction, message.status) == (Direction.OUT, DeliveryStatus.PENDING)
        assert (changed.conversation.handled_by, changed.conversation.assignee) == (HandledBy.STAFF, "Ana")
        assert changed.conversation.waiting_since is None
        assert names(changed.events) == ["conversation_update", "new_message"]

    async def test_a_reply_is_held_by_what_the_writer_has_not_seen(self, store: DeskStore) -> None:
        seen = (await guest_writes(store)).message.seq
        unseen = await guest_writes(store, "Never mind")
        draft = StaffReply(unseen.conversation.id, "Ana", (staff_draft("From 7 to 10"),), seen_seq=seen)
        number = await store.last_event()

        with pytest.raises(Conflict, match="not seen"):
            await store.reply(draft)

        assert await texts_of(store, unseen.conversation.id) == ["Hello", "Never mind"]
        assert await store.conversation(unseen.conversation.id) == unseen.conversation
        assert await store.last_event() == number

    async def test_only_what_the_guest_wrote_holds_a_reply(self, store: DeskStore) -> None:
        committed = await bot_answers(store, "Hi")
        assert committed.conversation is not None
        conversation_id = committed.conversation.id
        await store.staff_note(conversation_id, "Bo", "Be kind", None)

        changed = await store.reply(StaffReply(conversation_id, "Ana", (staff_draft("Welcome"),), seen_seq=1))

        assert changed.messages[0].text == "Welcome"

    async def test_a_reply_that_was_sent_is_not_held_when_it_comes_again(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        draft = StaffReply(taken.conversation.id, "Ana", (staff_draft("Hi"),), client_id="c-1", seen_seq=1)
        first = await store.reply(draft)
        await guest_writes(store, "Thanks")

        again = await store.reply(draft)

        assert (again.duplicate, again.events) == (True, ())
        assert again.messages == first.messages

    async def test_a_reply_and_a_guests_message_at_once_are_one_after_the_other(
        self, store: DeskStore, second_store: DeskStore
    ) -> None:
        taken = await guest_writes(store)
        draft = StaffReply(taken.conversation.id, "Ana", (staff_draft("Hi"),), seen_seq=1)

        replied, _ = await asyncio.gather(
            store.reply(draft), guest_writes(second_store, "One thing more"), return_exceptions=True
        )

        texts = await texts_of(store, taken.conversation.id)
        if isinstance(replied, Conflict):
            assert texts == ["Hello", "One thing more"]
        else:
            assert texts == ["Hello", "Hi", "One thing more"]

    async def test_files_go_with_the_first_message(self, store: DeskStore) -> None:
        taken = await guest_writes(store)

        changed = await store.reply(reply_with_files(taken.conversation.id))

        first, second = changed.messages
        assert [(one.name, one.state, one.url) for one in first.attachments] == [
            ("menu.pdf", "ready", f"/media/{first.id}/0"),
            ("pool.png", "ready", f"/media/{first.id}/1"),
        ]
        assert second.attachments == ()
        assert await stored(store, first) == first
        assert changed.events[0].data == first.as_json()
        assert (await store.media(first.id, 0), await store.media(first.id, 1)) == (PDF, PHOTO)
        assert list(await store.media_due(10)) == []
        assert (await claim_delivery(store, taken.conversation.id)).outgoing.attachments == first.attachments

    async def test_files_are_kept_once(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        first = await store.reply(reply_with_files(taken.conversation.id))

        again = await store.reply(reply_with_files(taken.conversation.id))

        assert (again.duplicate, again.messages) == (True, first.messages)

    # notes

    async def test_a_note_calls_colleagues(self, store: DeskStore) -> None:
        taken = await guest_writes(store)

        changed = await store.note(taken.conversation.id, "Ana", "@Bo can you?", "c-1", ["Bo"])
        again = await store.note(taken.conversation.id, "Ana", "@Bo can you?", "c-1", ["Bo"])

        (note,) = changed.messages
        assert (note.direction, note.author.name, note.meta["mentions"]) == (Direction.NOTE, "Ana", ["Bo"])
        assert names(changed.events) == ["conversation_update", "new_message"]
        assert changed.conversation.handled_by is HandledBy.BOT
        assert (again.duplicate, again.messages) == (True, (note,))

    # the bot's drafts

    async def test_a_draft_waits_for_staff_and_the_guest_for_an_answer(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "When is breakfast?")
        turn = await claim_turn(store, taken.conversation.id)

        committed = await store.commit_turn(turn, proposal("From 7 to 10."))

        suggestion = suggestion_of(committed)
        assert (suggestion.text, suggestion.seq, suggestion.turn_id) == ("From 7 to 10.", taken.message.seq, turn.id)
        assert suggestion.sources == ("miramar.md: Breakfast",)
        assert (committed.messages, committed.answer_at, committed.deliver) == ((), None, False)
        assert names(committed.events) == ["conversation_update"]
        conversation = await store.conversation(taken.conversation.id)
        assert conversation == committed.conversation
        assert conversation is not None
        assert (conversation.handled_by, conversation.epoch) == (HandledBy.BOT, taken.conversation.epoch)
        assert conversation.waiting_since == taken.message.created_at
        due = await store.due(10)
        assert (due.answer, due.deliver) == ((), ())
        assert await texts_of(store, taken.conversation.id) == ["When is breakfast?"]

    async def test_a_draft_for_what_the_guest_has_added_to_is_thought_over(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "When is breakfast?")
        turn = await claim_turn(store, taken.conversation.id)
        await guest_writes(store, "And for children?")

        committed = await store.commit_turn(turn, proposal())

        assert committed.verdict == "newer"
        assert committed.conversation is not None
        assert committed.conversation.suggestion is None
        again = await claim_turn(store, taken.conversation.id)
        assert (len(again.unanswered), again.rethinks) == (2, 1)

    async def test_a_draft_that_must_not_wait_leaves_what_is_newer_due(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "When is breakfast?")
        turn = await claim_turn(store, taken.conversation.id)
        await guest_writes(store, "And for children?")

        committed = await store.commit_turn(turn, proposal(even_if_newer=True))

        assert suggestion_of(committed).seq == 1
        assert committed.answer_at is not None
        again = await claim_turn(store, taken.conversation.id)
        assert [message.text for message in again.unanswered] == ["When is breakfast?", "And for children?"]

    async def test_a_later_draft_takes_the_place_of_an_earlier_one(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "When is breakfast?")
        first = await bot_proposes(store, taken.conversation.id, "From 7.")
        await guest_writes(store, "Until when?")

        second = await bot_proposes(store, taken.conversation.id, "From 7 to 10.")

        assert second.id != first.id
        assert [(one["text"], one["outcome"]) for one in await suggestions(store)] == [
            ("From 7.", "replaced"),
            ("From 7 to 10.", None),
        ]

    async def test_a_draft_after_a_takeover_is_thrown_away(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        await store.take_over(taken.conversation.id, "Ana")

        committed = await store.commit_turn(turn, proposal(even_if_newer=True))

        assert committed.verdict in ("hands", "fenced")
        assert await suggestions(store) == []

    async def test_what_tools_did_for_a_draft_is_kept(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)

        await store.commit_turn(turn, proposal(effects=[Effect("towels", "Bring two towels")]))

        facts = await store.turn(turn.id)
        assert facts is not None
        assert (facts.ending, facts.effects[0]["tool"]) == ("propose", "towels")

    async def test_staff_send_a_draft_and_the_bot_keeps_the_conversation(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "When is breakfast?")
        suggestion = await bot_proposes(store, taken.conversation.id, "From 7 to 10.")
        drafts = (staff_draft("From 7 to 10, Rui."), staff_draft("See you there."))

        changed = await store.reply(
            StaffReply(taken.conversation.id, "Ana", drafts, seen_seq=1, suggestion_id=suggestion.id)
        )

        assert (changed.messages[0].text, changed.messages[0].author.kind) == ("From 7 to 10, Rui.", AuthorKind.STAFF)
        conversation = changed.conversation
        assert (conversation.handled_by, conversation.assignee) == (HandledBy.BOT, None)
        assert (conversation.epoch, conversation.suggestion) == (taken.conversation.epoch, None)
        assert conversation.waiting_since is None
        (kept,) = await suggestions(store)
        assert (kept["text"], kept["outcome"], kept["settled_by"]) == ("From 7 to 10.", "sent", "Ana")
        assert kept["final_text"] == "From 7 to 10, Rui.\nSee you there."
        turn = await claim_turn(store, (await guest_writes(store, "Thanks")).conversation.id)
        assert [message.text for message in turn.unanswered] == ["Thanks"]

    async def test_a_turn_under_way_has_nothing_to_answer_once_staff_sent_the_draft(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "When is breakfast?")
        suggestion = await bot_proposes(store, taken.conversation.id)
        await guest_writes(store, "Hello?")
        turn = await claim_turn(store, taken.conversation.id)
        await store.reply(
            StaffReply(taken.conversation.id, "Ana", (staff_draft("From 7"),), suggestion_id=suggestion.id)
        )

        committed = await store.commit_turn(turn, proposal(even_if_newer=True))

        assert committed.verdict == "fenced"
        assert (await store.due(10)).answer == ()

    async def test_a_draft_that_is_gone_is_no_error(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        suggestion = await bot_proposes(store, taken.conversation.id)
        await store.dismiss_suggestion(taken.conversation.id, suggestion.id, "Bo")

        sent = await store.reply(
            StaffReply(taken.conversation.id, "Ana", (staff_draft("Hi"),), suggestion_id=suggestion.id)
        )
        others = [
            await store.reply(StaffReply(taken.conversation.id, "Ana", (staff_draft("Hi"),), suggestion_id=no_id))
            for no_id in NO_IDS
        ]

        assert sent.conversation.handled_by is HandledBy.BOT
        assert all(changed.conversation.handled_by is HandledBy.STAFF for changed in others)
        assert [one["outcome"] for one in await suggestions(store)] == ["dismissed"]

    async def test_a_reply_of_their_own_ends_the_draft_and_takes_over(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await bot_proposes(store, taken.conversation.id)

        changed = await store.reply(StaffReply(taken.conversation.id, "Ana", (staff_draft("I will look"),)))

        assert (changed.conversation.handled_by, changed.conversation.suggestion) == (HandledBy.STAFF, None)
        assert [one["outcome"] for one in await suggestions(store)] == ["ended"]

    @pytest.mark.parametrize("verb", ["take_over", "return_to_bot", "resolve"])
    async def test_a_change_of_hands_ends_the_draft(self, store: DeskStore, verb: str) -> None:
        taken = await guest_writes(store)
        await bot_proposes(store, taken.conversation.id)

        if verb == "resolve":
            changed = await store.resolve(taken.conversation.id)
        else:
            changed = await store.take_over(taken.conversation.id, "Ana")
            if verb == "return_to_bot":
                changed = await store.return_to_bot(taken.conversation.id, IngestRules())

        assert changed.conversation.suggestion is None
        assert [one["outcome"] for one in await suggestions(store)] == ["ended"]

    @pytest.mark.parametrize("end", ["reply", "no_reply", "hand_over"])
    async def test_another_end_of_a_turn_ends_the_draft(self, store: DeskStore, end: str) -> None:
        taken = await guest_writes(store)
        await bot_proposes(store, taken.conversation.id)

        await bot_ends_its_turn(store, taken.conversation.id, end)

        conversation = await store.conversation(taken.conversation.id)
        assert conversation is not None
        assert conversation.suggestion is None
        assert [one["outcome"] for one in await suggestions(store)] == ["ended"]

    async def test_staff_put_a_draft_away(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        suggestion = await bot_proposes(store, taken.conversation.id)

        changed = await store.dismiss_suggestion(taken.conversation.id, suggestion.id, "Ana")

        assert changed.conversation.suggestion is None
        assert changed.conversation.handled_by is HandledBy.BOT
        assert changed.conversation.waiting_since == taken.message.created_at
        assert names(changed.events) == ["conversation_update"]
        (kept,) = await suggestions(store)
        assert (kept["outcome"], kept["settled_by"], kept["final_text"]) == ("dismissed", "Ana", None)

    async def test_a_draft_that_is_gone_is_put_away_without_news(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        first = await bot_proposes(store, taken.conversation.id)
        await guest_writes(store, "Until when?")
        second = await bot_proposes(store, taken.conversation.id)

        for gone in (first.id, new_id(), *NO_IDS):
            changed = await store.dismiss_suggestion(taken.conversation.id, gone, "Ana")
            assert (changed.events, changed.conversation.suggestion) == ((), second)

    async def test_without_a_conversation_there_is_nothing_to_say(self, store: DeskStore) -> None:
        for no_id in NO_IDS:
            for verb in (
                store.reply(StaffReply(no_id, "Ana", (staff_draft("Hi"),))),
                store.note(no_id, "Ana", "@Bo", None, ["Bo"]),
                store.dismiss_suggestion(no_id, new_id(), "Ana"),
            ):
                with pytest.raises(NotFound):
                    await verb


class AnswersContract:
    """`turn` and `save_translation`."""

    async def test_a_turn_tells_how_its_answer_came_about(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)
        effects = (Effect("towels", "Bring two towels", {"room": "412"}), Effect("refund", "10 EUR", {}, True))
        record = TurnRecord(model="test", sources=("miramar.md",))
        await store.commit_turn(turn, Reply((bot_draft("They are on their way."),), record, effects))

        facts = await store.turn(turn.id)

        assert facts is not None
        assert (facts.id, facts.conversation_id, facts.ending) == (turn.id, taken.conversation.id, "reply")
        assert facts.ended_at >= taken.message.created_at
        assert facts.record == record.as_json()
        assert [dict(effect) for effect in facts.effects] == [
            {"tool": "towels", "what": "Bring two towels", "data": {"room": "412"}, "needs_approval": False},
            {"tool": "refund", "what": "10 EUR", "data": {}, "needs_approval": True},
        ]

    async def test_there_is_no_turn_of_no_id(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        turn = await claim_turn(store, taken.conversation.id)

        for no_id in (turn.id, taken.conversation.id, *NO_IDS):
            assert await store.turn(no_id) is None

    async def test_a_translation_is_kept_beside_the_original(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "Olá", meta={"button": "yes"})

        await store.save_translation(taken.message.id, "en", "Hello")
        changed = await store.save_translation(taken.message.id, "de", "Hallo")

        assert changed is not None
        assert names(changed.events) == ["message_update"]
        found = await stored(store, taken.message)
        assert (found.text, found.meta["button"]) == ("Olá", "yes")
        assert found.meta["translations"] == {"en": "Hello", "de": "Hallo"}
        assert changed.events[0].data == found.as_json()
        assert found.as_json()["translations"] == {"en": "Hello", "de": "Hallo"}

    async def test_a_better_translation_takes_the_place_of_the_first(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "Olá")
        await store.save_translation(taken.message.id, "en", "Hola")

        better = await store.save_translation(taken.message.id, "en", "Hello")
        again = await store.save_translation(taken.message.id, "en", "Hello")

        assert better is not None
        assert again is not None
        assert (names(better.events), again.events) == (["message_update"], ())
        assert (await stored(store, taken.message)).meta["translations"] == {"en": "Hello"}

    async def test_the_language_that_was_found_is_the_guests_where_none_is_known(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "Olá")

        changed = await store.save_translation(taken.message.id, "en", "Hello", "pt")

        assert changed is not None
        assert names(changed.events) == ["conversation_update", "message_update"]
        assert changed.conversation.guest.language == "pt"
        assert (await stored(store, taken.message)).meta["language"] == "pt"

    async def test_a_guests_known_language_stays(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "Hello", language="pt")

        changed = await store.save_translation(taken.message.id, "de", "Hallo", "en")

        assert changed is not None
        assert names(changed.events) == ["message_update"]
        assert changed.conversation.guest.language == "pt"

    async def test_what_staff_wrote_tells_nothing_of_the_guests_language(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        (message,) = (await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Hi")], None)).messages

        changed = await store.save_translation(message.id, "pt", "Olá", "en")

        assert changed is not None
        assert changed.conversation.guest.language is None
        assert (await stored(store, message)).meta["translations"] == {"pt": "Olá"}

    async def test_what_is_in_that_language_already_needs_no_translation(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "Hello")

        await store.save_translation(taken.message.id, "en", "Hello", "en")

        meta = (await stored(store, taken.message)).meta
        assert (meta["language"], "translations" in meta) == ("en", False)

    async def test_nobodys_message_has_no_translation(self, store: DeskStore) -> None:
        for no_id in NO_IDS:
            assert await store.save_translation(no_id, "en", "Hello", "pt") is None
