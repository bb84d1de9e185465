"""What a lease costs: a run written with one, beside a run written without, in turns and in one store."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mcp_codeexec.model import Lease, Record, RunDraft, SessionInfo
from mcp_codeexec.sessions.store import SqliteStore

ROUNDS, RUNS, HOLDER = 20, 100, "me"


async def turns(row: Callable[[str, float, float, str], None]) -> None:
    with_lease, without = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "sessions.db")
        await store.open()
        await store.create(SessionInfo("ses_a", "ann", 1.0, 1.0), b"k" * 32)
        run = 0
        for _ in range(ROUNDS):
            for holder, times in ((HOLDER, with_lease), ("", without)):
                for _ in range(RUNS):
                    run += 1
                    draft = RunDraft(Record("ses_a", run, 1.0, "ok", 1, "1 + 1", '{"status": "ok"}', value="2"))
                    began = time.perf_counter()
                    if holder:
                        await store.acquire("ses_a", Lease(holder, until=9.0, began=1.0))
                    await store.commit(draft, holder)
                    times.append(time.perf_counter() - began)
        await store.close()
    row("a small run written, with its lease", statistics.median(with_lease), statistics.median(without), "beside without")
