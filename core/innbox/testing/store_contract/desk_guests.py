"""What a desk's store promises of what is known of guests, and of their wish to be left alone."""

import json

import pytest

from innbox.desk import AuditEntry
from innbox.errors import NotFound
from innbox.ids import new_id
from innbox.messages import Address, now, parse_rfc3339
from innbox.testing.store_contract.desk_scenes import bot_proposes, total
from innbox.testing.store_contract.scenes import (
    CHANNEL,
    HANDLE,
    HOTEL,
    NO_IDS,
    OTHER_HOTEL,
    DeskStore,
    guest_writes,
    names,
    soon,
    staff_draft,
)

ALIAS = Address(CHANNEL, "PT.1234567890")
SOMEBODY_ELSE = "+351911000000"


class RecordsContract:
    """`guest_record` and `set_opt_out`, and what `export_guest` and `erase_guest` do of what a desk keeps."""

    async def test_a_guests_record_tells_what_is_known(self, store: DeskStore) -> None:
        taken = await guest_writes(store, guest_name="Rui Tavares", language="pt", aliases=(ALIAS,))
        page = await guest_writes(store, channel="webchat", handle="visit-1", aliases=(Address(CHANNEL, HANDLE),))
        await guest_writes(store, handle=SOMEBODY_ELSE)
        await guest_writes(store, hotel=OTHER_HOTEL)

        record = await store.guest_record(taken.conversation.id)

        assert record is not None
        assert record.guest == taken.conversation.guest
        assert record.first_seen_at <= taken.message.created_at
        assert record.addresses == (("webchat", "visit-1"), (CHANNEL, HANDLE), (CHANNEL, ALIAS.handle))
        assert record.opted_out_at is None
        assert [conversation.id for conversation in record.conversations] == [page.conversation.id]
        assert record.conversations[0] == await store.conversation(page.conversation.id)

    async def test_the_newest_of_a_guests_conversations_come_first(self, store: DeskStore) -> None:
        known = (Address(CHANNEL, HANDLE),)
        taken = await guest_writes(store)
        others = [
            await guest_writes(store, channel=f"page-{number}", handle=f"visit-{number}", aliases=known)
            for number in range(22)
        ]

        record = await store.guest_record(taken.conversation.id)

        assert record is not None
        newest = [other.conversation.id for other in reversed(others)][:20]
        assert [conversation.id for conversation in record.conversations] == newest

    async def test_nobody_has_no_record(self, store: DeskStore) -> None:
        for no_id in NO_IDS:
            assert await store.guest_record(no_id) is None
            with pytest.raises(NotFound):
                await store.set_opt_out(no_id, True)

    async def test_a_guest_opts_out_and_in_again(self, store: DeskStore) -> None:
        taken = await guest_writes(store)

        out = await store.set_opt_out(taken.conversation.id, True)
        record = await store.guest_record(taken.conversation.id)
        again = await store.set_opt_out(taken.conversation.id, True)
        back = await store.set_opt_out(taken.conversation.id, False)

        assert (out.conversation.guest.opted_out, names(out.events)) == (True, ["conversation_update"])
        assert record is not None
        assert record.opted_out_at is not None
        assert abs((record.opted_out_at - now()).total_seconds()) < 5
        assert again.events == ()
        assert (back.conversation.guest.opted_out, names(back.events)) == (False, ["conversation_update"])
        record = await store.guest_record(taken.conversation.id)
        assert record is not None
        assert record.opted_out_at is None

    async def test_the_wish_is_the_guests_on_every_channel(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        page = await guest_writes(store, channel="webchat", handle="visit-1", aliases=(Address(CHANNEL, HANDLE),))

        await store.set_opt_out(page.conversation.id, True)

        conversation = await store.conversation(taken.conversation.id)
        assert conversation is not None
        assert conversation.guest.opted_out

    async def test_a_copy_of_a_guests_data_holds_what_the_desk_keeps(self, store: DeskStore) -> None:
        taken = await guest_writes(store, "When is breakfast?")
        suggestion = await bot_proposes(store, taken.conversation.id, "From 7 to 10.")
        scheduled, _ = await store.schedule(taken.conversation.id, "Ana", "Good morning", soon(), None)
        await store.save_translation(taken.message.id, "pt", "A que horas?", "en")
        await store.set_opt_out(taken.conversation.id, True)

        copy = await store.export_guest(HOTEL, CHANNEL, HANDLE)

        assert copy is not None
        assert abs(parse_rfc3339(copy["guest"]["opted_out_at"]) - now()).total_seconds() < 5
        (conversation,) = copy["conversations"]
        (kept,) = conversation["suggestions"]
        assert (kept["id"], kept["turn_id"]) == (suggestion.id, suggestion.turn_id)
        assert (kept["text"], kept["seq"], kept["sources"]) == ("From 7 to 10.", 1, list(suggestion.sources))
        assert (kept["outcome"], kept["final_text"], kept["settled_at"]) == (None, None, None)
        assert parse_rfc3339(kept["made_at"]) >= taken.message.created_at.replace(microsecond=0)
        (planned,) = conversation["scheduled"]
        assert (planned["id"], planned["user"], planned["text"]) == (scheduled.id, "Ana", "Good morning")
        assert planned["ended_at"] is None
        assert conversation["messages"][0]["meta"]["translations"] == {"pt": "A que horas?"}
        json.dumps(copy)

    async def test_what_the_desk_keeps_goes_with_an_erased_guest(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        suggestion = await bot_proposes(store, taken.conversation.id)
        scheduled, _ = await store.schedule(taken.conversation.id, "Ana", "Good morning", soon(), None)

        await store.erase_guest(HOTEL, CHANNEL, HANDLE, "ana")

        assert await store.turn(suggestion.turn_id) is None
        assert await store.guest_record(taken.conversation.id) is None
        with pytest.raises(NotFound):
            await store.scheduled(taken.conversation.id)
        with pytest.raises(NotFound):
            await store.unschedule(scheduled.id)

    async def test_figures_and_the_audit_log_outlive_a_guest(self, store: DeskStore) -> None:
        taken = await guest_writes(store)
        await store.staff_message(taken.conversation.id, "Ana", [staff_draft("Hi")], None)
        entry = AuditEntry(new_id(), now(), "Ana", "export", HOTEL, taken.conversation.id)
        await store.audit(entry)

        await store.erase_guest(HOTEL, CHANNEL, HANDLE, "ana")

        assert (await total(store, "guest_messages"), await total(store, "staff_messages")) == (1, 1)
        assert [one.id for one in await store.audit_log(None, None, 10)] == [entry.id]
