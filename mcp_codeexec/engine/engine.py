"""Engine: builds and owns the parts, and is the Python API.

async with Engine() as engine:
    out = await engine.execute("1 + 1")
    out.value  # 2
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Self

import anyio

from mcp_codeexec.answers import HistoryAnswer, Outcome, VariableAnswer
from mcp_codeexec.engine.executor import CodeExecutor
from mcp_codeexec.engine.export import Format, markdown, notebook
from mcp_codeexec.engine.files import Files
from mcp_codeexec.engine.heaps import Heaps
from mcp_codeexec.engine.history import History
from mcp_codeexec.engine.replay import Replay, Replayed, ReplayedRun
from mcp_codeexec.engine.variables import Variables
from mcp_codeexec.engine.views import Views
from mcp_codeexec.errors import BadArguments, CodeExecError
from mcp_codeexec.filtering import FilterPipeline, revealed_tree
from mcp_codeexec.logs import event
from mcp_codeexec.model import Json, Stage, StoredFile
from mcp_codeexec.ports import HostCall
from mcp_codeexec.runtime.executor import DenoExecutor
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.sessions.inputs import OfferedFiles
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.session import Session
from mcp_codeexec.sessions.store import SqliteStore
from mcp_codeexec.settings import Settings

log = logging.getLogger(__name__)

_CLEANUP_S = 3_600.0
_CLOSE_S = 3.0
MOST = 2**31 - 1  # of any count or offset; what is larger would only be lost on its way to a worker


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What `doctor` and metrics show: versions, layers of the sandbox, pool and queue figures. Plain JSON in `figures`."""

    deno_version: str
    deno_path: str
    layers: tuple[tuple[str, bool, str], ...]  # name, active, detail
    store: str
    figures: Mapping[str, Json]


class Engine:
    """Runs TypeScript in sessions. Lives as long as its `async with`; may be entered again after it was left.

    Enter it in a thread that lives as long as the engine, best the main one: on Linux its workers end with that thread.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        host_calls: Mapping[str, HostCall] | None = None,
        launcher: Launcher | None = None,
        filters: FilterPipeline | None = None,
    ) -> None:
        """`host_calls` is what code may ask of the host, as `await host.NAME(data)`. `launcher` has processes started early, and
        `filters` may be loading already: both only to start sooner."""
        self.settings = settings or Settings.load()
        self._host_calls = dict(host_calls or {})
        self._launcher = launcher
        self._filters = filters or FilterPipeline(self.settings.filter_options)

    async def __aenter__(self) -> Self:
        """Start in the background: returns at once; the first call waits for what it needs."""
        settings = self.settings
        self._store = SqliteStore.of(settings)
        self._sessions = SessionManager.of(settings, self._store)
        launcher, self._launcher = self._launcher, None
        self._deno = DenoExecutor(settings, launcher)
        heaps = Heaps(self._deno, self._sessions, self._store)
        self._files = Files(heaps, self._store, OfferedFiles.of(settings), settings.workspace_bytes, self._filters)
        self._executor = CodeExecutor(settings, self._deno, heaps, self._files, self._filters, self._host_calls)
        self._variables = Variables(
            settings, self._deno, heaps, Views(self._deno, self._store), self._store, self._files, self._filters
        )
        self._history = History(settings, self._sessions, self._store)
        self._replay = Replay(settings, self._sessions, heaps, self._store, self._history, self._executor, self._filters)
        self._runtime: asyncio.Task[None] = asyncio.create_task(self._deno.initialize())
        self._opened: asyncio.Task[None] = asyncio.create_task(self._store.open())
        self._background = [asyncio.create_task(self._load_filters()), asyncio.create_task(self._clean_up())]
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop runs, end workers, close the store; bounded."""
        tasks = [self._runtime, self._opened, *self._background]
        with anyio.CancelScope(shield=True), anyio.move_on_after(_CLOSE_S):
            for task in (self._runtime, *self._background):
                task.cancel()
            await asyncio.wait(tasks, timeout=1)
            for task in tasks:
                if task.done() and not task.cancelled():
                    task.exception()  # seen: a call that needed it has raised it
            await self._deno.shutdown()
            await self._store.close()

    async def execute(
        self, code: str, session_id: str = "", timeout_ms: int = 0, *, on_stage: Callable[[Stage], None] | None = None
    ) -> Outcome:
        """Run `code` in a session, a new one without `session_id`; `timeout_ms` 0 is the setting's default.

        Raises:
            BadArguments, SessionNotFound, Busy: nothing ran.
            RuntimeUnavailable: no worker can be had; nothing ran.
            StoreUnavailable: the database cannot be used; the run, if there was one, is not kept.
        """
        limit = self.settings.max_timeout_ms
        if not 0 <= timeout_ms <= limit:
            raise BadArguments(f"timeout_ms is {timeout_ms}; it can be 1 to {limit}.")
        await self._started()
        session = await (self._sessions.get(session_id) if session_id else self._sessions.create())
        return await self._executor.execute(session, code, timeout_ms or self.settings.timeout_ms, on_stage)

    async def create_session(self, metadata: Mapping[str, Json] | None = None) -> str:
        """A new, empty session; its id. `metadata` is the embedder's own. Raises BadArguments, StoreUnavailable."""
        await self._open()
        return (await self._sessions.create(metadata)).id

    async def get_variable(
        self, session_id: str, name: str = "", path: str = "", offset: int = 0, limit: int = 0
    ) -> VariableAnswer:
        """The table of variables, or one value or a page of it. Raises SessionNotFound, VariableNotFound, BadArguments."""
        _not_negative(offset=offset, limit=limit)
        session = await self._session(session_id)
        await self._started()
        if not name:
            return await self._variables.table(session, offset, limit)
        return await self._variables.value(session, name, path, offset, limit)

    async def session_history(
        self,
        session_id: str = "",
        run: int = 0,
        part: str = "",
        offset: int = 0,
        limit: int = 0,
        cursor: str = "",
        *,
        status: str = "",
    ) -> HistoryAnswer:
        """Sessions, runs (of one `status` if it is given), one run, or a page of a part of one.

        Raises SessionNotFound, RunNotFound, BadArguments.
        """
        _not_negative(run=run, offset=offset, limit=limit)
        await self._open()
        if not session_id:
            if run or part or status:
                raise BadArguments("run, part and status need a session_id.")
            return await self._history.sessions(limit, cursor)
        session = await self._settled(session_id)
        if part and not run:
            raise BadArguments("part needs a run.")
        if part:
            return await self._history.part(session, run, part, offset, limit)
        return await (self._history.run(session, run) if run else self._history.runs(session, limit, cursor, status))

    async def export(self, session_id: str, form: Format = "ipynb") -> str:
        """The session's history as the text of a Jupyter notebook or of a Markdown file. Raises SessionNotFound, BadArguments."""
        records = [record async for record in self._history.records(await self._settled(session_id))]
        return await anyio.to_thread.run_sync(notebook if form == "ipynb" else markdown, session_id, records)

    async def reveal(self, session_id: str, told: Json) -> Json:
        """What was told of a session, a text or a tree of them, with the values behind its tokens: for a person, never for a model.

        Redactions have no way back. Raises SessionNotFound.
        """
        return revealed_tree(told, (await self._session(session_id)).vault)

    async def replay(self, session_id: str, *, on_run: Callable[[ReplayedRun], None] | None = None) -> Replayed:
        """Run the session's history again in a new session, and say what came out otherwise. Raises what `execute` raises."""
        session = await self._settled(session_id)
        await self._started()
        return await self._replay.replay(session, on_run)

    async def set_variable(self, session_id: str, name: str, value: Json) -> None:
        """Give a session a variable of plain JSON data. Raises SessionNotFound, BadArguments."""
        session = await self._session(session_id)
        await self._started()
        await self._variables.set(session, name, value)

    async def write_file(self, session_id: str, name: str, content: bytes | str) -> None:
        """Give a session a file. Raises SessionNotFound, FileRefused: its name or size will not do."""
        data = content.encode() if isinstance(content, str) else content
        await self._files.write(await self._session(session_id), name, data)

    async def read_file(self, session_id: str, name: str) -> bytes:
        """A file's content. Raises SessionNotFound, FileRefused: there is none of that name."""
        return await self._files.read(await self._session(session_id), name)

    async def files(self, session_id: str) -> tuple[StoredFile, ...]:
        """The session's files, by name. Raises SessionNotFound."""
        return self._files.of(await self._session(session_id))

    async def offered_files(self) -> list[str]:
        """Names of the operator's files, filtered: what may be said of them before there is a session. Raises Withheld."""
        return await self._files.offered()

    async def remove_file(self, session_id: str, name: str) -> bool:
        """Take a file away; False if there was none. Raises SessionNotFound, FileRefused."""
        return await self._files.remove(await self._session(session_id), name)

    async def delete_session(self, session_id: str) -> None:
        """End a session and remove all that belongs to it. Raises SessionNotFound."""
        session = await self._session(session_id)
        async with session.turn():
            await self._deno.suspend(session.id)
            await self._sessions.delete(session.id)

    async def status(self) -> EngineStatus:
        """Versions, layers and figures; waits until the runtime is up or known not to come up."""
        await asyncio.wait([self._runtime])
        version, path = self._deno.deno
        figures: dict[str, Json] = {
            "executor": asdict(self._deno.get_metrics()),
            "pool": asdict(self._deno.pool_status),
            "calls": dict(Counter(call.stage for call in self._executor.active.values())),
        }
        store = "in memory" if self._store.path is None else str(self._store.path)
        return EngineStatus(version, path, tuple((x.name, x.active, x.detail) for x in self._deno.layers), store, figures)

    async def _session(self, session_id: str) -> Session:
        await self._open()
        return await self._sessions.get(session_id)

    async def _settled(self, session_id: str) -> Session:
        """A session whose history is to be read: also that of a server which was killed."""
        session = await self._session(session_id)
        await self._sessions.settle(session)
        return session

    async def _open(self) -> None:
        await asyncio.shield(self._opened)

    async def _started(self) -> None:
        """Wait for store and runtime; a runtime that failed is tried again."""
        await self._open()
        if self._runtime.done() and (self._runtime.cancelled() or self._runtime.exception() is not None):
            self._runtime = asyncio.create_task(self._deno.initialize())
        await asyncio.shield(self._runtime)

    async def _load_filters(self) -> None:
        with contextlib.suppress(Exception):  # the first answer tries again, and is withheld if it still fails
            await anyio.to_thread.run_sync(self._filters.load)

    async def _clean_up(self) -> None:
        """Remove sessions that expired or are too many, now and every hour."""
        while True:
            with contextlib.suppress(CodeExecError):
                await self._open()
                done = await self._sessions.cleanup()
                level = logging.WARNING if done.for_room else logging.DEBUG
                event(log, "cleaned up", level=level, **asdict(done))
            await asyncio.sleep(_CLEANUP_S)


def _not_negative(**numbers: int) -> None:
    for name, value in numbers.items():
        if not 0 <= value <= MOST:
            raise BadArguments(f"{name} is {value}; it can be 0 to {MOST}." if abs(value) < 10**18 else f"{name} is far too large.")
