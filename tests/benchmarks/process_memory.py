"""What processes hold in memory: the proportional set size where the kernel tells it, else the resident one."""

import asyncio
from pathlib import Path

import psutil

MB = 1_048_576
IS_PSS = Path("/proc/self/smaps_rollup").exists()
MEASURE = (
    "PSS (resident memory, what is shared divided among those who share it; `smaps_rollup`)" if IS_PSS else "RSS (resident memory)"
)
SETTLE_S, LOOK_S = 8.0, 0.5


def held_mb(process: psutil.Process) -> float:
    """Of one process; 0 where it is gone. Not to be allowed to look is an error, and no 0."""
    try:
        if IS_PSS:
            text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
            return int(text.partition("\nPss:")[2].split(None, 1)[0]) / 1_024
        return process.memory_info().rss / MB
    except (FileNotFoundError, ProcessLookupError, IndexError, psutil.NoSuchProcess):
        return 0.0


def tree(process: psutil.Process) -> list[psutil.Process]:
    """The process and all below it that live: what died and was not waited for is none of them."""
    try:
        return [one for one in (process, *process.children(recursive=True)) if _lives(one)]
    except psutil.Error:
        return []


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def tree_mb(process: psutil.Process) -> float:
    """Of the process and all below it."""
    return sum(map(held_mb, tree(process)))


def workers(server: psutil.Process) -> list[psutil.Process]:
    """Its processes that run sessions or wait for one."""
    found = list[psutil.Process]()
    for child in tree(server)[1:]:
        try:
            if any("session_worker" in word for word in child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


async def settled(server: psutil.Process) -> None:
    """Wait until it makes and ends no more processes, some seconds at most."""
    seen = set[psutil.Process]()
    for _ in range(int(SETTLE_S / LOOK_S)):
        now = set(tree(server))
        if now == seen:
            return
        seen = now
        await asyncio.sleep(LOOK_S)
