"""The files of sessions: for a run, and for the host, who may put them in and take them out."""

import json
from typing import cast

from mcp_codeexec.engine.heaps import Heaps
from mcp_codeexec.engine.record import act
from mcp_codeexec.filtering import FilterPipeline, NoTokens
from mcp_codeexec.model import Json, RunDraft, StoredFile
from mcp_codeexec.ports import SessionStore
from mcp_codeexec.sessions.inputs import OfferedFiles
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.sessions.workspace import Workspace


class Files:
    """Lives as long as the engine. `limit` is bytes of content for a session."""

    def __init__(self, heaps: Heaps, store: SessionStore, inputs: OfferedFiles, limit: int, filters: FilterPipeline) -> None:
        self._heaps = heaps
        self._store = store
        self._inputs = inputs
        self._limit = limit
        self._filters = filters

    def workspace(self, session: Session) -> Workspace:
        """The files as one run of the session sees and changes them; the caller has the session's turn."""
        return Workspace(
            {file.name: file.size for file in session.files.values()},
            lambda name: self._store.file(session.id, name),
            self._limit,
            self._inputs,
        )

    def table(self, session: Session) -> list[Json]:
        """Name and bytes of every file that the session's code can read."""
        return self.workspace(session).listed()

    async def offered(self) -> list[str]:
        """Names of the operator's files, as they may be read outside of any session. Raises Withheld."""
        cleaned = await self._filters.clean(list(self._inputs.sizes), NoTokens())
        return cast("list[str]", cleaned.tree)

    def of(self, session: Session) -> tuple[StoredFile, ...]:
        """The session's own files, by name."""
        return tuple(sorted(session.files.values(), key=lambda file: file.name))

    async def read(self, session: Session, name: str) -> bytes:
        """Raises FileRefused."""
        async with session.turn(reading=True):
            return await self.workspace(session).read(name)

    async def write(self, session: Session, name: str, content: bytes) -> None:
        """Put a file in, as a run of its own. Raises FileRefused."""
        async with session.turn():
            workspace = self.workspace(session)
            workspace.write(name, content)
            code = f"await files.write({json.dumps(name, ensure_ascii=False)}, …)  // {len(content)} bytes, by the host"
            await self._record(session, code, workspace)

    async def remove(self, session: Session, name: str) -> bool:
        """Take a file away, as a run of its own; False if there was none. Raises FileRefused."""
        async with session.turn():
            workspace = self.workspace(session)
            if not workspace.remove(name):
                return False
            code = f"await files.remove({json.dumps(name, ensure_ascii=False)})  // by the host"
            await self._record(session, code, workspace)
            return True

    async def _record(self, session: Session, code: str, workspace: Workspace) -> None:
        record = await act(session, code, self._filters)
        await self._heaps.record(session, RunDraft(record, minted=session.vault.minted(), files=workspace.changes))
