"""Where and when something was measured, and how busy the machine was meanwhile."""

import os
import platform
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PRESSURE = Path("/proc/pressure/cpu")


class Watch:
    """From its making to `said`: one run of benchmarks on this machine."""

    def __init__(self) -> None:
        self._began, self._waited, self._load = time.monotonic(), _waited_s(), os.getloadavg()[0]

    def said(self, packages: Sequence[str]) -> str:
        """Machine, versions, date and load, as a paragraph."""
        took = time.monotonic() - self._began
        versions = ", ".join(f"{name} {version(name)}" for name in packages)
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        system = f"{platform.system()} {platform.release().partition('-')[0]} on {platform.machine()}"
        text = (
            f"{now}, in {took / 60:.1f} minutes, on {os.cpu_count()} processors ({_processor()}), {_memory_gb():.0f} GB, {system}, "
            f"Python {platform.python_version()}, {versions}. Load before the first measurement: {self._load:.1f}"
        )
        if PRESSURE.exists():
            share = (_waited_s() - self._waited) / took
            text += (
                f"; in {share:.0%} of the time something on the machine, the benchmarks themselves included, waited for a processor"
            )
        if self._load > 0.5 * (os.cpu_count() or 1):
            return f"{text}. **The machine was busy with other work: read ratios, not milliseconds.**"
        return f"{text}. The machine was quiet when it began."


def _waited_s() -> float:
    """Seconds in which some process waited for a processor, since the system started; 0 where it does not tell."""
    try:
        return int(PRESSURE.read_text().partition("total=")[2].split()[0]) / 1e6
    except (OSError, IndexError, ValueError):
        return 0.0


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1_073_741_824
