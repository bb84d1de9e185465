"""Many runs one after the other in one session: failures, memory, the size of the history, and the time of a call."""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from mcp_codeexec.runtime.monitor import cpu_seconds
from tests.benchmarks.clock import median
from tests.benchmarks.process_memory import MB, MEASURE, held_mb, workers
from tests.benchmarks.rows import Part, Table, Target, shown
from tests.benchmarks.servers import connected, execute, ours

MARKS = (10, 100, 1_000, 10_000)
GROWTH = 1.2  # more would be a leak; the soak test has the same bound
BEGIN = "const seen = []; let total = 0;"
CODE = "seen.push({ n: N, text: 'row N' }); if (seen.length > 100) seen.shift(); total += seen.at(-1).n; ({ total, kept: seen.length })"


@dataclass(frozen=True, slots=True)
class Mark:
    """How things stand after so many runs."""

    server_mb: float
    worker_mb: float
    store_mb: float
    call_ms: float
    failed: int


async def measure() -> Part:
    with tempfile.TemporaryDirectory() as folder:
        async with connected(ours("--spare-workers", "1", data=Path(folder))) as (client, server):
            session = str((await execute(client, BEGIN))["session_id"])
            marks, times, failed, run = dict[int, Mark](), list[float](), 0, 1
            for mark in MARKS:
                while run < mark:
                    run += 1
                    code, began = CODE.replace("N", str(run)), time.perf_counter()
                    answer = await execute(client, code, session)
                    times.append((time.perf_counter() - began) * 1_000)
                    failed += (answer.get("status"), answer.get("run")) != ("ok", run)
                worker = max(
                    workers(server), key=lambda process: cpu_seconds(process.pid)
                )  # the session's own: the spares do nothing
                stored = sum(file.stat().st_size for file in os.scandir(folder)) / MB
                marks[mark] = Mark(held_mb(server), held_mb(worker), stored, median(times[-100:]), failed)
    return _part(marks)


def _part(marks: dict[int, Mark]) -> Part:
    part = Part()
    rows = [
        (f"{runs:,}", str(m.failed), shown(m.server_mb, "MB"), shown(m.worker_mb, "MB"), shown(m.store_mb, "MB"), shown(m.call_ms))
        for runs, m in marks.items()
    ]
    about = (
        f"One session over stdio, the store in a file. {MEASURE} of the server's process and of the session's worker, "
        "the size of the store's files with the history of all runs, and the median of the last hundred calls. "
        "The session keeps a hundred rows and changes them in each run."
    )
    head = ("runs", "failed", "server", "worker", "store", "a call")
    part.tables.append(Table("Many runs one after the other", about, head, rows))
    for runs, since in ((100, 10), (10_000, 1_000)):
        now, then = marks[runs], marks[since]
        grown = (now.server_mb / then.server_mb, now.worker_mb / then.worker_mb)
        measured = f"{now.failed} failed; server {grown[0]:.2f} times, worker {grown[1]:.2f} times"
        how = f"memory after {runs:,} runs beside that after {since:,}; at most {GROWTH} times is no growth"
        part.targets.append(Target(f"{runs:,} runs one after the other", measured, now.failed == 0 and max(grown) <= GROWTH, how))
    return part
