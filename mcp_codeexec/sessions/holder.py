"""Who holds a lease, as a text that another process can judge: which machine, which process of it, which of its parts."""

import os
import secrets
import socket
import sys
import uuid
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import psutil


def new_holder() -> str:
    """The name of one more holder in this process; no other has it."""
    pid = os.getpid()
    return f"{_machine()} {pid} {_started(pid)} {secrets.token_hex(4)}"


def is_gone(holder: str) -> bool:
    """Whether it is certain that the holder's process has ended. Of another machine nothing is certain."""
    match holder.split(" "):
        case [machine, pid, started, _]:
            return machine == _machine() and _started(int(pid)) != started
        case _:  # of another version of this program
            return False


@cache
def _machine() -> str:
    """Where a process id and a start time mean the same process: one boot of one system, one process namespace of it."""
    parts = [socket.gethostname()]
    if sys.platform == "linux":
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))  # containers share the boot, and not their process ids
    else:
        parts.append(str(uuid.getnode()))
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


def _started(pid: int) -> str:
    """When the process started, empty where there is none that lives. It tells a process from a later one of the same id."""
    if sys.platform == "linux":  # in ticks since the boot, which a change of the clock leaves alone
        with suppress(OSError):
            state, *rest = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            return "" if state in "ZX" else rest[18]
        return ""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.0f}"
    return ""
