"""ResourceMonitor: what one run takes of its worker process, as the system tells it."""

import contextlib
import time

from mcp_codeexec.model import Usage

MB = 1_048_576


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


class ResourceMonitor:
    """Watches one worker process, run by run: `start`, then `stop` for the usage of the run."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status, self._clear = f"/proc/{pid}/status", f"/proc/{pid}/clear_refs"
        self._wall = 0.0
        self._cpu = 0.0

    def start(self) -> None:
        """A run begins."""
        self._wall = time.perf_counter()
        self._cpu = cpu_seconds(self._pid)
        with contextlib.suppress(OSError), open(self._clear, "wb", buffering=0) as file:
            file.write(b"5")  # resets the peak to what it has now

    def cpu_ms(self) -> float:
        """CPU time of the run so far."""
        return (cpu_seconds(self._pid) - self._cpu) * 1_000

    def stop(self) -> Usage:
        """The run ended."""
        wall = (time.perf_counter() - self._wall) * 1_000
        return Usage(wall_ms=round(wall), cpu_ms=max(0, round(self.cpu_ms())), peak_memory_mb=self._peak_mb())

    def _peak_mb(self) -> float:
        try:
            with open(self._status, "rb", buffering=0) as file:
                status = file.read()
        except OSError:
            return round(memory_mb(self._pid), 1)
        at = status.find(b"VmHWM:")
        return round(int(status[at + 6 :].split(None, 1)[0]) / 1_024, 1) if at >= 0 else 0.0
