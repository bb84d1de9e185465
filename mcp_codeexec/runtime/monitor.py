"""ResourceMonitor: what one run takes of its worker process, as the system tells it, and when that is too much."""

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass
from typing import Any, Literal

from mcp_codeexec.model import Usage

MB = 1_048_576
_LOOK_S = 0.01  # a process that dies of memory is not asked any more: how large it was is known from the last look


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far; 0 where it is gone. On Linux by its own clock (nanoseconds), elsewhere by psutil."""
    with contextlib.suppress(OSError, AttributeError):
        return time.clock_gettime((~pid << 3) | 2)  # the kernel's clock id of another process' CPU time
    import psutil  # noqa: PLC0415 - takes a hundredth of the start, and Linux does not need it for a run

    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def memory_mb(pid: int) -> float:
    """Memory of a process in MB; 0 where it is gone."""
    import psutil  # noqa: PLC0415 - as above

    try:
        return psutil.Process(pid).memory_info().rss / MB
    except psutil.Error:
        return 0.0


@dataclass(frozen=True, slots=True)
class ResourceViolation:
    """A limit that a run has gone beyond, where it is and how far the run was: milliseconds or MB."""

    kind: Literal["timeout", "memory"]
    limit: float
    value: float


class ResourceMonitor:
    """Watches one worker process, run by run: `start`, `check` now and then, `stop` for the usage of the run.

    The clock counts the run's own time: it stands still while the run waits for the host (`waits`) and its process uses no CPU.
    """

    def __init__(self, pid: int, polled_mb: float = 0) -> None:
        """`polled_mb` is the memory limit where the kernel does not hold it, else 0."""
        self._pid = pid
        self._polled_mb = polled_mb
        self._status, self._clear = f"/proc/{pid}/status", f"/proc/{pid}/clear_refs"
        self._limit_s = 0.0
        self._wall = 0.0
        self._cpu = 0.0
        self._files = 0
        self._ran_ms: float | None = None  # until it ended; then its variables are read for keeping
        self._seen_mb = 0.0  # the highest peak of the run so far
        self._idle = 0.0  # of waits for the host that are over
        self._waiting: tuple[float, float] | None = None  # wall and CPU at the beginning of one that is not

    def start(self, limit_s: float = float("inf")) -> None:
        """A run begins that may take so long of its own time."""
        self._limit_s = limit_s
        self._idle, self._waiting, self._seen_mb, self._ran_ms = 0.0, None, 0.0, None
        self._wall = time.perf_counter()
        self._cpu = cpu_seconds(self._pid)

    def look(self) -> None:
        """What takes long to ask, for a moment when nobody waits: open files; and the peak becomes what the process has now."""
        with contextlib.suppress(OSError):
            self._files = len(os.listdir(f"/proc/{self._pid}/fd"))
            with open(self._clear, "wb", buffering=0) as file:
                file.write(b"5")

    def waits(self, waiting: bool) -> None:
        """The run begins to wait for the host, or ends that."""
        self._idle = self._idle_s()
        self._waiting = (time.perf_counter(), cpu_seconds(self._pid)) if waiting else None

    def ended(self, more_s: float) -> None:
        """The run itself is over; what follows may take so long."""
        if self._ran_ms is None:
            self.waits(False)
            self._ran_ms = (time.perf_counter() - self._wall) * 1_000
            self._limit_s = self._ran_ms / 1_000 - self._idle + more_s

    def check(self) -> ResourceViolation | None:
        """The limit that the run has gone beyond by now, if any."""
        self._seen_mb = max(self._seen_mb, self._peak_mb())
        own = time.perf_counter() - self._wall - self._idle_s()
        if own >= self._limit_s:
            return ResourceViolation("timeout", self._limit_s * 1_000, own * 1_000)
        if self._polled_mb and (memory := memory_mb(self._pid)) > self._polled_mb:
            self._seen_mb = max(self._seen_mb, round(memory, 1))
            return ResourceViolation("memory", self._polled_mb, memory)
        return None

    async def until(self, done: "asyncio.Future[Any]") -> ResourceViolation | None:
        """The first limit that the run goes beyond; None when it is done, or its process gone, before."""
        loop = asyncio.get_running_loop()
        over: asyncio.Future[ResourceViolation | None] = loop.create_future()

        def look() -> None:
            nonlocal timer
            violation = self.check()
            if violation is None:
                timer = loop.call_later(self._next_look_s(), look)
            elif not over.done():
                over.set_result(violation)

        def end(_: object) -> None:
            if not over.done():
                over.set_result(None)

        timer = loop.call_later(self._next_look_s(), look)
        done.add_done_callback(end)
        try:
            return await over
        finally:
            timer.cancel()

    def _next_look_s(self) -> float:
        left = max(0.0, self._limit_s - (time.perf_counter() - self._wall - self._idle_s()))
        return _LOOK_S if self._waiting else min(left, _LOOK_S)

    def cpu_ms(self) -> float:
        """CPU time of the run so far."""
        return (cpu_seconds(self._pid) - self._cpu) * 1_000

    def stop(self) -> Usage:
        """The run ended."""
        wall = (time.perf_counter() - self._wall) * 1_000 if self._ran_ms is None else self._ran_ms
        return Usage(round(wall), max(0, round(self.cpu_ms())), max(self._peak_mb(), self._seen_mb), open_files=self._files)

    def _idle_s(self) -> float:
        if self._waiting is None:
            return self._idle
        wall, cpu = self._waiting
        return self._idle + max(0.0, time.perf_counter() - wall - (cpu_seconds(self._pid) - cpu))

    def _peak_mb(self) -> float:
        try:
            with open(self._status, "rb", buffering=0) as file:
                status = file.read()
        except OSError:
            return round(memory_mb(self._pid), 1)
        at = status.find(b"VmHWM:")
        return round(int(status[at + 6 :].split(None, 1)[0]) / 1_024, 1) if at >= 0 else 0.0
