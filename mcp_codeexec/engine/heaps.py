"""The heaps of sessions: live, or brought back from what was kept, in step with what is written."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import anyio

from mcp_codeexec.errors import StoreUnavailable, WorkerDied
from mcp_codeexec.language.classes import restorable
from mcp_codeexec.language.privates import TELL
from mcp_codeexec.logs import event
from mcp_codeexec.model import Kind, RunDraft, Segment
from mcp_codeexec.ports import SessionStore
from mcp_codeexec.runtime.executor import DenoExecutor
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.session import Session

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heap:
    """What a session's process holds. `restored`: it was brought back for this call, without the `lost` names."""

    names: Mapping[str, Kind]
    lost: tuple[str, ...] = ()
    restored: bool = False


class Heaps:
    """Lives as long as the engine. The caller of a method has the session's turn."""

    def __init__(self, deno: DenoExecutor, sessions: SessionManager, store: SessionStore) -> None:
        self._deno = deno
        self._sessions = sessions
        self._store = store

    async def of(self, session: Session) -> Heap:
        """The session's heap as after its last run: the live one, where no other process went on since; else it is brought back.

        Raises StoreUnavailable, RuntimeUnavailable.
        """
        names = self._deno.names(session.id, session.info.runs)
        if names is not None:
            return Heap(names)
        if not session.info.runs:
            return Heap({})
        segments = await self._store.segments(session.id)
        names = await self._brought_back(session, segments)
        lost = tuple(name for name in session.variables if name not in names)
        event(log, "restored", session=session.id, run=session.info.runs, variables=len(names), lost=len(lost))
        return Heap(names, lost, bool(session.variables))

    async def record(self, session: Session, draft: RunDraft) -> None:
        """Write what a run, or an act of the host's, leaves; a heap that is ahead of what is written ends. Raises StoreUnavailable."""
        try:
            await self._sessions.record(session, draft)
        except StoreUnavailable:
            await self._deno.suspend(session.id)
            raise
        self._deno.saw(session.id, session.info.runs)

    async def _brought_back(self, session: Session, segments: list[Segment]) -> Mapping[str, Kind]:
        kinds: dict[str, Kind] = {variable.name: variable.kind for variable in session.variables.values()}
        texts = await anyio.to_thread.run_sync(_texts, segments) if any(s.classes for s in segments) else {}
        for kept in (segments, segments, []):  # once may be an accident; twice, they cannot be read
            try:
                return await self._deno.restore(session.id, session.info.runs, kept, kinds, texts)
            except WorkerDied:
                event(log, "not restored", level=logging.WARNING, session=session.id)
        raise WorkerDied("No process could be made ready for the session.")


def _texts(segments: list[Segment]) -> dict[str, str]:
    """The texts that make classes again, by their sources."""
    sources = {source for segment in segments for source in segment.classes.values()}
    guarded = any(TELL in source for source in sources)
    made = ((source, restorable(source, guarded=guarded)) for source in sources)
    return {source: text for source, text in made if text is not None}
