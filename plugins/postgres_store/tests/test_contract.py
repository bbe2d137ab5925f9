"""The contract of a store, held by this one."""

from innbox.testing.store_contract import StoreContract


class TestPostgresStore(StoreContract):
    """Every promise of the port."""
