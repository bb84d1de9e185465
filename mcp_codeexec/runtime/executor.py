"""DenoExecutor: which process runs which session, and how many run at once."""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from mcp_codeexec.errors import Busy, RuntimeUnavailable, WorkerDied
from mcp_codeexec.logs import event
from mcp_codeexec.model import Erased, Kind, RawRun, Segment, SyntaxFault
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.layers import Layer
from mcp_codeexec.runtime.pool import SETTLE_S, PoolStatus, WorkerPool
from mcp_codeexec.runtime.transpiler import Transpiler
from mcp_codeexec.runtime.worker import Job, SessionWorker
from mcp_codeexec.settings import Settings

log = logging.getLogger(__name__)

_MOST_RUNS = 10_000  # of one process
_WORN, _SMALL = 0.9, 4_194_304  # a process so near its limit is replaced where what it holds is small: the rest is garbage


@dataclass(frozen=True, slots=True)
class ExecutorMetrics:
    """Figures since start. `worker_utilization` is claimed workers that run something, as a part of the claimed ones."""

    active_workers: int
    live_sessions: int
    queued_executions: int
    total_executions: int
    average_latency_ms: float
    worker_utilization: float
    memory_usage_mb: float


class DenoExecutor:
    """Owns every Deno process. One process per live session; above the bound the least recently used is suspended."""

    def __init__(self, settings: Settings, launcher: Launcher | None = None) -> None:
        self._settings = settings
        self._launcher = launcher
        self._pool: WorkerPool | None = None
        self._transpiler: Transpiler | None = None
        self._background: list[asyncio.Task[None]] = []
        self._live: OrderedDict[str, SessionWorker] = OrderedDict()
        self._running: set[str] = set()
        self._places = asyncio.Semaphore(settings.concurrent_runs)
        self._queued = 0
        self._total = 0
        self._total_ms = 0.0

    async def initialize(self) -> None:
        """Have Deno and a first worker ready; the pool fills up, and the transpiler starts, in the background.

        Raises:
            RuntimeUnavailable: Deno is missing, too old, hangs or dies at start.
        """
        if self._launcher is None:
            self._launcher = Launcher(self._settings.worker_options)
        self._pool = WorkerPool(self._settings, self._launcher)
        self._transpiler = Transpiler(self._launcher, self._settings.worker_start_s)
        await self._pool.warmup()
        self._background = [asyncio.create_task(self._start_transpiler(self._transpiler)), asyncio.create_task(self._free_idle())]

    async def _start_transpiler(self, transpiler: Transpiler) -> None:
        """After a first call that may be waiting, and may well be plain JavaScript; one that needs it starts it by itself."""
        await asyncio.sleep(SETTLE_S)
        with contextlib.suppress(RuntimeUnavailable):  # the call that needs it will say so
            await transpiler.start()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The kernel layers of the sandbox, as probed."""
        return self._launcher.layers.report if self._launcher else ()

    @property
    def deno(self) -> tuple[str, str]:
        """Version and path of the Deno in use."""
        return (self._launcher.files.deno_version, str(self._launcher.deno)) if self._launcher else ("", "")

    def names(self, session_id: str, run: int) -> Mapping[str, Kind] | None:
        """What the session's heap holds; None where it has no living process, or one that has not seen the session's last run."""
        worker = self._live.get(session_id)
        return worker.names if worker is not None and worker.alive and worker.run_seen == run else None

    def saw(self, session_id: str, run: int) -> None:
        """The session's heap, if it has one, is as after that run."""
        worker = self._live.get(session_id)
        if worker is not None:
            worker.run_seen = run

    async def restore(
        self, session_id: str, run: int, segments: Sequence[Segment], kinds: Mapping[str, Kind], texts: Mapping[str, str]
    ) -> Mapping[str, Kind]:
        """A heap as after that run, in a process of its own: what it holds.

        Raises:
            RuntimeUnavailable: no worker can be had.
            WorkerDied: it did not survive reading them.
        """
        await self.suspend(session_id)
        async with self.claim(session_id) as worker:
            if segments:
                await worker.restore(segments, kinds, texts)
            worker.run_seen = run
            return worker.names

    async def erase(self, text: str) -> Erased | SyntaxFault:
        """JavaScript for TypeScript. Raises RuntimeUnavailable."""
        if self._transpiler is None:
            raise RuntimeUnavailable("The runtime is not started.")
        return await self._transpiler.erase(text)

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """One of the places for concurrent runs, in order of arrival. Raises Busy when too many wait."""
        if self._queued >= self._settings.waiting_runs:
            raise Busy(f"{self._queued} runs wait already.", hint="Try again in a moment.")
        self._queued += 1
        try:
            await self._places.acquire()
        finally:
            self._queued -= 1
        try:
            yield
        finally:
            self._places.release()

    @asynccontextmanager
    async def claim(self, session_id: str) -> AsyncGenerator[SessionWorker]:
        """The session's worker, made now if it has none; it is not suspended while claimed. Raises RuntimeUnavailable."""
        self._running.add(session_id)
        if self._pool is not None:
            self._pool.busy(True)
        try:
            yield await self._worker(session_id)
        finally:
            self._running.discard(session_id)
            if self._pool is not None and not self._running:
                self._pool.busy(False)

    @asynccontextmanager
    async def reader(self) -> AsyncGenerator[SessionWorker]:
        """A worker that no session has, to look at kept variables with; it ends with the block. Raises RuntimeUnavailable, Busy."""
        if self._pool is None:
            raise RuntimeUnavailable("The runtime is not started.")
        async with self.place():
            worker = await self._pool.acquire(self._settings.worker_start_s)
            try:
                yield worker
            finally:
                with anyio.CancelScope(shield=True):
                    await self._pool.release(worker)

    async def execute(self, session_id: str, job: Job) -> RawRun:
        """Run one program in the session's process. A cancelled caller must call `stop`.

        Raises:
            WorkerDied: the heap that the job counts on is gone; nothing ran.
        """
        async with self.claim(session_id) as worker:
            if job.known and not worker.names:
                raise WorkerDied("The session's process ended before the run began.")
            raw = await worker.run(job)
        await self._after(session_id, worker, raw)
        return raw

    async def stop(self, session_id: str, known: Mapping[str, Kind]) -> RawRun | None:
        """End the run whose caller was cancelled; None if it had not begun."""
        worker = self._live.get(session_id)
        if worker is None or not worker.running:
            return None
        raw = await worker.stop(known)
        await self._after(session_id, worker, raw)
        return raw

    async def suspend(self, session_id: str) -> None:
        """End the session's process; its heap is gone."""
        worker = self._live.pop(session_id, None)
        if worker is not None and self._pool is not None:
            await self._pool.release(worker)

    def get_metrics(self) -> ExecutorMetrics:
        """Figures for metrics and `doctor`."""
        pool = self.pool_status
        return ExecutorMetrics(
            active_workers=len(self._running),
            live_sessions=len(self._live),
            queued_executions=self._queued,
            total_executions=self._total,
            average_latency_ms=round(self._total_ms / self._total, 2) if self._total else 0.0,
            worker_utilization=round(len(self._running) / pool.busy, 2) if pool.busy else 0.0,
            memory_usage_mb=pool.memory_mb,
        )

    @property
    def pool_status(self) -> PoolStatus:
        """Workers of the pool."""
        return self._pool.get_status() if self._pool else PoolStatus(0, 0, 0, 0.0, 0.0)

    async def shutdown(self) -> None:
        """End every process; bounded."""
        with anyio.CancelScope(shield=True):
            self._live.clear()
            for task in self._background:
                task.cancel()
            if self._background:
                await asyncio.wait(self._background, timeout=1)  # one ends the process that it may have begun to start
            if self._pool is not None:
                await self._pool.shutdown()
            if self._transpiler is not None:
                await self._transpiler.close()
            if self._launcher is not None:
                self._launcher.close()

    async def _worker(self, session_id: str) -> SessionWorker:
        if self._pool is None:
            raise RuntimeUnavailable("The runtime is not started.")
        worker = self._live.get(session_id)
        if worker is not None and worker.alive:
            self._live.move_to_end(session_id)
            return worker
        await self.suspend(session_id)
        worker = self._live[session_id] = await self._pool.acquire(self._settings.worker_start_s)
        await self._make_room()
        return worker

    async def _make_room(self) -> None:
        """Suspend the least recently used sessions above the bound; one that runs is never suspended."""
        over = len(self._live) - self._settings.live_sessions
        for session_id in [s for s in self._live if s not in self._running][: max(0, over)]:
            event(log, "suspended", session=session_id, why="live_sessions")
            await self.suspend(session_id)

    async def _free_idle(self) -> None:
        """End processes that nobody has called for long, and that hold nothing that would go with them."""
        idle_s, loop = self._settings.session_idle_s, asyncio.get_running_loop()
        while True:
            await asyncio.sleep(idle_s / 4)
            for session_id, worker in list(self._live.items()):
                idle = session_id not in self._running and loop.time() - worker.touched > idle_s
                if idle and worker.replaceable:
                    event(log, "suspended", session=session_id, why="session_idle_s")
                    await self.suspend(session_id)

    async def _after(self, session_id: str, worker: SessionWorker, raw: RawRun) -> None:
        self._total += 1
        self._total_ms += raw.usage.wall_ms
        worn = worker.runs >= _MOST_RUNS or (
            raw.usage.peak_memory_mb > _WORN * self._settings.memory_mb and sum(worker.kept.values()) < _SMALL
        )
        if self._live.get(session_id) is worker and (not raw.heap_kept or (worn and worker.replaceable)):
            await self.suspend(session_id)
