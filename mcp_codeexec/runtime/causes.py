"""What a process died of, when we did not mean it to: out of memory is told from a crash."""

import re
from typing import Literal

from mcp_codeexec.runtime.process import Exit

_FATAL = re.compile(r"out of memory|memory allocation of|CodeRange|Zone|Worklist|OOM", re.IGNORECASE)
_FATAL_SIGNALS = {-4, -5, -6, -7, -11}  # ILL, TRAP, ABRT, BUS, SEGV: how V8, Rust and ICU die of memory, often without a word
_ABORTED = -6
_FULL = 0.75


def cause(exit_: Exit, memory_mb: int) -> tuple[Literal["crashed", "memory_limit"], str]:
    """The status of the run, and a sentence where it needs one. `memory_mb` is the limit that the process had."""
    if exit_.reason:
        return "crashed", "the session's process broke its protocol and was ended"
    silent = exit_.code == _ABORTED and not exit_.stderr  # Rust and ICU have no memory left to say so
    died_full = exit_.code in _FATAL_SIGNALS and exit_.peak_mb > _FULL * memory_mb
    if silent or died_full or _FATAL.search(exit_.stderr):
        return "memory_limit", ""
    if exit_.code in (-9, -15):
        return "crashed", f"the session's process was ended from outside (signal {-exit_.code})"
    if exit_.code is not None and exit_.code < 0:
        return "crashed", f"the session's process crashed (signal {-exit_.code})"
    return "crashed", f"the session's process ended by itself (exit code {exit_.code})"
