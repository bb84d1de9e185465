"""The door to the Linux kernel: raw system calls, by the names of `syscalls`.

These functions may run between fork and exec, in a process whose other threads are gone: they go straight down through a C library
handle that keeps the interpreter lock, and take no lock of ours.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

from mcp_codeexec.runtime.layers.syscalls import Machine, number


def _machine() -> Machine | None:
    if sys.platform != "linux" or struct.calcsize("P") != 8:
        return None
    name = platform.machine()
    return name if name in ("x86_64", "aarch64") else None


MACHINE = _machine()
"""Whose system calls this process makes; None on another system or processor, or in a 32-bit Python: no layer works there."""

_library = ctypes.PyDLL(None, use_errno=True) if MACHINE else None
if _library:
    _library.syscall.argtypes = [ctypes.c_long] * 7
    _library.syscall.restype = ctypes.c_long


def missing() -> OSError:
    """The error of a layer that cannot exist here."""
    return OSError(errno.ENOSYS, "it needs Linux on x86_64 or aarch64")


def system_call(name: str, *arguments: int) -> int:
    """Make a system call. Pointers are passed as addresses; the caller keeps what they point to alive.

    Raises:
        OSError: the kernel refused, or there is no such call here.
    """
    called = number(name, MACHINE) if MACHINE else None
    if _library is None or called is None:
        raise missing()
    result: int = _library.syscall(called, *arguments, *(0,) * (6 - len(arguments)))
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def prctl(option: int, argument: int = 0) -> int:
    """`prctl(2)` with one argument. Raises OSError when the kernel refuses."""
    return system_call("prctl", option, argument)
