"""The plugin: found by its name, opened and closed with the app."""

import inspect
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pydantic import ValidationError

from innbox import Store, StoreUnavailable
from innbox_sqlite_store import SqliteStore, SqliteStoreSettings


def test_it_is_found_by_its_name() -> None:
    (point,) = entry_points(group="innbox.plugins", name="sqlite_store")

    assert point.load() is SqliteStore


def test_the_file_has_a_place_where_none_is_given() -> None:
    assert SqliteStoreSettings().path == Path("var/innbox.db")


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError):
        SqliteStoreSettings.model_validate({"file": "innbox.db"})


async def test_the_store_is_usable_while_the_app_lives(tmp_path: Path) -> None:
    plugin = SqliteStore("sqlite_store", SqliteStoreSettings(path=tmp_path / "var" / "innbox.db"))
    store = plugin.register_store()
    assert isinstance(store, Store)

    async with plugin.lifespan():
        await store.migrate()
        assert str(tmp_path) in await plugin.check_live()

    with pytest.raises(StoreUnavailable):
        await store.ping()


async def test_a_check_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "innbox.db").mkdir()
    plugin = SqliteStore("sqlite_store", SqliteStoreSettings(path=tmp_path / "innbox.db"))

    async with plugin.lifespan():
        with pytest.raises(StoreUnavailable, match="write to this file"):
            await plugin.check_live()


def test_hooks_are_plain_functions_where_they_must_be() -> None:
    assert not inspect.iscoroutinefunction(SqliteStore.register_store)
    assert not inspect.iscoroutinefunction(SqliteStore.lifespan)
