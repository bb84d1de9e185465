"""One SQLite connection with a thread of its own, opened the way that a private, shared file needs."""

import asyncio
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import aiosqlite

from mcp_codeexec.errors import StoreUnavailable
from mcp_codeexec.sessions import schema

T = TypeVar("T")
BUSY_MS = 5_000  # how long to wait for another process's write; ours take less than a millisecond
_LOG_PAGES = 1_000  # of the write-ahead log, before it is brought into the database
_BRIEF_IN_A_ROW = 64  # so often goes brief work before other: it leaves the log to grow


class Database(aiosqlite.Connection):
    """Lives from `await database` to `close()`.

    Work runs as whole functions on the connection's thread: one hop for a transaction instead of one per statement, and nothing
    of another task, or a cancellation, can come between its statements. For that it leans on three protected names of
    aiosqlite's class (`_execute`, `_conn`, `_thread`), as they are since 0.22.
    """

    def __init__(self, path: Path | None) -> None:
        super().__init__(partial(_connect, path), 64)
        self._thread.daemon = True  # a forgotten connection must not keep the process alive
        self._path = path
        self._file = (0, 0)
        self._log_seen: tuple[int, int] | None = None
        self._version: int = 0
        self._foreign_writes = 0
        self._stopped: asyncio.Future[None] | None = None
        self._in_use = threading.Lock()
        self._brief_left = 0

    async def start(self) -> None:
        """Open and migrate, or refuse. Raises what `schema` raises, and OSError."""
        try:
            await self
        except BaseException:
            if self._stopped is not None:
                await self._stopped  # the thread reports its end to this event loop, which may close right after
            raise
        self._file = _identity(self._path)

    def stop(self) -> "asyncio.Future[None] | None":
        """Let the thread end; what was asked before is done first."""
        self._stopped = super().stop()  # pyright: ignore[reportUnknownMemberType]
        return self._stopped

    async def run(self, work: Callable[[sqlite3.Connection], T], *, brief: bool = False) -> T:
        """The result of `work` on the connection. Not stopped by a cancellation of the caller, who then does not see its end.

        `brief` work of a few rows is done here and now, where nothing is in its way: the way to the thread and back takes longer
        than the work. It never waits: neither for this connection, nor for another process's write, nor for a disk's sync.

        Raises:
            StoreUnavailable: the file is not where it was: what we write would be lost with it.
        """
        if brief and self._brief_left > 0 and self._in_use.acquire(blocking=False):
            self._brief_left -= 1
            try:
                return self._guarded(work)
            except sqlite3.OperationalError as exc:
                if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
            finally:
                self._in_use.release()
        return await self._execute(self._waiting, work)  # pyright: ignore[reportUnknownMemberType]

    def revision(self) -> int | None:
        """A number that changes when another connection wrote; None where that cannot be said without asking the database.

        A look at the write-ahead log's size and time, for the event loop: no work on the connection's thread.
        """
        if self._path is None:
            return 0
        return self._foreign_writes if self._log_seen is not None and self._log_seen == _log_state(self._path) else None

    def _look(self) -> None:
        """Remember the log as it is now, unless somebody else wrote since the last look: `data_version` tells, also just now."""
        log = _log_state(self._path) if self._path is not None else (0, 0)
        (version,) = self._conn.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._version, self._foreign_writes, log = version, self._foreign_writes + 1, None
        self._log_seen = log

    def _waiting(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """On the connection's thread, where a wait or a sync holds up nobody else."""
        with self._in_use:
            self._brief_left = _BRIEF_IN_A_ROW
            _set_patience(self._conn, BUSY_MS, _LOG_PAGES)
            try:
                return self._guarded(work)
            finally:
                _set_patience(self._conn, 0, 0)

    def _guarded(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if _identity(self._path) != self._file:
            raise StoreUnavailable(
                "the session database was removed or replaced while it was in use.", hint="Restart the server to go on."
            )
        try:
            return work(self._conn)
        finally:
            self._look()


def _identity(path: Path | None) -> tuple[int, int]:
    if path is None:
        return 0, 0
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino


def _log_state(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(f"{path}-wal")
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _set_patience(connection: sqlite3.Connection, busy_ms: int, log_pages: int) -> None:
    connection.execute(f"PRAGMA busy_timeout = {busy_ms}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {log_pages}")


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is None:
        return _set_up(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False), None)
    _see_file(path)
    uri = f"{path.absolute().as_uri()}?mode=rw"  # rw: SQLite itself never makes the file, it would be readable to others
    return _set_up(sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False), path)


def _see_file(path: Path) -> None:
    """Make the file, for our user only (SQLite gives the files beside it the same mode), or see that it may be ours."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    # From here on nobody but SQLite opens the file: closing it would drop the locks of another connection in this process.
    if not stat.S_ISREG(path.stat().st_mode):
        raise StoreUnavailable(f"{path} is not a file.", hint="Choose another data_dir.")
    schema.inspect(path)


def _set_up(connection: sqlite3.Connection, path: Path | None) -> sqlite3.Connection:
    try:
        _set_patience(connection, BUSY_MS, _LOG_PAGES)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        if not connection.execute("PRAGMA page_count").fetchone()[0]:  # else it would be written to at every opening
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # Before WAL: so the application id is in the file itself from the first moment, and `inspect` always sees it.
        schema.migrate(connection, str(path or "in memory"))
        _use_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        if path is not None:
            _make_private(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_private(path: Path) -> None:
    """For a database that came from elsewhere, such as a copy; only once it is known to be ours."""
    for ending in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{path}{ending}").chmod(0o600)


def _use_log(connection: sqlite3.Connection) -> None:
    """Write ahead: readers and a writer do not wait for each other."""
    deadline = time.monotonic() + BUSY_MS / 1_000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            # On the connection's own thread. SQLite says "locked" at once here, whatever busy_timeout is, to all but one of those
            # who do this at the same moment.
            time.sleep(0.005)
        else:
            return
