"""Sign-in: one text and one time for all that is wrong, a throttle that locks nobody out, sessions that end."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from argon2 import PasswordHasher

from innbox import Conflict, NotFound, Refused, Throttled, User
from innbox.accounts import COMMAND_LINE, Accounts

PASSWORD = "correct horse battery"


@pytest.fixture
async def accounts(workshop: Any) -> Accounts:
    house = await workshop()
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # the throttle is tested here, not argon2
    found = Accounts(house.app.store, house.app.cache, cheap, house.app.audit)
    await found.add_user("Ana", PASSWORD, "agent", ["test"])
    return found


async def wrong(accounts: Accounts, times: int, address: str, name: str = "Ana") -> None:
    for _ in range(times):
        with pytest.raises(Refused):
            await accounts.sign_in(name, "wrong password", address)


async def test_the_right_password_opens_a_session_until_sign_out(accounts: Accounts) -> None:
    token, user = await accounts.sign_in("ana", PASSWORD, "10.0.0.1")

    assert (user.name, user.role, user.hotels) == ("Ana", "agent", frozenset({"test"}))
    assert await accounts.user_of(token) == user
    assert await accounts.user_of("made up") is None
    await accounts.sign_out(token)
    assert await accounts.user_of(token) is None


async def test_a_wrong_name_and_a_wrong_password_are_told_alike(accounts: Accounts) -> None:
    told = []
    for name in ("Ana", "nobody"):
        with pytest.raises(Refused) as refused:
            await accounts.sign_in(name, "wrong password", "10.0.0.1")
        told.append((str(refused.value), refused.value.code))

    assert told[0] == told[1]


async def test_after_twenty_wrong_passwords_the_guesser_waits_and_ana_gets_in(accounts: Accounts) -> None:
    await wrong(accounts, 20, "10.0.0.66")

    with pytest.raises(Throttled) as throttled:
        await accounts.sign_in("Ana", PASSWORD, "10.0.0.66")
    assert 0 < throttled.value.retry_after <= 900

    token, _ = await accounts.sign_in("Ana", PASSWORD, "10.0.0.1")
    assert token


async def test_guesses_from_many_addresses_count_together(accounts: Accounts) -> None:
    for number in range(10):
        await wrong(accounts, 2, f"10.0.1.{number}")

    with pytest.raises(Throttled):
        await accounts.sign_in("Ana", "wrong password", "10.0.1.0")


async def test_after_sixty_wrong_passwords_an_address_waits(accounts: Accounts) -> None:
    for number in range(6):
        await wrong(accounts, 10, "10.0.0.66", name=f"user-{number}")

    with pytest.raises(Throttled):
        await accounts.sign_in("somebody else", "wrong password", "10.0.0.66")


async def test_guesses_at_once_count_as_those_one_by_one(accounts: Accounts) -> None:
    tries = (accounts.sign_in("Ana", "wrong password", "10.0.0.66") for _ in range(100))

    ended = Counter(type(error) for error in await asyncio.gather(*tries, return_exceptions=True))

    assert ended == {Refused: 20, Throttled: 80}


async def test_a_network_of_ipv6_is_one_address(accounts: Accounts) -> None:
    for number in range(60):
        await wrong(accounts, 1, f"2001:db8::{number:x}", name=f"user-{number}")

    with pytest.raises(Throttled):
        await accounts.sign_in("somebody else", "wrong password", "2001:db8::ffff")
    assert await accounts.sign_in("Ana", PASSWORD, "2001:db8:0:1::1")


async def test_the_right_password_is_not_counted(accounts: Accounts) -> None:
    for _ in range(70):
        assert await accounts.sign_in("Ana", PASSWORD, "10.0.0.1")


async def test_a_huge_password_is_refused_unhashed(accounts: Accounts) -> None:
    with pytest.raises(Refused) as refused:
        await accounts.sign_in("Ana", "x" * 1_000_000, "10.0.0.1")
    assert refused.value.code == "too_long"


async def test_disabling_and_a_new_password_end_all_sessions(accounts: Accounts) -> None:
    token, _ = await accounts.sign_in("Ana", PASSWORD, "10.0.0.1")
    await accounts.set_password("Ana", "another long one")
    assert await accounts.user_of(token) is None

    token, _ = await accounts.sign_in("Ana", "another long one", "10.0.0.1")
    await accounts.disable("Ana")
    assert await accounts.user_of(token) is None
    with pytest.raises(Refused):
        await accounts.sign_in("Ana", "another long one", "10.0.0.1")


async def test_a_bad_user_is_refused(accounts: Accounts) -> None:
    with pytest.raises(Conflict):
        await accounts.add_user("ANA", PASSWORD, "agent", None)
    with pytest.raises(Refused):
        await accounts.add_user("rui", "short", "agent", None)
    with pytest.raises(Refused):
        await accounts.add_user("rui", PASSWORD, "emperor", None)
    with pytest.raises(Refused):
        await accounts.add_user("", PASSWORD, "agent", None)
    with pytest.raises(NotFound):
        await accounts.set_password("rui", PASSWORD)


ROOT = User("root", "admin")


async def test_an_admin_changes_users_of_the_hotels_that_they_may_see(accounts: Accounts) -> None:
    of_test = User("Bea", "admin", frozenset({"test"}))
    await accounts.add_user("Carla", PASSWORD, "lead", None)

    await accounts.add_user("Dora", PASSWORD, "lead", ["test"], by=of_test)
    await accounts.disable("Dora", by=of_test)
    await accounts.enable("Dora", by=of_test)
    await accounts.set_password("Dora", "another long password", by=of_test)

    assert {user.name: user.role for user in await accounts.users()}["Dora"] == "lead"
    await accounts.sign_in("Dora", "another long password", "10.0.0.1")
    for change in (
        accounts.add_user("Eva", PASSWORD, "agent", None, by=of_test),
        accounts.add_user("Eva", PASSWORD, "agent", ["test", "other"], by=of_test),
        accounts.set_password("Carla", PASSWORD, by=of_test),
        accounts.disable("Ana", by=User("Carla", "lead")),
    ):
        with pytest.raises(Refused) as refused:
            await change
        assert refused.value.code == "forbidden"


async def test_the_last_admin_of_all_hotels_stays(accounts: Accounts) -> None:
    await accounts.add_user("root", PASSWORD, "admin", None)
    await accounts.add_user("Bea", PASSWORD, "admin", ["test"])

    with pytest.raises(Refused) as refused:
        await accounts.disable("root", by=ROOT)
    assert refused.value.code == "last_admin"

    await accounts.add_user("Carla", PASSWORD, "admin", None, by=ROOT)
    await accounts.disable("root", by=ROOT)


async def test_a_role_is_one_of_three(accounts: Accounts) -> None:
    with pytest.raises(Refused, match="agent, lead, admin"):
        await accounts.add_user("Bea", PASSWORD, "boss", None)


async def test_a_users_role_and_hotels_may_change_and_open_sessions_follow(accounts: Accounts) -> None:
    await accounts.add_user("root", PASSWORD, "admin", None)
    token, _ = await accounts.sign_in("Ana", PASSWORD, "10.0.0.1")

    changed = await accounts.change("ana", "lead", None, by=ROOT)

    assert (changed.name, changed.role, changed.hotels) == ("Ana", "lead", None)
    assert await accounts.user_of(token) == changed
    for role, hotels, code in (
        ("agent", None, "last_admin"),
        ("admin", ["test"], "last_admin"),
        ("boss", None, "role"),
    ):
        with pytest.raises(Refused) as refused:
            await accounts.change("root", role, hotels, by=ROOT)
        assert refused.value.code == code
    with pytest.raises(Refused):
        await accounts.change("Ana", "agent", ["test", "other"], by=User("Bea", "admin", frozenset({"test"})))
    with pytest.raises(NotFound):
        await accounts.change("nobody", "agent", None)


async def test_who_signed_in_and_who_changed_whom_is_kept(accounts: Accounts) -> None:
    token, _ = await accounts.sign_in("Ana", PASSWORD, "10.0.0.1")
    await accounts.sign_out(token)
    await accounts.sign_out(token)
    await wrong(accounts, 1, "10.0.0.1")
    await accounts.add_user("Bea", PASSWORD, "agent", None, by=ROOT)
    await accounts.set_password("Bea", "another password", by=ROOT)
    await accounts.disable("Bea", by=ROOT)

    log = await accounts._store.audit_log(None, None, 10)  # type: ignore[attr-defined]

    assert [(entry.user, entry.action, entry.detail.get("who")) for entry in reversed(log)] == [
        (COMMAND_LINE, "add_user", "Ana"),
        ("Ana", "sign_in", None),
        ("Ana", "sign_out", None),
        ("root", "add_user", "Bea"),
        ("root", "set_password", "Bea"),
        ("root", "disable_user", "Bea"),
    ]
    assert "password" not in str([dict(entry.detail) for entry in log])
