"""The store on one SQLite file."""

from innbox_sqlite_store.plugin import SqliteStore, SqliteStoreSettings
from innbox_sqlite_store.store import SqliteDatabase

__all__ = ["SqliteDatabase", "SqliteStore", "SqliteStoreSettings"]
