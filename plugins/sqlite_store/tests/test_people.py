"""People and settings: what the contract leaves to the store."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from innbox import NotFound, User, now
from innbox_sqlite_store import SqliteDatabase


async def test_a_user_of_no_hotel_is_none_of_every_hotel(store: SqliteDatabase) -> None:
    await store.add_user(User("Ana", "agent", frozenset()), "argon")

    (user,) = await store.users()

    assert user.hotels == frozenset()
    assert user.created_at is not None


async def test_names_keep_their_letters_beyond_english(store: SqliteDatabase) -> None:
    await store.add_user(User("José", "agent"), "argon")

    found = await store.user("JOSÉ")

    assert found is not None
    assert found[0].name == "José"


async def test_nobody_cannot_sign_in(store: SqliteDatabase) -> None:
    with pytest.raises(NotFound):
        await store.open_session("hash", "nobody", now())


async def test_ended_sessions_are_not_kept(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    await store.add_user(User("Ana", "agent"), "argon")
    await store.open_session("old", "Ana", now() - timedelta(seconds=1))

    await store.open_session("new", "Ana", now() + timedelta(hours=1))

    assert look("SELECT token_hash FROM sessions") == [("new",)]


async def test_who_changed_a_setting_is_noted(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    await store.change_settings("miramar", {"bot": True}, "Ana")
    await store.change_settings("miramar", {"bot": False}, "Bo")

    assert look("SELECT hotel, key, value, changed_by FROM settings") == [("miramar", "bot", "false", "Bo")]
