"""One session as this process sees it: its face in memory and its queue."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from anyio import Lock, WouldBlock

from mcp_codeexec.errors import Busy
from mcp_codeexec.model import RunDraft, SessionInfo, StoredFile, StoredSession, Variable
from mcp_codeexec.sessions.vault import SessionVault, VaultLimits

Refresh = Callable[["Session"], Awaitable[None]]
LeaseOf = Callable[["Session"], AbstractAsyncContextManager[None]]


class Session:
    """The in-memory face of one session; lives as long as somebody uses it. `SessionManager` makes it and keeps it true."""

    def __init__(self, stored: StoredSession, waiting_limit: int, refresh: Refresh, lease: LeaseOf, limits: VaultLimits) -> None:
        self.info: SessionInfo = stored.info
        self.variables: dict[str, Variable] = {variable.name: variable for variable in stored.variables}
        self.files: dict[str, StoredFile] = {file.name: file for file in stored.files}
        self.vault = SessionVault(stored.vault_key, stored.vault, limits)
        self.revision: int | None = None  # of the store, when this face was last known to be true
        self._waiting_limit = waiting_limit
        self._refresh = refresh
        self._lease = lease
        self._lock = Lock(fast_acquire=True)  # first come, first served, and it survives the cancellation of one who waits

    @property
    def id(self) -> str:
        return self.info.session_id

    @property
    def next_run(self) -> int:
        """The number that the next run will have."""
        return self.info.runs + 1

    @property
    def busy(self) -> bool:
        """Whether a run has its turn."""
        return self._lock.locked()

    @asynccontextmanager
    async def turn(self, *, reading: bool = False) -> AsyncGenerator[None]:
        """The right to run: one at a time, in order of arrival, and no other process meanwhile. What is known of the session is
        then true. `reading` is for what records no run: it does not wait for other processes, nor keep them off.

        Raises:
            Busy: as many calls wait already as may, or another process runs the session for too long.
            SessionNotFound: the session was deleted while this call waited.
            StoreUnavailable: that could not be seen.
        """
        await self._queue()
        try:
            if reading:
                await self._refresh(self)
                yield
            else:
                async with self._lease(self):
                    yield
        finally:
            self._lock.release()

    async def _queue(self) -> None:
        try:
            self._lock.acquire_nowait()
        except WouldBlock:
            waiting = self._lock.statistics().tasks_waiting
            if waiting >= self._waiting_limit:
                raise Busy(
                    f"{waiting} {'call waits' if waiting == 1 else 'calls wait'} already for this session; it runs one at a time.",
                    hint="Wait for an answer before you send more, or leave session_id out to work in another session.",
                ) from None
            await self._lock.acquire()

    def take(self, stored: StoredSession) -> None:
        """Become what the store has: another process went on with the session."""
        self.info = stored.info
        self.variables = {variable.name: variable for variable in stored.variables}
        self.files = {file.name: file for file in stored.files}
        self.vault.absorb(stored.vault)

    def wrote(self, draft: RunDraft) -> None:
        """Follow a run that is in the store now."""
        for name in draft.gone:
            self.variables.pop(name, None)
        self.variables.update((variable.name, variable) for variable in draft.variables)
        for file in draft.files:
            self.files.pop(file.name, None)
            if file.content is not None:
                self.files[file.name] = StoredFile(file.name, len(file.content), draft.record.run)
        self.info = replace(
            self.info,
            runs=draft.record.run,
            last_used=max(self.info.last_used, draft.record.at),
            variables=len(self.variables),
        )
