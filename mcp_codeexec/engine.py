"""The engine: `CodeExecutor`, the pipeline of one call, and `Engine`, which builds and owns the parts (the Python API).

    async with Engine() as engine:
        out = await engine.execute("1 + 1")
        out.value  # 2
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from mcp_codeexec.answers import HistoryAnswer, Outcome, VariableAnswer
from mcp_codeexec.model import HostCall, Json, Stage
from mcp_codeexec.settings import Settings


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What `doctor` and metrics show: versions, layers of the sandbox, pool and queue figures. Plain JSON in `figures`."""

    deno_version: str
    deno_path: str
    layers: tuple[tuple[str, bool, str], ...]  # name, active, detail
    store: str
    figures: Mapping[str, Json]


class Engine:
    """Runs TypeScript in sessions. One per process; lives as long as its `async with`."""

    def __init__(self, settings: Settings | None = None, *, host_calls: Mapping[str, HostCall] | None = None) -> None:
        self.settings = settings or Settings.load()

    async def __aenter__(self) -> Self:
        """Start in the background: returns at once; the first call waits for what it needs."""
        raise NotImplementedError

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop runs, end workers, close the store; bounded to about a second."""
        raise NotImplementedError

    async def execute(
        self, code: str, session_id: str = "", timeout_ms: int = 0, *, on_stage: Callable[[Stage], None] | None = None
    ) -> Outcome:
        """Run `code` in a session (a new one without `session_id`). Raises NotRun, StoreUnavailable, RuntimeUnavailable."""
        raise NotImplementedError

    async def get_variable(
        self, session_id: str, name: str = "", path: str = "", offset: int = 0, limit: int = 0
    ) -> VariableAnswer:
        """The table of variables, or one value or a page of it. Raises SessionNotFound, VariableNotFound, BadArguments."""
        raise NotImplementedError

    async def session_history(
        self, session_id: str = "", run: int = 0, part: str = "", offset: int = 0, limit: int = 0, cursor: str = ""
    ) -> HistoryAnswer:
        """Sessions, runs, one run, or a page of a part of one. Raises SessionNotFound, RunNotFound, BadArguments."""
        raise NotImplementedError

    async def set_variable(self, session_id: str, name: str, value: Json) -> None:
        """Give a session a variable of plain JSON data."""
        raise NotImplementedError

    async def delete_session(self, session_id: str) -> None:
        """End a session and remove all that belongs to it. Raises SessionNotFound."""
        raise NotImplementedError

    async def status(self) -> EngineStatus:
        """Versions, layers and figures; waits until the runtime is up or known not to come up."""
        raise NotImplementedError
