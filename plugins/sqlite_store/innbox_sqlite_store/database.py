"""One SQLite file, used from asyncio: one thread that writes, a few that read, whole transactions at a time.

SQLite lets one connection write at a time, and each commit waits for the disk. So the writing thread takes whatever
has gathered meanwhile, runs each piece of work in a savepoint of its own, and commits them together: each is still
all or nothing, and is reported done only after the commit that made it last.
"""

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog

from innbox import HEARTBEAT_LIFE, StoreUnavailable
from innbox_sqlite_store.queries import read_queries

log = structlog.get_logger(__name__)

LOCK_SECONDS = 1.5  # how long to wait for a file that another process has locked
ANSWER_SECONDS = 1.9  # how long a caller waits for its work to begin; the port allows 2
GROUP = 64  # how much work may share one commit
READERS = 4
MICROSECONDS = 1_000_000

P = ParamSpec("P")
T = TypeVar("T")


class Transaction:
    """What a piece of work is given: named statements, all in one transaction, and the time of it.

    `now` is in microseconds since 1970, and later than that of any transaction of this process that wrote before.
    """

    __slots__ = ("_connection", "_queries", "now")

    def __init__(self, connection: sqlite3.Connection, queries: Mapping[str, str], now: int) -> None:
        self._connection = connection
        self._queries = queries
        self.now = now

    def all(self, statement: str, /, **values: Any) -> list[sqlite3.Row]:
        """Run a named statement and return its rows."""
        return self._execute(statement, values).fetchall()

    def one(self, statement: str, /, **values: Any) -> sqlite3.Row | None:
        """Run a named statement and return its first row, or None."""
        rows = self._execute(statement, values).fetchall()
        return rows[0] if rows else None

    def run(self, statement: str, /, **values: Any) -> int | None:
        """Run a named statement and return the row number of what it inserted last."""
        return self._execute(statement, values).lastrowid

    def script(self, text: str) -> None:
        """Run the statements of a migration one by one: `executescript` would commit what came before."""
        gathered = ""
        for line in text.splitlines(keepends=True):
            gathered += line
            if sqlite3.complete_statement(gathered):
                self._connection.execute(gathered)
                gathered = ""

    def _execute(self, statement: str, values: dict[str, Any]) -> sqlite3.Cursor:
        values["now"] = self.now
        values["dead"] = self.now - int(HEARTBEAT_LIFE.total_seconds() * MICROSECONDS)
        try:
            return self._connection.execute(self._queries[statement], values)
        except UnicodeEncodeError:  # a lone surrogate, in an id that is none or a text to search for
            return self._connection.execute(self._queries[statement], _encodable(values))


class Database:
    """One SQLite file with its threads. `open` starts them, `close` ends them; the file is opened by the first work."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._queries = read_queries()
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._reading = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._last_now = 0

    def open(self) -> None:
        """Start the threads and make the folder of the file; raise `StoreUnavailable` where that is not allowed."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"the folder of {self.path} cannot be made: {error.strerror}") from error
        self._reading = threading.local()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._writer = threading.Thread(target=self._write_on, name="sqlite-writer", daemon=True)
        self._writer.start()

    async def close(self) -> None:
        """Finish the work at hand, end the threads and close the file."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        if self._writer is None or self._readers is None:
            return
        self._work.put(None)
        self._writer.join()
        self._readers.shutdown()
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._writer = self._readers = None

    async def write(self, job: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `job(transaction, …)` in the writing thread and return its result once it is committed.

        What the job raises undoes it and is raised here. Raises `StoreUnavailable` within 2 seconds where the file
        cannot be written; nothing was written then.
        """
        if self._writer is None:
            raise StoreUnavailable(f"{self.path} is not open")
        work = _Work(lambda transaction: job(transaction, *args, **kwargs))
        self._work.put(work)
        result: T = await self._answer(work.future)
        return result

    async def read(self, job: Callable[Concatenate[Transaction, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `job(transaction, …)` on one consistent view of the file; raise `StoreUnavailable` as `write` does."""
        if self._readers is None:
            raise StoreUnavailable(f"{self.path} is not open")
        return await self._answer(self._readers.submit(self._read, lambda view: job(view, *args, **kwargs)))

    async def empty_log(self) -> None:
        """Move the write-ahead log into the file and empty it, so that what was deleted is in neither. Where somebody
        reads or writes at the moment, SQLite does so later."""
        if self._readers is not None:
            await asyncio.wrap_future(self._readers.submit(self._empty_log))

    async def _answer(self, future: "Future[T]") -> T:
        """Wait for work; take it back where it has not begun in time, so that an error means that nothing happened."""
        waiting = asyncio.wrap_future(future)
        try:
            await asyncio.wait({waiting}, timeout=ANSWER_SECONDS)
        except asyncio.CancelledError:
            waiting.cancel()
            raise
        if not waiting.done() and future.cancel():
            raise StoreUnavailable(f"{self.path} is too busy")
        return await waiting

    # in the writing thread

    def _write_on(self) -> None:
        connection: sqlite3.Connection | None = None
        while (work := self._work.get()) is not None:
            group = [work, *self._gathered(GROUP - 1)]
            deadline = time.monotonic() + LOCK_SECONDS
            try:
                connection = connection or self._connect(deadline)
                _begin(connection, deadline)
            except sqlite3.Error as error:
                self._drop(connection)
                connection = None
                # Whoever came meanwhile has waited too, and would wait as long again.
                self._fail(group + self._gathered(self._work.qsize()), error)
                continue
            if not self._run_group(connection, group):
                self._drop(connection)
                connection = None

    def _gathered(self, limit: int) -> list["_Work"]:
        gathered: list[_Work] = []
        while len(gathered) < limit:
            try:
                work = self._work.get_nowait()
            except queue.Empty:
                break
            if work is None:
                self._work.put(None)
                break
            gathered.append(work)
        return gathered

    def _run_group(self, connection: sqlite3.Connection, group: list["_Work"]) -> bool:
        """Run a group and commit it; say whether the connection is still good."""
        done = [work for work in group if work.future.set_running_or_notify_cancel()]
        try:
            for work in done:
                self._run(connection, work)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            for work in done:
                work.future.set_exception(self._unavailable(error))
            return False
        for work in done:
            work.report()
        return True

    def _run(self, connection: sqlite3.Connection, work: "_Work") -> None:
        connection.execute("SAVEPOINT work")
        try:
            work.result = work.job(Transaction(connection, self._queries, self._next_now()))
        except Exception as error:
            connection.execute("ROLLBACK TO work")  # fails where SQLite has undone everything, as with a full disk
            work.error = self._translated(error)
        connection.execute("RELEASE work")

    def _next_now(self) -> int:
        self._last_now = max(_clock(), self._last_now + 1)
        return self._last_now

    def _fail(self, group: list["_Work"], error: sqlite3.Error) -> None:
        log.warning("database unavailable", error=str(error))
        for work in group:
            if work.future.set_running_or_notify_cancel():
                work.future.set_exception(self._unavailable(error))

    # in a reading thread

    def _read(self, job: Callable[[Transaction], T]) -> T:
        deadline = time.monotonic() + LOCK_SECONDS
        connection: sqlite3.Connection | None = getattr(self._reading, "connection", None)
        try:
            if connection is None:
                connection = self._reading.connection = self._connect(deadline)
            connection.execute("BEGIN")
            try:
                return job(Transaction(connection, self._queries, _clock()))
            finally:
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            self._drop(connection)
            self._reading.connection = None
            raise self._translated(error) from error

    def _empty_log(self) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        with suppress(sqlite3.Error):
            connection = self._connect(deadline)
            try:
                _wait_until(connection, deadline)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                self._drop(connection)

    # connections and errors

    def _connect(self, deadline: float) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            connection.row_factory = sqlite3.Row
            _wait_until(connection, deadline)
            _switch_to_wal(connection, deadline)
            connection.execute("PRAGMA synchronous = FULL")  # a commit has reached the disk when it returns
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
        except sqlite3.Error:
            connection.close()
            raise
        self._connections.append(connection)
        return connection

    def _drop(self, connection: sqlite3.Connection | None) -> None:
        if connection is not None:
            self._connections.remove(connection)
            connection.close()

    def _translated(self, error: Exception) -> Exception:
        """Return what callers are told: trouble with the file is `StoreUnavailable`, the rest is as it is."""
        mistakes = sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError
        if isinstance(error, sqlite3.Error) and not isinstance(error, mistakes):
            return self._unavailable(error)
        return error

    def _unavailable(self, error: sqlite3.Error) -> StoreUnavailable:
        return StoreUnavailable(f"{self.path} cannot be used: {error}")


class _Work:
    """A piece of work on its way through the writing thread; its outcome is reported after the commit."""

    def __init__(self, job: Callable[[Transaction], Any]) -> None:
        self.job = job
        self.future: Future[Any] = Future()
        self.result: Any = None
        self.error: Exception | None = None

    def report(self) -> None:
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def _encodable(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values in which what SQLite cannot store as UTF-8 is a question mark."""
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in values.items()
    }


def _clock() -> int:
    return time.time_ns() // 1000


def _begin(connection: sqlite3.Connection, deadline: float) -> None:
    _wait_until(connection, deadline)
    connection.execute("BEGIN IMMEDIATE")


def _wait_until(connection: sqlite3.Connection, deadline: float) -> None:
    """Let the connection wait for locks until `deadline`, no longer."""
    milliseconds = max(0, int((deadline - time.monotonic()) * 1000))
    connection.execute(f"PRAGMA busy_timeout = {milliseconds}")


def _switch_to_wal(connection: sqlite3.Connection, deadline: float) -> None:
    """Use a write-ahead log. While two processes open a new file at once, SQLite refuses one of them without waiting
    (https://www.sqlite.org/pragma.html#pragma_journal_mode), so this tries again."""
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode == "wal":
                return
            raise sqlite3.OperationalError(f"the file's journal is {mode}, and cannot become a write-ahead log")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
