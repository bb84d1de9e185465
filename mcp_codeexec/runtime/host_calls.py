"""Host calls of one run: the worker asks by name, a function of the host's answers.

The names, the number and the sizes are the host's to decide; nothing in a call is believed.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Generator, Mapping

import anyio

from mcp_codeexec.errors import CodeExecError
from mcp_codeexec.logs import event
from mcp_codeexec.model import Payload
from mcp_codeexec.ports import HostCall
from mcp_codeexec.runtime.frames import encode
from mcp_codeexec.runtime.process import DenoProcess
from mcp_codeexec.runtime.wire import Call

log = logging.getLogger(__name__)

AT_ONCE = 8  # open calls of a run; a worker keeps the others to itself: deno_host/host_calls.ts
_CLOSE_S = 1.0


class HostCalls:
    """Lives as long as one run. `start` answers in a task of its own; `close` cancels what is still open."""

    def __init__(
        self, process: DenoProcess, functions: Mapping[str, HostCall], limit: int, limit_s: float, on_wait: Callable[[bool], None]
    ) -> None:
        """`limit_s` bounds one call. `on_wait` is told when the run begins and ends to wait for one: its clock stands still then."""
        self._process = process
        self._functions = functions
        self._left = limit
        self._limit_s = limit_s
        self._on_wait = on_wait
        self._waited_for = 0
        self._open = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, call: Call, blob: bytes) -> bool:
        """Begin to answer; False when the run has used up its calls, or has more open than it may."""
        if self._left <= 0 or self._open >= AT_ONCE:
            return False
        self._left -= 1
        self._open += 1
        task = asyncio.get_running_loop().create_task(self._answer(call, blob))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    @property
    def running(self) -> bool:
        """Whether a call is still open."""
        return bool(self._tasks)

    async def close(self) -> None:
        """Cancel the calls that are still open; bounded."""
        self._left = 0
        self._on_wait = _nobody  # a call that will not end may do so during a later run
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            with anyio.CancelScope(shield=True):
                await asyncio.wait(tasks, timeout=_CLOSE_S)

    async def _answer(self, call: Call, blob: bytes) -> None:
        with self._waited() if "." not in call.name else contextlib.nullcontext():  # files are quick, and the run's own
            ok, message = await self._asked(call, blob)
        self._open -= 1
        self._process.write(message)
        with contextlib.suppress(asyncio.CancelledError):
            await self._process.flow()
        event(log, "host call", level=logging.DEBUG, ok=ok)

    @contextlib.contextmanager
    def _waited(self) -> Generator[None]:
        self._waited_for += 1
        if self._waited_for == 1:
            self._on_wait(True)
        try:
            yield
        finally:
            self._waited_for -= 1
            if self._waited_for == 0:
                self._on_wait(False)

    async def _asked(self, call: Call, blob: bytes) -> tuple[bool, bytes]:
        """Whether the function answered, and the frame that says so."""
        function = self._functions.get(call.name)
        error = f"there is no host function {call.name[:80]!r}"
        if function is not None:
            try:
                async with asyncio.timeout(self._limit_s):
                    reply = await function(Payload(call.data, blob))
                return True, encode({"op": "reply", "call": call.call, "ok": True, "data": reply.data}, reply.blob)
            except CodeExecError as exc:
                error = str(exc)
            except TimeoutError:
                error = f"the host function did not answer within {self._limit_s:g} s"
            except Exception:
                log.exception("host call failed")
                error = "the host function failed"
        return False, encode({"op": "reply", "call": call.call, "ok": False, "error": error})


def _nobody(waiting: bool) -> None:
    """Told of waits when the run is over."""
