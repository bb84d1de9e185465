"""What a worker may become: nothing more than it is, and less than root; and how long it may live: no longer than its server."""

import ctypes
import os
import struct
from collections.abc import Callable
from functools import partial

from mcp_codeexec.runtime.layers.kernel import MACHINE, missing, prctl, system_call

_SET_PARENT_DEATH_SIGNAL, _SET_NO_NEW_PRIVS, _GET_NO_NEW_PRIVS = 1, 38, 39
_CAPABILITY_VERSION = 0x20080522
_KILL = 9  # SIGKILL, by number: the name is missing on Windows
_READ_AND_SEARCH = 1 << 2  # CAP_DAC_READ_SEARCH


def no_new_privileges() -> Callable[[], None]:
    """What makes exec grant nothing, for good, and drops root's capabilities.

    One is kept where the server has it: reading files whatever their mode, since root may run a Deno that lies in another user's
    folder. What may be read is Landlock's business.

    Raises:
        OSError: not on Linux, or too old a kernel.
    """
    prctl(_GET_NO_NEW_PRIVS)
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION, 0))
    held = ctypes.create_string_buffer(24)  # effective, permitted, inheritable, of capabilities 0-31 and again of 32-63
    system_call("capget", ctypes.addressof(header), ctypes.addressof(held))
    permitted: int = struct.unpack_from("=6I", held)[1]
    kept = permitted & _READ_AND_SEARCH
    left = ctypes.create_string_buffer(struct.pack("=6I", kept, kept, 0, 0, 0, 0))
    return partial(_drop, header, left)


def _drop(header: ctypes.Array[ctypes.c_char], left: ctypes.Array[ctypes.c_char]) -> None:
    prctl(_SET_NO_NEW_PRIVS, 1)
    system_call("capset", ctypes.addressof(header), ctypes.addressof(left))


def die_with_server() -> Callable[[], None]:
    """What has the kernel kill the worker when its server is gone.

    The kernel means the *thread* that forked: workers must be started from a thread that lives as long as they should.

    Raises:
        OSError: not on Linux.
    """
    if MACHINE is None:
        raise missing()
    return partial(_die_with, os.getpid())


def _die_with(server: int) -> None:
    prctl(_SET_PARENT_DEATH_SIGNAL, _KILL)
    if os.getppid() != server:  # it ended between fork and here, and the signal with it
        raise ProcessLookupError
