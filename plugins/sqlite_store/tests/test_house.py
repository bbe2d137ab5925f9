"""Schema and files: what the contract leaves to the store."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from innbox import Attachment, MediaContent, View, ViewQuery
from innbox.testing.store_contract.scenes import guest_writes, soon
from innbox_sqlite_store import SqliteDatabase, house
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


BEFORE_THE_DESK = (
    "INSERT INTO guests (id, hotel, name, created_at) VALUES ('g', 'miramar', 'Rui', 1)",
    "INSERT INTO conversations (id, hotel, channel, guest_id, handle, handled_by, last_at, waiting_since) "
    "VALUES ('c', 'miramar', 'whatsapp', 'g', '+351911222333', 'staff', 2, 1)",
)


async def test_what_was_there_before_the_desk_is_there_at_the_desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "innbox.db"
    store = SqliteDatabase(path)
    store.open()
    everything = dict(house._migrations())
    older = {name: text for name, text in everything.items() if name < "0004"}
    monkeypatch.setattr(house, "_migrations", lambda: older)
    await store.migrate()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in BEFORE_THE_DESK:
            connection.execute(statement)

    monkeypatch.setattr(house, "_migrations", lambda: everything)
    await store.migrate()

    for view in (View.UNASSIGNED, View.WAITING, View.ALL):
        (conversation,) = (await store.view(ViewQuery(view, "Ana"))).conversations
        assert (conversation.guest.name, conversation.suggestion, conversation.urgent) == ("Rui", None, None)
    assert await store.view_counts("Ana", None) == {
        "mine": 0,
        "unassigned": 1,
        "bot": 0,
        "waiting": 1,
        "urgent": 0,
        "snoozed": 0,
    }
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
