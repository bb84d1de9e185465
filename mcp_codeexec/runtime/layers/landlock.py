"""Landlock: which files a worker can open, and that it reaches no port, no signal and no abstract socket of others.

A ruleset is built once, in the server, and every worker takes it upon itself between fork and exec. So it may name nothing that
differs from worker to worker: in particular not /proc/self, which the server would resolve to *its own* folder and so open that to
every worker. Deno runs without it; it only does not know its own resident memory then.

Deno's TypeScript parser is the exception: before its first larger text it asks for the size of the first thread's stack, which is read
from /proc/self/maps, and panics without an answer. A process that parses adds that one file in the child, to a ruleset that only its own
kind shares. The rule is about the file, not its name: it dies with the process, and does not hold for a later one of the same id.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Sequence
from pathlib import Path

from mcp_codeexec.runtime.layers.kernel import MACHINE, missing, system_call

_CREATE_RULESET_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3

_WHY_MISSING = {
    errno.ENOSYS: "this kernel has no Landlock (Linux 5.13 and newer have)",
    errno.EOPNOTSUPP: "Landlock is switched off at boot (lsm=)",
}

# Rights by the ABI that brought them. What a ruleset handles is refused wherever no rule allows it.
_FILE_RIGHTS = (
    (1, (1 << 13) - 1),  # execute, read, write, list, remove and make files of every kind
    (2, 1 << 13),  # link and rename into another folder
    (3, 1 << 14),  # truncate
    (5, 1 << 15),  # ioctl on devices
    (9, 1 << 16),  # connect to a socket by its path
)
_PORT_RIGHTS = (
    (4, 0b0011),  # TCP: bind, connect
    (10, 0b1100),  # UDP: bind, connect and send
)
_SCOPES = ((6, 0b11),)  # abstract sockets and signals, of processes outside
_NEWEST_ABI = 10

# The loader is run by the kernel for Deno's sake, so it alone needs the right to execute besides Deno; libraries are only read.
_LOADER = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_READ_BY_DENO = (
    "/etc/ld.so.cache",
    "/dev/urandom",
    "/usr/share/zoneinfo",
    "/proc/meminfo",  # sizes V8's heap
    "/sys/devices/system/cpu",  # sizes V8's thread pool
)


class Ruleset:
    """A ruleset in the kernel, held by a file descriptor until `close`. `abi` is the newest one that both sides know."""

    def __init__(self, *, program: Path, readable: Sequence[Path], own_maps: bool = False) -> None:
        """Allow `program` to be executed, and it and `readable` (files, or folders with all below) to be read; nothing else.

        `own_maps` allows a process that takes the rules on to read its own /proc/self/maps.

        Raises:
            OSError: this kernel has no Landlock or has it switched off, or a path cannot be opened. Missing paths are left out.
        """
        if MACHINE is None:
            raise missing()
        self._own_maps = own_maps
        self.abi, self._fd = _create()
        try:
            self._allow(program, _EXECUTE | _READ_FILE)
            self._allow(Path(_LOADER[MACHINE]), _EXECUTE | _READ_FILE)
            for path in (*_LIBRARIES, *_READ_BY_DENO):
                self._allow(Path(path), _READ_FILE)
            for path in readable:
                self._allow(path, _READ_FILE | (_READ_DIR if path.is_dir() else 0))  # refused on a file: it has nothing to list
        except OSError:
            self.close()
            raise

    def _allow(self, path: Path, rights: int) -> None:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, fd))
            system_call("landlock_add_rule", self._fd, _RULE_PATH_BENEATH, ctypes.addressof(rule))
        finally:
            os.close(fd)

    def enforce(self) -> None:
        """Take the rules upon this process, for good. Needs no_new_privs. Raises OSError when the kernel refuses."""
        if self._own_maps:
            self._allow(Path("/proc/self/maps"), _READ_FILE)
        system_call("landlock_restrict_self", self._fd)

    def close(self) -> None:
        """Release the descriptor; safe to call twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _create() -> tuple[int, int]:
    """The ABI agreed on and a new ruleset's descriptor (close-on-exec by nature)."""
    try:
        offered = system_call("landlock_create_ruleset", 0, 0, _CREATE_RULESET_VERSION)
    except OSError as exc:
        raise OSError(exc.errno, _WHY_MISSING.get(exc.errno or 0, exc.strerror)) from None
    for abi in range(min(offered, _NEWEST_ABI), 0, -1):
        handled = [sum(right for since, right in table if since <= abi) for table in (_FILE_RIGHTS, _PORT_RIGHTS, _SCOPES)]
        known = 1 if abi < 4 else 2 if abi < 6 else 3  # how many fields the struct has
        attributes = ctypes.create_string_buffer(struct.pack(f"={known}Q", *handled[:known]), 8 * known)
        try:
            return abi, system_call("landlock_create_ruleset", ctypes.addressof(attributes), 8 * known, 0)
        except OSError as exc:
            if exc.errno != errno.EINVAL:  # EINVAL: a right that this kernel, whatever it says, does not know
                raise
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
