"""Host calls of one run: the worker asks by name, a function of the host's answers.

The names, the number and the sizes are the host's to decide; nothing in a call is believed.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping

import anyio

from mcp_codeexec.errors import CodeExecError
from mcp_codeexec.logs import event
from mcp_codeexec.model import HostCall, Payload
from mcp_codeexec.runtime.process import DenoProcess
from mcp_codeexec.runtime.wire import Call

log = logging.getLogger(__name__)

_CLOSE_S = 1.0


class HostCalls:
    """Lives as long as one run. `start` answers in a task of its own; `close` cancels what is still open."""

    def __init__(self, process: DenoProcess, functions: Mapping[str, HostCall], limit: int) -> None:
        self._process = process
        self._functions = functions
        self._left = limit
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, call: Call, blob: bytes) -> bool:
        """Begin to answer; False when the run has used up its calls."""
        if self._left <= 0:
            return False
        self._left -= 1
        task = asyncio.get_running_loop().create_task(self._answer(call, blob))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def close(self) -> None:
        """Cancel the calls that are still open; bounded."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            with anyio.CancelScope(shield=True):
                await asyncio.wait(tasks, timeout=_CLOSE_S)

    async def _answer(self, call: Call, blob: bytes) -> None:
        function = self._functions.get(call.name)
        error = f"there is no host function {call.name[:80]!r}"
        reply: Payload | None = None
        if function is not None:
            try:
                reply = await function(Payload(call.data, blob))
            except CodeExecError as exc:
                error = str(exc)
            except Exception:
                log.exception("host call failed")
                error = "the host function failed"
        if reply is not None:
            self._process.send({"op": "reply", "call": call.call, "ok": True, "data": reply.data}, reply.blob)
        else:
            self._process.send({"op": "reply", "call": call.call, "ok": False, "error": error})
        with contextlib.suppress(asyncio.CancelledError):
            await self._process.flow()
        event(log, "host call", level=logging.DEBUG, ok=reply is not None)
