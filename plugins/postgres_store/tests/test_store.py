"""The store as a whole."""

from innbox import Store
from innbox_postgres_store.store import DatabaseStore


async def test_it_is_a_store(store: DatabaseStore) -> None:
    port: Store = store

    assert isinstance(port, Store)
    assert port.name == "postgres_store"


async def test_it_tells_the_servers_version(store: DatabaseStore) -> None:
    assert int((await store.version()).split(".")[0]) >= 14
