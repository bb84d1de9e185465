"""What the sandbox costs and how well its limits hold: the start of workers, time and memory."""

import asyncio
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from deno import find_deno_bin

from mcp_codeexec import Engine
from mcp_codeexec.runtime.command import environment
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.settings import Settings
from mcp_codeexec.worker_options import WorkerOptions

EMPTY = Path(__file__).with_name("empty.js")
ROUNDS, TEN = 7, 10

HUNGRY = {
    "objects": "const all = []; for (;;) all.push({ a: all.length });",
    "numbers": "const all = []; for (;;) all.push(new Array(1e4).fill(1.5));",
    "strings": "const all = []; for (let i = 0;; i++) all.push(String(i).padStart(1_000, '0').slice(1));",
    "a rope": "let s = 'x'.repeat(1e6); for (;;) { s += s; s.charCodeAt(0); }",
    "buffers": "const all = []; for (;;) all.push(new Uint8Array(1e6).fill(1));",
    "big integers": "let n = 1n; for (;;) n <<= 1_000_000n;",
    "maps": "const all = new Map(); for (let i = 0;; i++) all.set(i, [i]);",
    "Intl": "const all = []; for (;;) all.push(new Intl.NumberFormat('de'));",
}
LATE = {
    "in a loop": "for (;;) {}",
    "waiting": "await new Promise(() => {})",
    "in a loop after an await": "await null; for (;;) {}",
}


def ready(start: Callable[[], subprocess.Popen[bytes]], count: int) -> float:
    """Seconds until so many processes have said their first byte, started together."""
    began = time.perf_counter()
    started = [start() for _ in range(count)]
    for process in started:
        assert process.stdout is not None
        os.read(process.stdout.fileno(), 1)
    took = time.perf_counter() - began
    for process in started:
        process.kill()
        process.communicate()
    return took


def starts(row: Callable[[str, float, float, str], None]) -> None:
    """A worker with all layers beside the same without, and ten beside ten bare `deno run`: until each has said that it is ready, before it
    warms itself."""
    launcher = Launcher(WorkerOptions())
    argv, pipe = launcher.session().args, subprocess.PIPE

    def without_layers() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            argv,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            bufsize=0,
            start_new_session=True,
            cwd=launcher.files.folder,
            env=environment(),
        )

    def bare() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [find_deno_bin(), "run", "--no-config", "--no-lock", str(EMPTY)], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0
        )

    one, same, ten, floor = list[float](), list[float](), list[float](), list[float]()
    for _ in range(ROUNDS):
        one.append(ready(launcher.session, 1))
        same.append(ready(without_layers, 1))
        ten.append(ready(launcher.session, TEN))
        floor.append(ready(bare, TEN))
    launcher.close()
    row("a worker ready, beside one without layers", statistics.median(one), statistics.median(same), "aim 1.3")
    row("ten workers ready, beside ten bare deno run", statistics.median(ten), statistics.median(floor), "aim 1.5")


async def limits(note: Callable[[str, str], None]) -> None:
    """How late a time-out is, and how far beyond the memory limit each kind of data gets."""
    async with Engine(Settings.load({"ephemeral": True, "spare_workers": 2})) as engine:
        for name, code in LATE.items():
            late = [await _late(engine, code) for _ in range(9)]
            note(f"time-out of 300 ms {name}: lateness", f"median {statistics.median(late):.0f} ms, most {max(late):.0f} ms")
        for name, code in HUNGRY.items():
            peak = await _highest(engine, code)
            note(f"memory limit of 100 MB, {name}", f"at most {peak:.1f} MB")


async def _highest(engine: Engine, code: str) -> float:
    """The most resident memory of a worker in MB while a program takes what it gets, as the kernel keeps it, looked at all the time."""
    task, most = asyncio.create_task(engine.execute(code, timeout_ms=20_000)), 0.0
    while not task.done():
        for child in psutil.Process().children():
            try:
                status = await asyncio.to_thread(Path(f"/proc/{child.pid}/status").read_text)
                most = max(most, int(status.partition("VmHWM:")[2].split(None, 1)[0]) / 1_024)
            except (OSError, IndexError):
                continue
    await task
    return most


async def _late(engine: Engine, code: str) -> float:
    out = await engine.execute(code, timeout_ms=300)
    return (out.usage.wall_ms if out.usage else 0) - 300
