"""The session store over SQLite: one file for all sessions of a machine, shared by every server process, or memory alone."""

import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

from anyio import CancelScope

from mcp_codeexec.errors import BadArguments, StoreUnavailable
from mcp_codeexec.model import Json, Lease, Record, RunDraft, RunHead, Segment, SessionInfo, StoredSession, VaultRow
from mcp_codeexec.sessions import lease_table, queries, space
from mcp_codeexec.sessions.database import Database
from mcp_codeexec.sessions.schema import transaction
from mcp_codeexec.settings import Settings

T = TypeVar("T")
DATABASE = "sessions.db"
_BRIEF_SIZE, _BRIEF_ROWS = 65_536, 64  # of a run, in characters and bytes: as much is written in less than a millisecond
_NEWEST = (float("inf"), "")
HISTORY_BYTES = 32 * 1_048_576


class SqliteStore:
    """A `SessionStore` in the file at `path`, or in memory where it is None. Lives from `open()` to `close()`.

    Every method raises `StoreUnavailable` where the database cannot do its work; then nothing of that call was written.
    """

    def __init__(self, path: Path | None, history_bytes: int = HISTORY_BYTES) -> None:
        """`history_bytes` is what the records of one session may take; the oldest go first."""
        self.path = path
        self._history_bytes = history_bytes
        self._database: Database | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The store that the settings name."""
        return cls(None if settings.ephemeral else settings.data_dir / DATABASE, settings.history_bytes)

    async def open(self) -> None:
        """Open, migrate to this version's schema, or refuse without touching what is there. Nothing to do if it is open."""
        if self._database is None:
            database = Database(self.path)
            with CancelScope(shield=True), _sentences(f"opened ({self.path or 'in memory'})"):
                await database.start()
            self._database = database

    async def close(self) -> None:
        """Release the database after what is under way; safe to call twice."""
        database, self._database = self._database, None
        if database is not None:
            with CancelScope(shield=True), _sentences("closed"):
                await database.close()

    async def create(self, info: SessionInfo, vault_key: bytes) -> None:
        """Add a new session. Raises BadArguments where its metadata or tool state is not JSON."""
        await self._write(lambda c: queries.add_session(c, info, vault_key))

    async def info(self, session_id: str) -> SessionInfo | None:
        """The session without what belongs to it, whoever owns it: the cheap way to see whether something changed."""
        return await self._read(lambda c: queries.session_info(c, session_id))

    def revision(self) -> int | None:
        """A number that changes when somebody else wrote; None where that cannot be said without asking."""
        return self._database.revision() if self._database is not None else None

    async def load(self, session_id: str) -> StoredSession | None:
        """The session with its variables, vault and table of files, whoever owns it."""
        return await self._read(lambda c: queries.load_session(c, session_id))

    async def acquire(self, session_id: str, wanted: Lease, over: str = "") -> SessionInfo | Lease | None:
        """The session, with its lease taken; or the lease that is in the way; or None: there is no such session."""
        return await self._write(lambda c: queries.take_session(c, session_id, wanted, over, self._history_bytes), brief=True)

    async def lease(self, session_id: str) -> Lease | None:
        """The session's lease, also one that has run out."""
        return await self._read(lambda c: lease_table.held(c, session_id))

    async def renew(self, session_id: str, holder: str, until: float) -> bool:
        """Hold a lease for longer; False where it is not the holder's any more."""
        return await self._write(lambda c: lease_table.renew(c, session_id, holder, until), brief=True)

    async def release(self, session_id: str, holder: str) -> None:
        """End a lease; nothing happens where it is not the holder's any more."""
        # Not brief: it has to come after an `acquire` whose caller was cancelled, which may still be on its way to the thread.
        await self._write(lambda c: lease_table.release(c, session_id, holder))

    async def commit(self, draft: RunDraft, holder: str = "") -> None:
        """Write a run: record, variables, tokens, files and the session's counters, in one transaction; it ends the lease.

        Runs of a session are 1, 2, 3 …: one that does not follow the last is refused, so two processes never mix theirs.
        Where the session's history has grown too large, its oldest records go with it; never the one just written.
        """
        await self._write(lambda c: queries.add_run(c, draft, holder, self._history_bytes), brief=_is_brief(draft))

    async def segments(self, session_id: str) -> list[Segment]:
        """The session's variables as they are kept, those first whose objects others hold."""
        return await self._read(lambda c: queries.segments(c, session_id))

    async def segment(self, session_id: str, name: str) -> Segment | None:
        """One of them."""
        return await self._read(lambda c: queries.one_segment(c, session_id, name))

    async def file(self, session_id: str, name: str) -> bytes | None:
        """The content of a file, None where the session has none of that name."""
        return await self._read(lambda c: queries.one_file(c, session_id, name))

    async def keep_tokens(self, session_id: str, minted: Sequence[VaultRow]) -> None:
        """Write tokens that were minted outside a run; rows already there stay."""
        await self._write(lambda c: queries.add_tokens(c, session_id, minted))

    async def sessions(self, owner: str, limit: int, cursor: str = "") -> tuple[list[SessionInfo], str]:
        """The owner's sessions, last used first, and the cursor of the next page (empty at the end).

        A session made or used after the first page was read moves to the front and shifts nothing. Raises BadArguments for a
        limit below 1 and a cursor that this method did not give.
        """
        _check(limit)
        below = _place(cursor) if cursor else _NEWEST
        found = await self._read(lambda c: queries.list_sessions(c, owner, below, limit + 1))
        page = found[:limit]
        return page, _cursor(page[-1]) if len(found) > limit else ""

    async def runs(self, session_id: str, limit: int, before: int = 0, status: str = "") -> list[RunHead]:
        """Heads of runs, newest first, below run `before` (0: from the newest), of one status if it is given.

        Raises BadArguments for a limit below 1.
        """
        _check(limit)
        return await self._read(lambda c: queries.list_runs(c, session_id, limit, before, status))

    async def oldest_run(self, session_id: str) -> int:
        """The oldest run that is still kept; 0 where there is none."""
        return await self._read(lambda c: queries.oldest_run(c, session_id))

    async def record(self, session_id: str, run: int) -> Record | None:
        """One record."""
        return await self._read(lambda c: queries.one_run(c, session_id, run))

    async def set_tool_state(self, session_id: str, tool_state: Mapping[str, Json]) -> None:
        """Replace the session's tool state. Raises BadArguments where it is not JSON."""
        await self._write(lambda c: queries.put_tool_state(c, session_id, tool_state))

    async def delete(self, session_id: str) -> bool:
        """Remove a session and all that belongs to it, also from the write-ahead log; False if there was none."""
        removed = await self._write(lambda c: queries.remove_session(c, session_id))
        if removed:
            await self._read(space.empty_log)
        return removed > 0

    async def expire(self, before: float, now: float) -> int:
        """Remove sessions last used before that time and not leased now, whoever owns them; how many."""
        return await self._remove_while(lambda c: queries.remove_oldest(c, before, now))

    async def shrink(self, limit_bytes: int, before: float, now: float) -> int:
        """As `expire`, the least recently used first, and only while all that is stored takes more than `limit_bytes`."""
        return await self._remove_while(lambda c: queries.remove_oldest(c, before, now, limit_bytes))

    async def size(self) -> int:
        """Bytes of the database that are in use; its log comes on top, about 4 MB at most."""
        return await self._read(space.used)

    async def compact(self) -> None:
        """Make the file as small as what it holds, and empty its log."""
        while await self._read(space.give_back):
            pass
        await self._read(space.empty_log)

    async def _remove_while(self, work: Callable[[sqlite3.Connection], int]) -> int:
        removed = 0
        while await self._write(work):
            removed += 1
        if removed:
            await self._read(space.empty_log)
        return removed

    async def _write(self, work: Callable[[sqlite3.Connection], T], *, brief: bool = False) -> T:
        def whole(connection: sqlite3.Connection) -> T:
            with transaction(connection):
                return work(connection)

        with _sentences("written"):
            return await self._opened().run(whole, brief=brief)

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with _sentences("read"):
            return await self._opened().run(work)

    def _opened(self) -> Database:
        if self._database is None:
            raise StoreUnavailable("the session database is not open.")
        return self._database


def _is_brief(draft: RunDraft) -> bool:
    record = draft.record
    characters = len(record.code) + len(record.answer) + len(record.output) + len(record.value) + len(record.error)
    size = characters + sum(len(f.content or b"") for f in draft.files) + sum(len(s.data) for s in draft.segments)
    changes = len(draft.variables) + len(draft.gone) + len(draft.minted) + len(draft.files) + len(draft.segments)
    return size < _BRIEF_SIZE and changes < _BRIEF_ROWS


def _check(limit: int) -> None:
    if limit < 1:
        raise BadArguments(f"limit is {limit}; it must be at least 1.")


def _cursor(info: SessionInfo) -> str:
    return urlsafe_b64encode(f"{info.last_used!r} {info.session_id}".encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[float, str]:
    try:
        last_used, session_id = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(" ")
        return float(last_used), session_id
    except ValueError:
        raise BadArguments("cursor is not one that a page of sessions gave.", hint="Leave cursor out to begin.") from None


@contextmanager
def _sentences(done: str) -> Generator[None]:
    """What SQLite and the file system say, as `StoreUnavailable`; the only path in its text is one that stands in `done`."""
    try:
        yield
    except (sqlite3.Error, OSError, ValueError, OverflowError) as exc:
        why = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
        raise StoreUnavailable(
            f"the session database cannot be {done}: {why}.",
            hint="Try again. If it stays, the operator must look at the database; nothing in it was overwritten.",
        ) from exc
