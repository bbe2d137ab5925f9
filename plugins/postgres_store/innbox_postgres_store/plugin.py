"""The plugin: settings, and the hooks that offer the store."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Self

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from innbox import Plugin, PluginSettings, Store, hookimpl
from innbox_postgres_store.pool import Database
from innbox_postgres_store.store import DatabaseStore


class PostgresStoreSettings(PluginSettings):
    """The settings of `postgres_store`."""

    model_config = ConfigDict(hide_input_in_errors=True)  # the URL holds a password

    url: SecretStr = Field(
        description="Where the database is, as libpq takes it: postgresql://user:password@host:5432/innbox."
    )
    pool_min: int = Field(default=2, ge=1, le=100, description="Connections that each process keeps open.")
    pool_max: int = Field(
        default=10, ge=1, le=500, description="Connections that each process may open. All that wait share them."
    )
    statement_timeout_seconds: float = Field(
        default=1.5,
        gt=0,
        le=1.5,
        description="After how many seconds the server gives up a statement. Below the 1.6 after which Innbox does.",
    )

    @field_validator("url")
    @classmethod
    def _url_is_understood(cls, url: SecretStr) -> SecretStr:
        try:
            conninfo_to_dict(url.get_secret_value())
        except psycopg.ProgrammingError:
            # libpq's own words would quote the URL, and with it the password
            raise ValueError("is not a database URL; write postgresql://user:password@host:5432/name") from None
        return url

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.pool_max < self.pool_min:
            raise ValueError("pool_max must not be below pool_min")
        return self


class PostgresStore(Plugin[PostgresStoreSettings]):
    """Keeps everything in PostgreSQL."""

    Settings = PostgresStoreSettings

    def __init__(self, name: str, settings: PostgresStoreSettings) -> None:
        super().__init__(name, settings)
        self.store = DatabaseStore(
            name,
            Database(
                settings.url.get_secret_value(),
                pool_min=settings.pool_min,
                pool_max=settings.pool_max,
                statement_timeout_seconds=settings.statement_timeout_seconds,
            ),
        )

    @hookimpl
    def register_store(self) -> Store:
        return self.store

    @hookimpl
    def lifespan(self) -> AbstractAsyncContextManager[None]:
        return self._open()

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        await self.store.open()
        try:
            yield
        finally:
            await self.store.close()

    @hookimpl
    async def check_live(self) -> str:
        version = await self.store.version()
        pending = await self.store.pending_migrations()
        schema = f"{len(pending)} migrations pending, run: innbox migrate" if pending else "schema up to date"
        return f"PostgreSQL {version} answered; {schema}."
