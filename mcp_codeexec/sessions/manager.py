"""Who owns which session: ids, turns, run numbers and retention. Knows nothing of processes."""

import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Self
from weakref import WeakValueDictionary

from anyio import CancelScope

from mcp_codeexec.errors import Busy, SessionNotFound
from mcp_codeexec.model import Json, RunDraft, SessionInfo, StoredSession
from mcp_codeexec.ports import SessionStore
from mcp_codeexec.sessions.ids import is_session_id, new_session_id, shown_id
from mcp_codeexec.sessions.lease import TIMES, Leases, LeaseTimes
from mcp_codeexec.sessions.retention import Cleaned, Retention
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.sessions.vault import VaultLimits
from mcp_codeexec.settings import Settings

_DAY_S = 86_400.0
CACHED = 256  # sessions kept in memory when nobody uses them


class SessionManager:
    """The sessions of one owner in this process; lives as long as the store it was given is open.

    `retention` is how long sessions stay, `waiting_limit` how many calls may wait for one session.
    """

    def __init__(
        self,
        store: SessionStore,
        owner: str,
        retention: Retention,
        waiting_limit: int,
        clock: Callable[[], float] = time.time,
        lease_times: LeaseTimes = TIMES,
        vault_limits: VaultLimits | None = None,
    ) -> None:
        self._vault_limits = vault_limits or VaultLimits()
        self._store = store
        self._owner = owner
        self._retention = retention
        self._keep_seconds = retention.keep_seconds
        self._waiting_limit = waiting_limit
        self._clock = clock
        self._leases = Leases(store, clock, lease_times)
        # A session that anybody holds is found here, so there are never two faces of one; `_recent` only keeps idle ones alive.
        self._alive: WeakValueDictionary[str, Session] = WeakValueDictionary()
        self._recent: OrderedDict[str, Session] = OrderedDict()

    @classmethod
    def of(cls, settings: Settings, store: SessionStore) -> Self:
        """The manager that the settings ask for."""
        retention = Retention(settings.keep_days * _DAY_S, settings.store_bytes)
        limits = VaultLimits(settings.tokens_per_session, settings.tokens_per_run)
        return cls(store, settings.owner, retention, settings.waiting_per_session, vault_limits=limits)

    async def create(self, metadata: Mapping[str, Json] | None = None) -> Session:
        """Start a session. Raises BadArguments where `metadata` is not plain JSON, StoreUnavailable."""
        now = self._clock()
        info = SessionInfo(new_session_id(), self._owner, now, now, metadata=dict(metadata or {}))
        key = secrets.token_bytes(32)
        await self._store.create(info, key)
        return self._face(StoredSession(info, (), key, ()))

    async def get(self, session_id: str) -> Session:
        """The session as it stands now, also if another process went on with it.

        Raises:
            SessionNotFound: malformed, unknown, expired or somebody else's id; all read alike.
            StoreUnavailable: the store cannot be read.
        """
        if not is_session_id(session_id):
            raise self._not_found(session_id)
        session = self._alive.get(session_id)
        if session is not None:
            await self._refresh(session, holder=False)
            return self._keep(session)
        stored = await self._store.load(session_id)
        if stored is None or not self._shows(stored.info):
            raise self._not_found(session_id)
        return self._face(stored)

    async def list(self, limit: int, cursor: str = "") -> tuple[list[SessionInfo], str]:
        """The owner's sessions, last used first, and the cursor of the next page (empty at the end). Raises BadArguments."""
        page, after = await self._store.sessions(self._owner, limit, cursor)
        shown = [info for info in page if self._shows(info)]
        return shown, after if len(shown) == len(page) else ""  # what follows an expired one is older still

    async def delete(self, session_id: str) -> None:
        """Remove a session and all that belongs to it. Raises SessionNotFound, StoreUnavailable."""
        await self.get(session_id)
        there = await self._store.delete(session_id)
        self._forget(session_id)
        if not there:  # another process was faster
            raise self._not_found(session_id)

    async def record(self, session: Session, draft: RunDraft) -> None:
        """Write a run, then follow it in memory; its turn's lease ends. If it cannot be written, nothing changes here either.

        Not stopped by a cancellation: half a run is never recorded, and memory never disagrees with the store about it.
        """
        try:
            with CancelScope(shield=True):
                await self._store.commit(draft, self._leases.holder(session.id))
        except BaseException:
            session.vault.give_back(draft.minted)
            raise
        self._leases.ended(session.id)
        session.wrote(draft)
        session.revision = self._store.revision()

    async def settle(self, session: Session) -> None:
        """Have a run in the history that a server left behind which was killed in it. Raises SessionNotFound."""
        if await self._leases.abandoned(session.id):
            with suppress(Busy):  # somebody else was faster
                async with session.turn():
                    pass

    async def cleanup(self) -> Cleaned:
        """Remove sessions that expired, and the oldest where there are too many bytes, of every owner. What is in use stays."""
        now = self._clock()
        busy = [session.info.last_used for session in self._alive.values() if session.busy]
        done = await self._retention.clean(self._store, now, min([now, *busy]))
        for session in self._alive.values():
            session.revision = None  # it may have been removed, and by ourselves: the store's revision does not tell
        return done

    @asynccontextmanager
    async def _lease(self, session: Session) -> AsyncGenerator[None]:
        """The session's lease, for a turn, and its face made true: another process may have gone on with it."""
        info = await self._leases.take(session.id)
        try:
            stored = None
            if info is not None and info.runs != session.info.runs:
                stored = await self._store.load(session.id)
                info = stored.info if stored else None
            if info is None:
                self._forget(session.id)
                raise self._not_found(session.id)
            if stored is not None:
                session.take(stored)
            else:
                session.info = info
            session.revision = self._store.revision()
            yield
        finally:
            await self._leases.give_back(session.id)

    async def _refresh(self, session: Session, *, holder: bool = True) -> None:
        """Bring a face up to date, or say that the session is gone.

        During a run the face belongs to the `holder` of the turn: others change nothing in it, and it does not expire.
        """
        known = session.info
        if session.revision is not None and session.revision == self._store.revision() and (session.busy or self._shows(known)):
            return
        info = await self._store.info(session.id)
        stored = None
        if info is not None and info.runs != known.runs:
            stored = await self._store.load(session.id)
            info = stored.info if stored else None
        if info is None or not (session.busy or self._shows(info)):
            self._forget(session.id)
            raise self._not_found(session.id)
        if session.info is known and (holder or not session.busy):
            if stored is not None:
                session.take(stored)
            else:
                session.info = info
            session.revision = self._store.revision()

    def _face(self, stored: StoredSession) -> Session:
        session = self._alive.get(stored.info.session_id)
        if session is None:
            session = Session(stored, self._waiting_limit, self._refresh, self._lease, self._vault_limits)
            self._alive[session.id] = session
        return self._keep(session)

    def _keep(self, session: Session) -> Session:
        self._recent[session.id] = session
        self._recent.move_to_end(session.id)
        while len(self._recent) > CACHED:
            self._recent.popitem(last=False)
        return session

    def _forget(self, session_id: str) -> None:
        self._alive.pop(session_id, None)
        self._recent.pop(session_id, None)

    def _shows(self, info: SessionInfo) -> bool:
        return info.owner == self._owner and self._clock() - info.last_used <= self._keep_seconds

    def _not_found(self, session_id: str) -> SessionNotFound:
        return SessionNotFound(
            f"there is no session {shown_id(session_id)} (sessions are kept {_period(self._keep_seconds)}).",
            hint="Leave session_id out to start one; session_history() lists yours.",
        )


def _period(seconds: float) -> str:
    lengths = {"day": 86_400, "hour": 3_600, "minute": 60}
    unit = next((unit for unit, length in lengths.items() if seconds >= length), "second")
    count = f"{seconds / lengths.get(unit, 1):.3g}"
    return f"{count} {unit}" if count == "1" else f"{count} {unit}s"
