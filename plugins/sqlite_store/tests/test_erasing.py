"""Erasing guests: what the contract cannot see, in the file itself."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import innbox_sqlite_store
from innbox.testing.store_contract.scenes import CHANNEL, HANDLE, HOTEL, guest_writes
from innbox_sqlite_store import SqliteDatabase

Look = Callable[..., list[tuple[Any, ...]]]
LONG_WORD = "hammam" * 2000  # more than a page: its pages go to the list of free ones


def all_bytes(path: Path) -> bytes:
    """Return the file's bytes, and those of its write-ahead log."""
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


async def test_no_byte_of_the_file_tells_of_an_erased_guest(store: SqliteDatabase, path: Path) -> None:
    # Given a guest's texts among those of others, in a file that stays open
    for number in range(20):
        await guest_writes(store, f"breakfast {number}", handle=f"+35191100{number:04}")
    await guest_writes(
        store, f"Is the {LONG_WORD} heated?", guest_name="Rui Tavares", raw={"From": f"whatsapp:{HANDLE}"}
    )
    needles = (HANDLE.encode(), b"hammam", b"Tavares", b"heated")
    assert all(needle in all_bytes(path) for needle in needles)

    # When the guest is erased
    assert await store.erase_guest(HOTEL, CHANNEL, HANDLE, "ana", b"key")

    # Then neither rows nor free pages, neither the full-text index nor the log remember
    assert [needle for needle in needles if needle in all_bytes(path)] == []
    assert b"breakfast 7" in all_bytes(path)


async def test_the_full_text_index_stays_whole(store: SqliteDatabase, look: Look) -> None:
    for text, handle in (("pool", "+1"), ("pool and sauna", HANDLE), ("sauna", "+2")):
        await guest_writes(store, text, handle=handle)

    await store.erase_guest(HOTEL, CHANNEL, HANDLE, "ana")

    look("INSERT INTO message_search (message_search, rank) VALUES ('integrity-check', 1)")
    assert look("SELECT count(*) FROM message_search WHERE message_search MATCH 'pool OR sauna'") == [(2,)]


async def test_webhooks_kept_aside_go_where_they_name_the_guest(store: SqliteDatabase, look: Look) -> None:
    await guest_writes(store)
    for provider_id, raw in {
        "whole": {"Author": HANDLE},
        "prefixed": {"From": f"whatsapp:{HANDLE}"},
        "longer": {"From": f"whatsapp:{HANDLE}4"},
        "other": {"From": "whatsapp:+1"},
        "text": {"Body": f"call {HANDLE} please"},
    }.items():
        await store.keep_aside(CHANNEL, provider_id, raw, "unknown number")
    await store.keep_aside("sms", "other channel", {"From": HANDLE}, "unknown number")

    copy = await store.export_guest(HOTEL, CHANNEL, HANDLE)
    await store.erase_guest(HOTEL, CHANNEL, HANDLE, "ana", b"key")

    assert copy is not None
    assert {one["provider_id"] for one in copy["webhooks"]} >= {"whole", "prefixed"}
    left = {name for (name,) in look("SELECT provider_id FROM raw_inbound")}
    assert left == {"longer", "other", "text", "other channel"}


async def test_webhooks_kept_aside_that_a_backup_brings_back_go_again(store: SqliteDatabase, look: Look) -> None:
    await guest_writes(store)
    await store.keep_aside(CHANNEL, "aside", {"From": f"whatsapp:{HANDLE}"}, "unknown number")
    erased = await store.erase_guest(HOTEL, CHANNEL, HANDLE, "ana", b"key")
    assert erased is not None
    await store.keep_aside(CHANNEL, "aside", {"From": f"whatsapp:{HANDLE}"}, "unknown number")
    await store.keep_aside(CHANNEL, "other", {"From": "whatsapp:+1"}, "unknown number")

    again = await store.erase_again(erased.tombstone, b"key")

    assert again is not None
    assert again.events == ()
    assert look("SELECT provider_id FROM raw_inbound") == [("other",)]


@pytest.mark.parametrize("emptied", [False, True])
def test_the_numbers_of_events_go_on_over_the_migration(tmp_path: Path, emptied: bool) -> None:
    folder = files(innbox_sqlite_store) / "migrations"
    scripts = [folder.joinpath(f"{name}.sql").read_text() for name in ("0001_first", "0002_bursts", "0003_erasing")]
    with closing(sqlite3.connect(tmp_path / "innbox.db", isolation_level=None)) as connection:
        connection.executescript("".join(scripts[:2]))
        for _ in range(3):
            connection.execute(
                "INSERT INTO events (name, hotel, channel, conversation_id, created_at) VALUES ('x', 'h', 'c', 'i', 1)"
            )
        connection.execute("DELETE FROM events WHERE number = 3 OR ?", [emptied])

        connection.executescript(scripts[2])

        connection.execute(
            "INSERT INTO events (name, hotel, channel, conversation_id, created_at) VALUES ('y', 'h', 'c', 'i', 1)"
        )
        numbers = [number for (number,) in connection.execute("SELECT number FROM events ORDER BY number")]
    assert numbers == ([4] if emptied else [1, 2, 4])
