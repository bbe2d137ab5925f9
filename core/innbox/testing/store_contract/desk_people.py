"""What a desk's store promises of the audit log, and of what may be changed of people."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from innbox.desk import AuditEntry
from innbox.errors import NotFound, Refused
from innbox.ids import new_id
from innbox.messages import User, now
from innbox.testing.store_contract.scenes import HOTEL, NO_IDS, OTHER_HOTEL, DeskStore, soon

BOTH = frozenset({HOTEL, OTHER_HOTEL})


async def done(store: DeskStore, action: str, hotel: str | None = HOTEL, user: str = "Ana", **more: Any) -> AuditEntry:
    """Keep an entry."""
    entry = AuditEntry(new_id(), now(), user, action, hotel, **more)
    await store.audit(entry)
    return entry


async def actions(store: DeskStore, hotels: frozenset[str] | None, user: str | None = None) -> list[str]:
    return [entry.action for entry in await store.audit_log(hotels, None, 10, user)]


class AuditContract:
    """`audit`, `audit_log` and `change_user`."""

    async def test_an_entry_is_kept_as_it_was_written(self, store: DeskStore, second_store: DeskStore) -> None:
        about = new_id()
        entry = await done(store, "export", conversation_id=about, detail={"format": "csv", "rows": 12})

        (found,) = await second_store.audit_log(None, None, 10)

        assert abs(found.at - entry.at) < timedelta(milliseconds=1)
        assert replace(found, at=entry.at) == entry

    async def test_an_entry_is_kept_once(self, store: DeskStore) -> None:
        entry = await done(store, "sign_in")

        await store.audit(entry)

        assert await actions(store, None) == ["sign_in"]

    async def test_a_clock_that_is_ahead_is_not_believed(self, store: DeskStore) -> None:
        await store.audit(AuditEntry(new_id(), soon(), "Ana", "sign_in"))

        (found,) = await store.audit_log(None, None, 10)

        assert found.at <= now() + timedelta(seconds=5)

    async def test_the_log_is_read_page_by_page_from_the_newest_on(self, store: DeskStore) -> None:
        entries = [await done(store, f"action-{number}", (HOTEL, OTHER_HOTEL)[number % 2]) for number in range(7)]

        for hotels in (None, BOTH):
            first = await store.audit_log(hotels, None, 3)
            second = await store.audit_log(hotels, first[-1].id, 3)
            third = await store.audit_log(hotels, second[-1].id, 3)

            found = [entry.id for entry in (*first, *second, *third)]
            assert found == [entry.id for entry in reversed(entries)]

    async def test_who_sees_some_hotels_sees_their_entries_alone(self, store: DeskStore) -> None:
        await done(store, "take_over", HOTEL)
        await done(store, "settings", OTHER_HOTEL)
        await done(store, "sign_in", None)

        assert await actions(store, frozenset({HOTEL})) == ["take_over"]
        assert await actions(store, BOTH) == ["settings", "take_over"]
        assert await actions(store, None) == ["sign_in", "settings", "take_over"]
        assert await actions(store, frozenset()) == []

    async def test_the_log_tells_what_one_of_them_did(self, store: DeskStore) -> None:
        await done(store, "sign_in", None)
        await done(store, "take_over", HOTEL)
        await done(store, "take_over", OTHER_HOTEL)
        await done(store, "resolve", HOTEL, "Bo")

        assert await actions(store, None, "Ana") == ["take_over", "take_over", "sign_in"]
        assert await actions(store, frozenset({HOTEL}), "Ana") == ["take_over"]
        assert await actions(store, frozenset({HOTEL}), "Bo") == ["resolve"]
        assert await actions(store, None, "nobody") == []

    async def test_a_page_of_no_log_is_refused(self, store: DeskStore) -> None:
        for no_id in NO_IDS:
            if no_id != "00000000-0000-7000-8000-000000000000":
                with pytest.raises(Refused):
                    await store.audit_log(None, no_id, 10)

    async def test_a_users_role_and_hotels_change_in_their_open_sessions(self, store: DeskStore) -> None:
        await store.add_user(User("Ana", "agent", frozenset({HOTEL})), "argon-1")
        await store.open_session("hash-1", "Ana", soon())

        await store.change_user("ANA", "lead", BOTH)

        session = await store.session("hash-1")
        assert session is not None
        assert (session.name, session.role, session.hotels) == ("Ana", "lead", BOTH)
        await store.change_user("Ana", "admin", None)
        found = await store.user("Ana")
        assert found is not None
        assert (found[0].role, found[0].hotels, found[1]) == ("admin", None, "argon-1")

    async def test_nobody_has_no_role(self, store: DeskStore) -> None:
        with pytest.raises(NotFound):
            await store.change_user("nobody", "agent", None)
