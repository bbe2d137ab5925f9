"""The contracts of a store, held by this one."""

from innbox.testing.store_contract import KeepsDeskContract, StoreContract


class TestPostgresStore(StoreContract):
    """Every promise of the port."""


class TestPostgresDesk(KeepsDeskContract):
    """Every promise of the desk's port."""
