"""The store on PostgreSQL."""

from innbox_postgres_store.plugin import PostgresStore, PostgresStoreSettings

__all__ = ["PostgresStore", "PostgresStoreSettings"]
