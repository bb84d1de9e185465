"""What keeping a session costs: after a run, against the size of its state; and bringing it back."""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from deno import find_deno_bin

from mcp_codeexec import Engine
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.retention import Retention
from mcp_codeexec.sessions.store import DATABASE, SqliteStore
from mcp_codeexec.settings import Settings

EMPTY = Path(__file__).with_name("empty.js")
CALLS, LARGE_CALLS, ROUNDS = 200, 10, 7

SMALL = """
let v0 = 0, v1 = 1, v2 = 2, v3 = 3, v4 = 4; const o = {a: 1, b: [1, 2, 3], c: "x"}, m = new Map([["k", {z: 1}]]), s = new Set([1, 2]);
const d = new Date(0), r = /a/g, f = x => x + v0, l = [o, m]; function g() { return f(1) } let str = "hello", u = new Uint8Array(16);
class P { #k = 1; constructor(n) { this.n = n } hi() { return this.n + this.#k } } const p = new P(1), q = new P(2);
"""
ROWS = "const rows = []; for (let i = 0; i < 50_000; i++) rows.push({id: i, name: 'customer ' + i, total: i * 1.25, active: i % 2 === 0});"
LARGE = f"{ROWS} const text = 'x'.repeat(6_000_000), numbers = new Float64Array(400_000).fill(1.5);"

Row = Callable[[str, float, float, str], None]
Note = Callable[[str, str], None]


async def timed(engine: Engine, code: str, session: str) -> float:
    began = time.perf_counter()
    outcome = await engine.execute(code, session)
    assert outcome.status == "ok", outcome
    return time.perf_counter() - began


async def keeping(row: Row, note: Note) -> None:
    """A run in turns with the same run in an empty session, on a file as servers have it."""
    with tempfile.TemporaryDirectory() as folder:
        async with Engine(Settings.load({"data_dir": Path(folder), "spare_workers": 4})) as engine:
            empty, small, large = [(await engine.execute(code)).session_id for code in ("1", SMALL, LARGE)]

            async def in_turns(what: str, code: str, session: str, aim: str, calls: int = CALLS) -> None:
                mine, floor = list[float](), list[float]()
                for n in range(calls):
                    mine.append(await timed(engine, code.replace("N", str(n)), session))
                    floor.append(await timed(engine, f"1 + {n}", empty))
                row(what, statistics.median(mine), statistics.median(floor), aim)

            await in_turns("1 + 1 with 20 variables", "1 + N", small, "of an empty session")
            await in_turns("1 + 1 with 11 MB", "1 + N", large, "at most 1.5")
            await in_turns("a run that changes 2 of 20 variables", "v0 = N; o.a = N", small, "of an empty session")
            await in_turns(
                "a run that makes an object and a function", "const hN = x => x + N, kN = {n: N}", small, "of an empty session"
            )
            await in_turns("a run that touches 50,000 rows", "rows.length + N", large, "of an empty session", LARGE_CALLS)
        store, looks = SqliteStore(Path(folder) / DATABASE), list[float]()
        await store.open()
        for _ in range(CALLS):
            manager = SessionManager(store, Settings.load({}).owner, Retention(1_000), 1)  # that has not seen it yet
            began = time.perf_counter()
            await manager.get(small)
            looks.append(time.perf_counter() - began)
        await store.close()
        note("session look-up, from the file", f"{statistics.median(looks) * 1_000:.2f} ms (aim: under 1 ms)")


async def bringing_back(row: Row) -> None:
    """From a session without a process to its first result, beside a bare `deno run`."""
    with tempfile.TemporaryDirectory() as folder:
        async with Engine(Settings.load({"data_dir": Path(folder), "spare_workers": 4, "live_sessions": 1})) as engine:
            sessions = [(await engine.execute(code)).session_id for code in (SMALL, LARGE)]
            took: list[list[float]] = [[], []]
            floor = list[float]()
            for _ in range(ROUNDS):
                for session, times in zip(sessions, took, strict=True):
                    times.append(await timed(engine, "1", session))  # the other one had the only place
                began = time.perf_counter()
                subprocess.run(  # noqa: ASYNC221 - nothing else is under way
                    [find_deno_bin(), "run", "--no-config", "--no-lock", str(EMPTY)], check=True, capture_output=True
                )
                floor.append(time.perf_counter() - began)
            bare = statistics.median(floor)
            row("20 variables brought back, to the first result", statistics.median(took[0]), bare, "at most 3")
            row("11 MB brought back, to the first result", statistics.median(took[1]), bare, "")
