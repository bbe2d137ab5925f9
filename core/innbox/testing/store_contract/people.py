"""What a store promises of people and settings: who may sign in, for how long, and what admins changed."""

from dataclasses import replace

import pytest

from innbox.errors import Conflict, NotFound
from innbox.messages import User
from innbox.ports import Store
from innbox.testing.store_contract.scenes import HOTEL, LONG_AGO, OTHER_HOTEL, soon

ANA = User("Ana", "agent", frozenset({HOTEL}))
BO = User("Bo", "admin")


async def signed_in(store: Store, user: User = ANA, session: str = "hash-1") -> None:
    await store.add_user(user, "argon-1")
    await store.open_session(session, user.name, soon())
    assert await store.session(session) is not None


class PeopleContract:
    """Users, sessions and run-time settings."""

    async def test_users_are_kept_with_role_and_hotels(self, store: Store) -> None:
        await store.add_user(ANA, "argon-1")
        await store.add_user(BO, "argon-2")

        users = {user.name: replace(user, created_at=None) for user in await store.users()}

        assert users == {"Ana": ANA, "Bo": BO}

    async def test_a_user_is_found_without_regard_to_case(self, store: Store) -> None:
        await store.add_user(ANA, "argon-1")

        for name in ("Ana", "ana", "ANA"):
            found = await store.user(name)
            assert found is not None
            assert (found[0].name, found[1]) == ("Ana", "argon-1")
        assert await store.user("nobody") is None

    async def test_a_name_is_taken_once(self, store: Store) -> None:
        await store.add_user(ANA, "argon-1")

        for name in ("Ana", "ANA"):
            with pytest.raises(Conflict):
                await store.add_user(replace(BO, name=name), "argon-2")

        assert len(await store.users()) == 1

    async def test_a_new_password_ends_the_sessions(self, store: Store) -> None:
        await signed_in(store)

        await store.set_password("Ana", "argon-9")

        found = await store.user("Ana")
        assert found is not None
        assert found[1] == "argon-9"
        assert await store.session("hash-1") is None

    async def test_a_disabled_user_is_out_and_stays_out_when_enabled(self, store: Store) -> None:
        await signed_in(store)

        await store.set_disabled("Ana", True)

        assert await store.session("hash-1") is None
        found = await store.user("Ana")
        assert found is not None
        assert found[0].disabled
        await store.set_disabled("Ana", False)
        found = await store.user("Ana")
        assert found is not None
        assert not found[0].disabled
        assert await store.session("hash-1") is None

    async def test_another_users_sessions_go_on(self, store: Store) -> None:
        await signed_in(store)
        await signed_in(store, BO, "hash-2")

        await store.set_password("Bo", "argon-9")

        assert await store.session("hash-1") is not None
        assert await store.session("hash-2") is None

    async def test_nobody_can_be_changed(self, store: Store) -> None:
        with pytest.raises(NotFound):
            await store.set_password("nobody", "argon-1")
        with pytest.raises(NotFound):
            await store.set_disabled("nobody", True)

    async def test_a_session_says_whose_it_is(self, store: Store) -> None:
        await signed_in(store)

        found = await store.session("hash-1")

        assert found is not None
        assert replace(found, created_at=None) == ANA
        assert await store.session("hash-2") is None

    async def test_a_session_ends_when_it_is_closed_or_its_time_has_come(self, store: Store) -> None:
        await signed_in(store)
        await store.open_session("hash-old", "Ana", LONG_AGO)

        await store.close_session("hash-1")
        await store.close_session("hash-unknown")

        assert await store.session("hash-1") is None
        assert await store.session("hash-old") is None

    async def test_settings_are_kept_by_hotel(self, store: Store) -> None:
        await store.change_settings(HOTEL, {"bot": False, "instructions": "Be brief"}, "Ana")
        await store.change_settings(OTHER_HOTEL, {"bot": True}, "Ana")
        await store.change_settings(HOTEL, {"bot": True, "hours": {"from": 8, "to": 20}}, "Bo")

        assert {hotel: dict(values) for hotel, values in (await store.settings()).items()} == {
            HOTEL: {"bot": True, "instructions": "Be brief", "hours": {"from": 8, "to": 20}},
            OTHER_HOTEL: {"bot": True},
        }

    async def test_none_removes_a_setting(self, store: Store) -> None:
        await store.change_settings(HOTEL, {"bot": False, "instructions": "Be brief"}, "Ana")

        await store.change_settings(HOTEL, {"instructions": None, "never_set": None}, "Ana")

        assert dict((await store.settings())[HOTEL]) == {"bot": False}

    async def test_at_first_nothing_is_set(self, store: Store) -> None:
        assert dict(await store.settings()) == {}
