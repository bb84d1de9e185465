"""Resource limits: those a worker takes upon itself, and the memory limit that it gets from outside once it is warm."""

import ctypes
import errno
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mcp_codeexec.errors import RuntimeUnavailable, WorkerDied
from mcp_codeexec.runtime.layers.kernel import system_call

_FILE_SIZE, _DATA, _CORE, _OPEN_FILES = 1, 2, 4, 7  # RLIMIT_*, the same on both machines
_CLOSE_ON_EXEC = 4  # CLOSE_RANGE_CLOEXEC
_LAST_DESCRIPTOR = 2**32 - 1
_RESERVE_KB = 3 * 1024  # what becomes resident later without being private memory, such as pages of ICU: measured


def starting_limits(open_files: int) -> Callable[[], None]:
    """What sets a worker's limits in the child: no core dump, no file grown by a byte, `open_files` descriptors, none inherited.

    Raises:
        OSError: not on this system.
    """
    most = _hard_limit(_OPEN_FILES)
    return partial(_set_limits, [(_CORE, _pair(0)), (_FILE_SIZE, _pair(0)), (_OPEN_FILES, _pair(min(open_files, most)))])


def _set_limits(limits: list[tuple[int, ctypes.Array[ctypes.c_char]]]) -> None:
    _inherit_nothing()
    for kind, pair in limits:
        system_call("prlimit64", 0, kind, ctypes.addressof(pair))


def _inherit_nothing() -> None:
    """Have exec close every descriptor above stderr.

    `subprocess` does so too, but on some builds of Python only up to the limit of open files, which is about to be lowered.
    """
    try:
        system_call("close_range", 3, _LAST_DESCRIPTOR, _CLOSE_ON_EXEC)
    except OSError as exc:
        if exc.errno not in (errno.ENOSYS, errno.EINVAL):  # Linux before 5.11
            raise


def probe_memory_limit() -> None:
    """Raises OSError where a process cannot be limited from outside."""
    _hard_limit(_DATA)


def limit_memory(pid: int, memory_mb: int) -> None:
    """Let process `pid` grow until `memory_mb` MB of it are resident, and no further.

    The kernel counts private writable memory when it is mapped, not when it is used, and V8 maps 512 MB ahead for its code. So the
    limit is what the process has mapped now, plus the room that it still has in resident memory.

    Raises:
        WorkerDied: there is no such process any more.
        RuntimeUnavailable: it takes all of `memory_mb` already, or may not be limited.
    """
    mapped_kb, resident_kb = _memory_kb(pid)
    room_kb = memory_mb * 1024 - resident_kb - _RESERVE_KB
    if room_kb <= 0:
        raise RuntimeUnavailable(
            f"a worker takes {resident_kb / 1024:.0f} MB before it runs anything, of {memory_mb} MB allowed",
            hint="raise memory_mb",
        )
    pair = _pair((mapped_kb + room_kb) * 1024)
    try:
        system_call("prlimit64", pid, _DATA, ctypes.addressof(pair))
    except ProcessLookupError:
        raise _gone() from None
    except OSError as exc:
        raise RuntimeUnavailable(f"a worker's memory cannot be limited: {exc.strerror}") from None


def _memory_kb(pid: int) -> tuple[int, int]:
    """Private writable memory mapped, and memory resident."""
    try:
        fields = dict(line.split(b":", 1) for line in Path(f"/proc/{pid}/status").read_bytes().splitlines())
        return int(fields[b"VmData"].split()[0]), int(fields[b"VmRSS"].split()[0])
    except (FileNotFoundError, ProcessLookupError, KeyError):  # a zombie has a status without memory
        raise _gone() from None


def _gone() -> WorkerDied:
    return WorkerDied("a worker ended before its memory was limited")


def _pair(limit: int) -> ctypes.Array[ctypes.c_char]:
    """A `struct rlimit64` whose soft and hard limit are the same."""
    return ctypes.create_string_buffer(struct.pack("=QQ", limit, limit))


def _hard_limit(kind: int) -> int:
    pair = _pair(0)
    system_call("prlimit64", 0, kind, 0, ctypes.addressof(pair))
    hard: int = struct.unpack_from("=QQ", pair)[1]
    return hard
