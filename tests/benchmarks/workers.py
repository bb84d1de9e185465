"""The start of worker processes: ready, which is the first of two phases, and warm, when they have answered."""

import asyncio
import os
import subprocess
from collections.abc import Callable

from mcp_codeexec.runtime.command import environment
from mcp_codeexec.runtime.frames import MB
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.monitor import cpu_seconds
from mcp_codeexec.runtime.process import DenoProcess
from mcp_codeexec.worker_options import WorkerOptions
from tests.benchmarks.clock import BARE, EMPTY, bare_deno, in_turns, median, spent, took
from tests.benchmarks.rows import Part, Row, Target, shown

ROUNDS, TEN, LIMIT_S = 9, 10, 20.0

Start = Callable[[], subprocess.Popen[bytes]]


async def measure() -> Part:
    launcher = Launcher(WorkerOptions())
    try:
        return await _measure(launcher)
    finally:
        launcher.close()


async def _measure(launcher: Launcher) -> Part:
    part, argv, pipe, cpu = Part(), launcher.session().args, subprocess.PIPE, list[float]()

    def without_layers() -> subprocess.Popen[bytes]:
        folder, variables = launcher.files.folder, environment()
        return subprocess.Popen(
            argv, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True, cwd=folder, env=variables
        )

    def bare() -> subprocess.Popen[bytes]:
        return subprocess.Popen([*BARE, str(EMPTY)], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)

    one, same, ten, floor, warm, ten_warm, nothing = await in_turns(
        ROUNDS,
        lambda _: _ready(launcher.session, 1),
        lambda _: _ready(without_layers, 1),
        lambda _: _ready(launcher.session, TEN),
        lambda _: _ready(bare, TEN),
        lambda _: _warm(launcher, 1, cpu),
        lambda _: _warm(launcher, TEN, cpu),
        bare_deno,
    )
    beside = "ten bare `deno run`"
    part.rows.append(Row("`deno run` of an empty file", nothing))
    part.rows.append(Row("a worker ready", one, same, "one without the kernel layers", times=1.3))
    part.rows.append(Row("ten workers ready", ten, floor, beside, times=1.5))
    part.rows.append(Row("a worker warm", warm, nothing, "a bare `deno run`", more=f"{shown(median(cpu))} of CPU time"))
    part.rows.append(Row("ten workers warm", ten_warm, floor, beside))
    how = f"from fork to its first answer; its first word comes after {shown(one)}"
    part.targets.append(Target("worker warm-up", shown(warm), warm < 100, how))
    how = f"forked together; the first words of all ten are there after {shown(ten)}, those of ten bare `deno run` after {shown(floor)}"
    part.targets.append(Target("pool of ten workers, warm", shown(ten_warm), ten_warm < 100, how))
    return part


async def _ready(start: Start, count: int) -> float:
    """Milliseconds until so many processes have said their first byte, started together."""
    started: list[subprocess.Popen[bytes]] = []

    def first_bytes() -> None:
        started.extend(start() for _ in range(count))
        for process in started:
            assert process.stdout is not None
            os.read(process.stdout.fileno(), 1)

    try:
        return spent(first_bytes)
    finally:
        for process in started:
            process.kill()
            process.communicate()


async def _warm(launcher: Launcher, count: int, cpu: list[float]) -> float:
    """Milliseconds until so many workers have answered, and the CPU time that each has used then."""
    processes: list[DenoProcess] = []

    async def answer(process: DenoProcess) -> None:
        await process.open(LIMIT_S)
        await process.request({"op": "ping"}, within_s=LIMIT_S)

    async def all_answers() -> None:
        processes.extend(DenoProcess(launcher.session(), frame_bytes=2 * MB, call_bytes=16 * MB) for _ in range(count))
        await asyncio.gather(*map(answer, processes))

    try:
        milliseconds = await took(all_answers())
        cpu.extend(cpu_seconds(process.pid) * 1_000 for process in processes)
        return milliseconds
    finally:
        for process in processes:
            await process.end()
