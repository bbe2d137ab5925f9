"""The plugin: settings, the store it offers, and its life."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from pydantic import Field

from innbox import Plugin, PluginSettings, Store, StoreUnavailable, hookimpl
from innbox_sqlite_store.store import SqliteDatabase


class SqliteStoreSettings(PluginSettings):
    """The settings under `sqlite_store`."""

    path: Path = Field(
        default=Path("var/innbox.db"),
        description="The file, relative to the folder in which Innbox is started; its folder is made where missing.",
    )


class SqliteStore(Plugin[SqliteStoreSettings]):
    """Keeps everything in one SQLite file."""

    Settings = SqliteStoreSettings

    def __init__(self, name: str, settings: SqliteStoreSettings) -> None:
        super().__init__(name, settings)
        self.store = SqliteDatabase(settings.path, name)

    @hookimpl
    def register_store(self) -> Store:
        return self.store

    @hookimpl
    def lifespan(self) -> AbstractAsyncContextManager[None]:
        return self._opened()

    @hookimpl
    async def check_live(self) -> str:
        try:
            await self.store.ping()
        except StoreUnavailable as error:
            raise StoreUnavailable(f"{error}. Let the user that runs Innbox write to this file and folder.") from error
        return f"{self.settings.path} answers and can be written (SQLite {sqlite3.sqlite_version})"

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        self.store.open()
        try:
            yield
        finally:
            await self.store.close()
