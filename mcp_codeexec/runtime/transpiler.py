"""The transpiler: TypeScript to JavaScript in one shared Deno process that runs no user code.

Stripping aborts its process on some deep sources, so it must not be a session's. Dead, or slower than a second, it is replaced.
"""

import logging

import anyio

from mcp_codeexec.errors import RuntimeUnavailable, WorkerDied
from mcp_codeexec.logs import event
from mcp_codeexec.model import Erased, SyntaxFault
from mcp_codeexec.runtime.frames import MB
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.process import DenoProcess

log = logging.getLogger(__name__)

_LIMIT_S = 1.0
_FRAME_MB = 16


class Transpiler:
    """Lives as long as the engine; its process is started at the first use or by `start`."""

    def __init__(self, launcher: Launcher, start_s: float) -> None:
        self._launcher = launcher
        self._start_s = start_s
        self._process: DenoProcess | None = None
        self._starting = anyio.Lock()
        self._alone = anyio.Lock()
        self._closed = False

    async def start(self) -> None:
        """Have a process. Raises RuntimeUnavailable."""
        await self._live()

    async def erase(self, text: str) -> Erased | SyntaxFault:
        """JavaScript for `text`, or why it does not parse. Raises RuntimeUnavailable."""
        data = text.encode(errors="replace")
        process = await self._live()
        try:
            return await self._ask(process, data)
        except WorkerDied:  # of this text, or of another that it was asked at the same time: the second try is alone
            event(log, "transpiler lost", level=logging.WARNING)
            await self._drop(process)
            async with self._alone:
                return await self._retry(data)

    async def _retry(self, data: bytes) -> Erased | SyntaxFault:
        process = await self._started()
        try:
            return await self._ask(process, data)
        except WorkerDied:
            return SyntaxFault("the program is nested too deeply, or too large, for the TypeScript parser", 0, 0)
        finally:
            await process.end()

    @staticmethod
    async def _ask(process: DenoProcess, data: bytes) -> Erased | SyntaxFault:
        header, blob = await process.request({"op": "erase"}, data, within_s=_LIMIT_S)
        if header.get("ok") is True:
            return Erased(blob.decode(errors="replace"), str(header.get("mappings", "")))
        line, column = header.get("line"), header.get("column")
        known = isinstance(line, int) and isinstance(column, int)
        return SyntaxFault(str(header.get("message")), int(line) if known else 0, int(column) if known else 0)  # pyright: ignore[reportArgumentType]

    async def close(self) -> None:
        """End the process; texts that are asked for later, or still, are refused."""
        self._closed = True
        if self._process is not None:
            await self._drop(self._process)

    async def _live(self) -> DenoProcess:
        async with self._starting:
            if self._process is None or not self._process.alive:
                if self._process is not None:
                    await self._process.end()
                self._process = await self._started()
            return self._process

    async def _started(self) -> DenoProcess:
        process = DenoProcess(self._launcher.transpiler(), frame_bytes=_FRAME_MB * MB, call_bytes=0)
        await process.open(self._start_s)
        if self._closed:
            await process.end()
            raise RuntimeUnavailable("The runtime is shut down.")
        return process

    async def _drop(self, process: DenoProcess) -> None:
        await process.end()
        if self._process is process:
            self._process = None
