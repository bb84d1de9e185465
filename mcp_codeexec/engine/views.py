"""Looking at one variable: in the session's living heap; where it has none, at what is kept of it, and the session stays suspended."""

from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from mcp_codeexec.errors import VariableNotFound, WorkerDied
from mcp_codeexec.model import Kept, Segment
from mcp_codeexec.ports import SessionStore
from mcp_codeexec.runtime.executor import DenoExecutor
from mcp_codeexec.runtime.worker import SessionWorker
from mcp_codeexec.sessions.session import Session

LAST = "_"
_AGAIN = "Define it again, from the code in session_history."


@dataclass(frozen=True, slots=True)
class View:
    """A process that can describe the variable, and how that is kept."""

    worker: SessionWorker
    kept: Kept


class Views:
    """Lives as long as the engine. The caller of a method has the session's turn."""

    def __init__(self, deno: DenoExecutor, store: SessionStore) -> None:
        self._deno = deno
        self._store = store

    def names(self, session: Session) -> Collection[str]:
        """The variables that there are to look at; the previous value is not among them."""
        live = self._deno.names(session.id, session.info.runs)
        return live if live is not None else [v.name for v in session.variables.values() if v.kept != "live_only"]

    @asynccontextmanager
    async def of(self, session: Session, name: str) -> AsyncGenerator[View]:
        """A view of one of `names`, or of the previous value. Raises VariableNotFound: it cannot be read."""
        if self._deno.names(session.id, session.info.runs) is None:
            async with self._kept(session, name) as view:
                yield view
            return
        async with self._deno.claim(session.id) as worker:
            row = session.variables.get(name) or next(iter(await worker.table([name])), None)
            yield View(worker, row.kept if row is not None else "live_only")

    @asynccontextmanager
    async def _kept(self, session: Session, name: str) -> AsyncGenerator[View]:
        """A view in a process of nobody's, which reads what is kept without evaluating any of it."""
        segment = await self._store.segment(session.id, name)
        if segment is None and name == LAST:
            raise VariableNotFound("the previous value is not kept.", hint="session_history has what was shown of it.")
        for _ in range(2 if segment is not None else 0):  # once may be an accident
            async with self._deno.reader() as worker:
                try:
                    is_read = segment is not None and await self._is_read(session, segment, worker)
                except WorkerDied:
                    continue
                if not is_read:
                    break
                yield View(worker, segment.kept if segment is not None else "exact")
                return
        raise VariableNotFound(f"what is kept of {name[:80]} cannot be read.", hint=_AGAIN)

    async def _is_read(self, session: Session, segment: Segment, worker: SessionWorker) -> bool:
        """Most variables stand alone. One that shares objects with others needs those before it: it refers to lower numbers only."""
        if segment.name in await worker.look([segment]):
            return True
        others = await self._store.segments(session.id)
        return segment.name in await worker.look([other for other in others if other.first < segment.first] + [segment])


def lost(name: str, why: str) -> VariableNotFound:
    """A variable that went with the session's process."""
    return VariableNotFound(f"{name} was lost with the session's process{f' ({why})' if why else ''}.", hint=_AGAIN)
