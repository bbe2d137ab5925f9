"""Schema and files: what the contract leaves to the store."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from innbox import Attachment, MediaContent
from innbox.testing.store_contract.scenes import guest_writes, soon
from innbox_sqlite_store import SqliteDatabase
from innbox_sqlite_store.database import Database, Transaction

PHOTO = Attachment("image", state="fetching", source="https://example.com/1")


async def test_a_new_file_is_migrated_once_by_two_at_once(tmp_path: Path) -> None:
    stores = [SqliteDatabase(tmp_path / "new" / "innbox.db") for _ in range(2)]
    for store in stores:
        store.open()
    pending = await stores[0].pending_migrations()

    applied = await asyncio.gather(*(store.migrate() for store in stores))

    assert pending[0] == "0001_first"
    assert sorted(map(list, applied)) == [[], list(pending)]
    assert list(await stores[1].pending_migrations()) == []
    for store in stores:
        await store.close()


async def test_a_migration_that_fails_leaves_nothing_behind(path: Path, look: Callable[..., Any]) -> None:
    file = Database(path)
    file.open()

    def broken(tx: Transaction) -> None:
        tx.script("CREATE TABLE one (a INTEGER);\nCREATE TABLE one (a INTEGER);\n")

    with pytest.raises(Exception, match="already exists"):
        await file.write(broken)

    await file.close()
    assert look("SELECT name FROM sqlite_master WHERE name = 'one'") == []


async def test_the_tables_seen_from_outside_have_their_names(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    tables = {name for (name,) in look("SELECT name FROM sqlite_master WHERE type = 'table'")}

    assert {"conversations", "messages", "users", "settings"} <= tables


async def test_a_file_that_is_tried_again_looks_as_before(store: SqliteDatabase) -> None:
    await guest_writes(store, attachments=(PHOTO,))
    (job,) = await store.media_due(10)

    changed = await store.save_media(job, None, url=None, again_at=soon())

    assert changed is not None
    assert changed.events == ()


async def test_a_file_that_came_stays_whatever_is_said_later(store: SqliteDatabase) -> None:
    await guest_writes(store, attachments=(PHOTO,))
    (job,) = await store.media_due(10)
    await store.save_media(job, MediaContent("image/png", b"1"), url="/1", again_at=None)

    changed = await store.save_media(job, None, url=None, again_at=None)

    assert changed is not None
    assert changed.events == ()
    assert await store.media(job.message_id, 0) == MediaContent("image/png", b"1")


async def test_only_what_is_to_be_fetched_is_kept_as_a_file(store: SqliteDatabase, look: Callable[..., Any]) -> None:
    await guest_writes(store, attachments=(Attachment("image", url="/there"), PHOTO))

    assert look("SELECT position, state FROM media") == [(1, "fetching")]
