"""What keeping a session costs: after a run, against the size of its state; bringing it back; and looking it up."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import anyio

from mcp_codeexec import Engine
from mcp_codeexec.sessions.manager import SessionManager
from mcp_codeexec.sessions.retention import Retention
from mcp_codeexec.sessions.store import DATABASE, SqliteStore
from mcp_codeexec.settings import Settings
from tests.benchmarks.clock import bare_deno, in_turns, median, took
from tests.benchmarks.rows import Part, Row, Target, shown

CALLS, LARGE_CALLS, ROUNDS = 200, 10, 7

SMALL = """
let v0 = 0, v1 = 1, v2 = 2, v3 = 3, v4 = 4; const o = {a: 1, b: [1, 2, 3], c: "x"}, m = new Map([["k", {z: 1}]]), s = new Set([1, 2]);
const d = new Date(0), r = /a/g, f = x => x + v0, l = [o, m]; function g() { return f(1) } let str = "hello", u = new Uint8Array(16);
class P { #k = 1; constructor(n) { this.n = n } hi() { return this.n + this.#k } } const p = new P(1), q = new P(2);
"""
ROWS = "const rows = []; for (let i = 0; i < 50_000; i++) rows.push({id: i, name: 'customer ' + i, total: i * 1.25, active: i % 2 === 0});"
LARGE = f"{ROWS} const text = 'x'.repeat(6_000_000), numbers = new Float64Array(400_000).fill(1.5);"


async def measure() -> Part:
    part = Part()
    with tempfile.TemporaryDirectory() as folder:
        await _keeping(part, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        await _bringing_back(part, Path(folder))
    return part


async def _run(engine: Engine, code: str, session: str) -> float:
    async def ok() -> None:
        outcome = await engine.execute(code, session)
        assert outcome.status == "ok", outcome

    return await took(ok())


async def _keeping(part: Part, folder: Path) -> None:
    """A run in turns with `1 + 1` in an empty session, on a file as servers have it."""
    async with Engine(Settings.load({"data_dir": folder, "spare_workers": 4})) as engine:
        empty, small, large = [(await engine.execute(code)).session_id for code in ("1", SMALL, LARGE)]
        runs = [
            ("`1 + 1` with 20 variables", "1 + N", small, CALLS, 0.0),
            ("`1 + 1` with 11 MB of variables", "1 + N", large, CALLS, 1.5),
            ("a run that changes 2 of 20 variables", "v0 = N; o.a = N", small, CALLS, 0.0),
            ("a run that makes an object and a function", "const hN = x => x + N, kN = {n: N}", small, CALLS, 0.0),
            ("a run that touches 50,000 rows", "rows.length + N", large, LARGE_CALLS, 0.0),
        ]
        for what, code, session, calls, times in runs:
            here, floor = await in_turns(
                calls,
                lambda n, code=code, session=session: _run(engine, code.replace("N", str(n)), session),
                lambda n: _run(engine, f"1 + {n}", empty),
            )
            part.rows.append(Row(what, here, floor, "`1 + 1` in an empty session", times=times))
    await _looking_up(part, folder, small)


async def _looking_up(part: Part, folder: Path, session: str) -> None:
    store, fresh = SqliteStore(folder / DATABASE), list[float]()
    await store.open()
    owner = Settings.load({}).owner
    for _ in range(CALLS):
        manager = SessionManager(store, owner, Retention(1_000), 1)  # that has not seen it yet
        fresh.append(await took(manager.get(session)))
    known = SessionManager(store, owner, Retention(1_000), 1)
    held = await known.get(session)
    again = [await took(known.get(session)) for _ in range(CALLS)]
    assert held.id == session
    await store.close()
    part.rows.append(Row("session look-up, from the file, with 20 variables", median(fresh), at_most=1))
    how = f"of one that this server has in memory; {shown(median(fresh))} from the file"
    part.targets.append(Target("session look-up", shown(median(again)), median(fresh) < 10, how))


async def _back(engine: Engine, session: str) -> float:
    """The first run of a session that has no process, when a spare one is there: as always, but in the first moments after another."""

    async def spares() -> int:
        pool: Any = (await engine.status()).figures["pool"]
        return pool["available"]

    with anyio.fail_after(10):
        while await spares() == 0:  # noqa: ASYNC110 - a figure has no event
            await asyncio.sleep(0.01)
    return await _run(engine, "1", session)


async def _bringing_back(part: Part, folder: Path) -> None:
    """From a session without a process to its first result: the other one had the only place."""
    async with Engine(Settings.load({"data_dir": folder, "spare_workers": 4, "live_sessions": 1})) as engine:
        small, large = [(await engine.execute(code)).session_id for code in (SMALL, LARGE)]
        first, second, floor = await in_turns(ROUNDS, lambda _: _back(engine, small), lambda _: _back(engine, large), bare_deno)
    beside = "a bare `deno run`"
    part.rows.append(Row("20 variables brought back, to the first result", first, floor, beside, times=2))
    part.rows.append(Row("11 MB brought back, to the first result", second, floor, beside))
