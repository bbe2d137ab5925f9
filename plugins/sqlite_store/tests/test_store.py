"""The store keeps the promises of the port."""

from pathlib import Path

from innbox import Store
from innbox.testing.store_contract import KeepsDeskContract, StoreContract
from innbox_sqlite_store import SqliteDatabase


class TestSqliteStore(StoreContract):
    """Every promise of `Store`, on SQLite."""


class TestSqliteDesk(KeepsDeskContract):
    """Every promise of `KeepsDesk`, on SQLite."""


def test_it_is_a_store(tmp_path: Path) -> None:
    store: Store = SqliteDatabase(tmp_path / "innbox.db", "main_store")

    assert isinstance(store, Store)
    assert store.name == "main_store"
