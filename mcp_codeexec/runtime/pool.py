"""WorkerPool: blank workers, warm before they are needed. A worker is claimed by one session and never comes back."""

import asyncio
import logging
import math
import time
from collections import deque
from dataclasses import dataclass

import anyio

from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.logs import event
from mcp_codeexec.runtime.frames import MB
from mcp_codeexec.runtime.launcher import KB, Launcher
from mcp_codeexec.runtime.monitor import memory_mb
from mcp_codeexec.runtime.process import DenoProcess
from mcp_codeexec.runtime.worker import SessionWorker
from mcp_codeexec.settings import Settings

log = logging.getLogger(__name__)

FIRST = 2  # workers made ready before anything else
SETTLE_S = 0.1  # forking takes milliseconds from a first call that may be waiting: it goes first
_STALE_S = 30.0  # a spare that was silent so long is asked whether it lives
_BACKOFF_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """Workers of the pool: `total` = `available` spares + `busy` claimed. `average_age_s` and `memory_mb` are over all of them."""

    total: int
    available: int
    busy: int
    average_age_s: float
    memory_mb: float


class WorkerPool:
    """Lives as long as the executor. Two workers are made at once, the rest after the first claim, while nothing runs; idle spares retire
    to two."""

    def __init__(self, settings: Settings, launcher: Launcher) -> None:
        self._settings = settings
        self._launcher = launcher
        self._spares: deque[SessionWorker] = deque()
        self._busy: set[SessionWorker] = set()
        self._starting = 0
        self._waiting = 0
        self._failures = 0
        self._failed_at = 0.0
        self._claimed_at = -math.inf
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._wanted = asyncio.Event()
        self._change = asyncio.Event()  # set, and replaced, when a worker was made or could not be
        self._last_error: RuntimeUnavailable | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False

    async def warmup(self) -> None:
        """Make a first worker ready and keep the pool filled in the background. Raises RuntimeUnavailable if none can be had."""
        if len(self._spares) + len(self._busy) == 0:
            await self._start()
        self._keeper = asyncio.create_task(self._keep())

    def busy(self, running: bool) -> None:
        """Told by the executor: spares are made while nothing runs."""
        if running:
            self._quiet.clear()
        else:
            self._quiet.set()

    async def acquire(self, timeout_s: float) -> SessionWorker:
        """A warm worker, the caller's from now on; made now if there is none.

        Raises:
            RuntimeUnavailable: no worker can be had within `timeout_s` seconds, or Deno does not start.
        """
        self._claimed_at = time.monotonic()
        self._waiting += 1
        try:
            with anyio.move_on_after(timeout_s):
                while not self._closed:
                    try:
                        worker = await self._take()
                    except RuntimeUnavailable:
                        if self._failures > 1 or self._closed:
                            raise
                        continue  # once may be an accident: somebody killed it
                    if worker is not None:
                        self._busy.add(worker)
                        self._wanted.set()
                        return worker
        finally:
            self._waiting -= 1
        raise RuntimeUnavailable(
            f"No worker became ready within {timeout_s:g} s.", hint="Try again; `mcp-codeexec doctor` says more."
        )

    async def release(self, worker: SessionWorker) -> None:
        """The session is over: the worker is killed and reaped."""
        self._busy.discard(worker)
        await worker.process.end()

    def get_status(self) -> PoolStatus:
        """Figures for metrics and `doctor`."""
        workers, now = [*self._spares, *self._busy], asyncio.get_running_loop().time()
        age = sum(now - w.born for w in workers) / len(workers) if workers else 0.0
        memory = sum(memory_mb(w.process.pid) for w in workers)
        return PoolStatus(len(workers), len(self._spares), len(self._busy), round(age, 1), round(memory, 1))

    async def shutdown(self) -> None:
        """End every worker, spare and claimed."""
        self._closed = True
        self._notify()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper], timeout=1)
        workers = [*self._spares, *self._busy]
        self._spares.clear()
        self._busy.clear()
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            await worker.process.end()

    async def _take(self) -> SessionWorker | None:
        """The next good spare; else a new worker, or one that is being made; None to look again."""
        while self._spares:
            worker = self._spares.popleft()
            stale = asyncio.get_running_loop().time() - worker.touched > _STALE_S
            good = False
            try:
                good = worker.alive and (not stale or await worker.ping())
            finally:
                if not good:  # or the caller went away meanwhile
                    await worker.process.end()
            if good:
                return worker
        if self._starting >= self._waiting:
            await self._change.wait()
            if not self._spares and self._last_error is not None:
                raise self._last_error
            return None
        await self._start()
        return None

    async def _start(self) -> None:
        """Make one spare: start, warm, limit. Raises RuntimeUnavailable; failures in a row make the next wait."""
        wait = _BACKOFF_S[min(self._failures, len(_BACKOFF_S)) - 1] - (time.monotonic() - self._failed_at) if self._failures else 0
        self._starting += 1
        try:
            if wait > 0:
                await asyncio.sleep(wait)
            began = time.perf_counter()
            worker = await self._made()
            if self._closed:
                await worker.process.end()
                raise RuntimeUnavailable("The runtime is shut down.")
            self._spares.append(worker)
            self._failures, self._last_error = 0, None
            event(log, "worker ready", ms=round((time.perf_counter() - began) * 1_000, 1), spares=len(self._spares))
        except RuntimeUnavailable as exc:
            self._failures += 1
            self._failed_at = time.monotonic()
            self._last_error = exc
            raise
        finally:
            self._starting -= 1
            self._notify()

    def _notify(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def _made(self) -> SessionWorker:
        settings = self._settings
        process = DenoProcess(self._launcher.session(), frame_bytes=settings.frame_mb * MB, call_bytes=settings.host_frame_mb * MB)
        await process.open(settings.worker_start_s)
        worker = SessionWorker(
            process,
            console_chars=(settings.console_head_kb + settings.console_tail_kb) * KB,
            host_calls=settings.host_calls,
            host_call_s=settings.host_call_s,
            memory_mb=settings.memory_mb,
            polled=not self._launcher.layers.limits_memory,
            deno=self._launcher.files.deno_version,
        )
        try:
            await worker.warm(settings.worker_start_s)
            self._launcher.layers.limit_memory(process.pid)
        except BaseException:
            await process.end()
            raise
        return worker

    async def _keep(self) -> None:
        """Fill up one by one while nothing runs, to two until somebody claims one; retire what nobody has claimed for long."""
        await asyncio.sleep(SETTLE_S)
        while True:
            idle = time.monotonic() - self._claimed_at > self._settings.spare_idle_s
            target = min(FIRST, self._settings.spare_workers) if idle else self._settings.spare_workers
            if len(self._spares) > target:
                await self._spares.pop().process.end()
                continue
            if len(self._spares) + self._starting >= target:
                self._wanted.clear()
                with anyio.move_on_after(self._settings.spare_idle_s / 4):
                    await self._wanted.wait()
                continue
            await self._quiet.wait()
            try:
                await self._start()
            except RuntimeUnavailable as exc:
                event(log, "no worker", level=logging.WARNING, failures=self._failures, why=type(exc).__name__)
