"""Writing a run: small, with variables, with much; and what its lease costs."""

import tempfile
from pathlib import Path

from mcp_codeexec.model import Lease, Record, RunDraft, Segment, SessionInfo, Variable
from mcp_codeexec.sessions.store import SqliteStore
from tests.benchmarks.clock import in_turns, took
from tests.benchmarks.rows import Part, Row, Target, shown

ROUNDS, RUNS, HOLDER, SESSION = 20, 100, "me", "ses_a"
VARIABLES, BYTES, LARGE = 20, 200, 50_000  # bytes of each variable


async def measure() -> Part:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "sessions.db")
        await store.open()
        try:
            await store.create(SessionInfo(SESSION, "ann", 1.0, 1.0), b"k" * 32)
            return await _measure(store)
        finally:
            await store.close()


async def _measure(store: SqliteStore) -> Part:
    part, run = Part(), 0

    async def write(size: int, holder: str = HOLDER) -> float:
        nonlocal run
        run += 1
        names = [f"v{n}" for n in range(VARIABLES)] if size else []
        draft = RunDraft(
            Record(SESSION, run, 1.0, "ok", 1, "1 + 1", '{"status": "ok"}', value="2"),
            variables=tuple(Variable(name, "let", "Array(9)", 9, "exact", run) for name in names),
            segments=tuple(Segment(name, "exact", first=n, data=bytes([run % 256]) * size) for n, name in enumerate(names)),
        )

        async def leased() -> None:
            if holder:
                await store.acquire(SESSION, Lease(holder, until=9.0, began=1.0))
            await store.commit(draft, holder)

        return await took(leased())

    with_lease, without = await in_turns(ROUNDS, lambda _: write(0), lambda _: write(0, ""), each=RUNS)
    small, large = await in_turns(ROUNDS, lambda _: write(BYTES), lambda _: write(LARGE))
    part.rows.append(Row("a small run written, with its lease", with_lease, without, "without a lease"))
    part.rows.append(Row(f"a run written with {VARIABLES} variables of {BYTES} bytes", small, with_lease, "without variables"))
    part.rows.append(Row(f"a run written with {VARIABLES} variables, 1 MB", large, with_lease, "without variables"))
    how = f"the transaction of a run that changed {VARIABLES} variables; 1 MB of them: {shown(large)}; none: {shown(with_lease)}"
    part.targets.append(Target("session persistence", shown(small), large < 50, how))
    return part
