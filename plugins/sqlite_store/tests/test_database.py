"""The file and its threads: all or nothing, one commit for many, and honest errors within two seconds."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from innbox import StoreUnavailable
from innbox.testing.store_contract.scenes import guest_writes, texts_of
from innbox_sqlite_store import SqliteDatabase, database
from innbox_sqlite_store.database import Database, Transaction

WRITER = Path(__file__).with_name("writer_process.py")


@pytest.fixture
async def file(path: Path) -> AsyncIterator[Database]:
    file = Database(path)
    file.open()
    yield file
    await file.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's lock, as a backup or another program might."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


def count(tx: Transaction, name: str, fail: bool = False) -> int:
    tx.run("add_count", name=name, amount=1)
    if fail:
        raise LookupError(name)
    return tx.now


def counted(tx: Transaction) -> dict[str, float]:
    return {row["name"]: row["value"] for row in tx.all("counts")}


async def texts_to(store: SqliteDatabase, handle: str) -> list[str]:
    conversation = await store.conversation_for("miramar", "whatsapp", handle)
    assert conversation is not None
    return [message.text for message in (await store.history(conversation.id, None, 100_000)).messages]


async def test_what_fails_is_undone_and_its_neighbours_stay(file: Database) -> None:
    results = await asyncio.gather(
        *(file.write(count, f"work-{n}", fail=n == 2) for n in range(5)), return_exceptions=True
    )

    assert isinstance(results[2], LookupError)
    assert sorted(await file.read(counted)) == ["work-0", "work-1", "work-3", "work-4"]


async def test_each_transaction_is_later_than_the_one_before(file: Database) -> None:
    times = await asyncio.gather(*(file.write(count, "work") for _ in range(50)))

    assert list(times) == sorted(set(times))


async def test_much_work_at_once_shares_its_commits(file: Database) -> None:
    begun, gate = threading.Event(), threading.Event()

    def block(tx: Transaction) -> None:
        begun.set()
        gate.wait(5)

    blocked = asyncio.create_task(file.write(block))
    await asyncio.to_thread(begun.wait, 5)
    commits: list[str] = []
    file._connections[0].set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)
    work = [asyncio.create_task(file.write(count, "work")) for _ in range(40)]
    await asyncio.sleep(0.01)
    gate.set()

    await asyncio.gather(blocked, *work)

    assert await file.read(counted) == {"work": 40}
    assert len(commits) == 2


async def test_a_locked_file_is_unavailable_within_two_seconds_and_nothing_is_written(
    file: Database, path: Path
) -> None:
    await file.write(count, "before")
    with locked(path):
        started = time.monotonic()
        first = asyncio.gather(*(file.write(count, f"early-{n}") for n in range(5)), return_exceptions=True)
        await asyncio.sleep(0.3)
        late = asyncio.create_task(file.write(count, "late"))
        results = [*await first, *await asyncio.gather(late, return_exceptions=True)]
        assert time.monotonic() - started < 2
        assert await file.read(counted) == {"before": 1}, "reading goes on"

    assert {type(result) for result in results} == {StoreUnavailable}
    await file.write(count, "after")
    assert await file.read(counted) == {"before": 1, "after": 1}


async def test_work_that_has_not_begun_in_time_is_never_done(file: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "ANSWER_SECONDS", 0.1)
    begun, gate = threading.Event(), threading.Event()

    def block(tx: Transaction) -> str:
        begun.set()
        gate.wait(5)
        return "done"

    blocked = asyncio.create_task(file.write(block))
    await asyncio.to_thread(begun.wait, 5)
    with pytest.raises(StoreUnavailable, match="too busy"):
        await file.write(count, "late")
    gate.set()

    assert await blocked == "done", "what has begun is waited for"
    assert await file.read(counted) == {}


async def test_a_caller_who_goes_away_harms_nobody(file: Database) -> None:
    task = asyncio.create_task(file.write(count, "work", fail=True))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task

    await file.write(count, "next")
    assert await file.read(counted) == {"next": 1}


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "innbox.db"
    path.write_text("This is a letter, and no database. " * 100)
    store = SqliteDatabase(path)
    store.open()

    for verb in (store.ping, store.last_event):
        with pytest.raises(StoreUnavailable, match="not a database"):
            await verb()

    await store.close()
    assert path.read_text().startswith("This is a letter")


async def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")

    with pytest.raises(StoreUnavailable, match="folder"):
        SqliteDatabase(tmp_path / "var" / "innbox.db").open()


async def test_a_store_that_is_not_open_is_unavailable(path: Path) -> None:
    store = SqliteDatabase(path)
    for verb in (store.ping, store.last_event):
        with pytest.raises(StoreUnavailable, match="not open"):
            await verb()

    await store.close()


async def test_a_store_may_be_opened_again(store: SqliteDatabase) -> None:
    taken = await guest_writes(store)
    await store.close()
    store.open()

    assert await texts_of(store, taken.conversation.id) == ["Hello"]


async def test_a_commit_waits_for_the_disk(file: Database) -> None:
    def modes(tx: Transaction) -> tuple[object, object]:
        journal = tx._connection.execute("PRAGMA journal_mode").fetchone()[0]
        return journal, tx._connection.execute("PRAGMA synchronous").fetchone()[0]

    full = 2  # https://www.sqlite.org/pragma.html#pragma_synchronous
    assert await file.write(modes) == ("wal", full)


async def test_what_a_killed_process_was_told_is_stored(store: SqliteDatabase, path: Path) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, str(WRITER), str(path), stdout=subprocess.PIPE)
    assert process.stdout is not None
    told = [await process.stdout.readline() for _ in range(3)]
    assert all(line.endswith(b"\n") for line in told), "it writes on while we do"
    ours = [(await guest_writes(store, f"ours {number}", handle="+1")).message.text for number in range(20)]
    process.kill()
    told += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()

    stored = [await texts_to(store, handle) for handle in ("+1", "+2")]
    assert stored[0] == ours
    assert {line.decode().strip() for line in told if line.endswith(b"\n")} <= set(stored[1])


async def test_trouble_while_reading_passes(file: Database, path: Path) -> None:
    def broken(tx: Transaction) -> None:
        tx._connection.execute("SELECT * FROM nowhere")

    with pytest.raises(StoreUnavailable, match="nowhere"):
        await file.read(broken)

    assert await file.read(counted) == {}


@pytest.mark.parametrize("text", ["\ud800", "a\ud800b"])
async def test_a_lone_surrogate_is_looked_for_in_vain(store: SqliteDatabase, text: str) -> None:
    assert await store.conversation(text) is None
    assert await store.user(text) is None
