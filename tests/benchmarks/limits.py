"""How well limits hold: how late a time-out is, how far beyond the memory limit each kind of data gets, and the disk to the byte."""

import asyncio
from pathlib import Path

import psutil

from mcp_codeexec import Engine
from mcp_codeexec.settings import Settings
from tests.benchmarks.clock import median, took
from tests.benchmarks.rows import Part, Row, Table, Target, shown

SHORT_MS, SHORT_ROUNDS, FULL_MS, FULL_ROUNDS, HUNGRY_MS = 300, 9, 5_000, 2, 20_000
LIMIT_MB, TOLERANCE_MB, DISK = 100, 5, 10 * 1_048_576

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
    "in a loop after an await, which has to be killed": "await null; for (;;) {}",
}


async def measure() -> Part:
    part = Part()
    async with Engine(Settings.load({"ephemeral": True, "spare_workers": 2})) as engine:
        await _times(engine, part)
        await _memory(engine, part)
        await _disk(engine, part)
    return part


async def _times(engine: Engine, part: Part) -> None:
    full = list[float]()
    for name, code in LATE.items():
        late = [await _late(engine, code, SHORT_MS) for _ in range(SHORT_ROUNDS)]
        more = f"at most {max(late):.0f} ms"
        part.rows.append(Row(f"time-out of {SHORT_MS} ms {name}: lateness", median(late), at_most=100, more=more))
        for _ in range(FULL_ROUNDS):
            session = (await engine.execute("1")).session_id
            full.append(await took(engine.execute(code, session, FULL_MS)) - FULL_MS)
    measured = f"5 s + {min(full):.0f} to {max(full):.0f} ms"
    how = f"{FULL_ROUNDS} runs each of a loop, an endless wait, and a loop after an await, in a live session, from call to answer"
    part.targets.append(Target("time-out", measured, min(full) >= -100 and max(full) <= 100, how))


async def _late(engine: Engine, code: str, limit_ms: int) -> float:
    outcome = await engine.execute(code, timeout_ms=limit_ms)
    assert outcome.status == "timeout", outcome
    assert outcome.usage is not None
    return outcome.usage.wall_ms - limit_ms


async def _memory(engine: Engine, part: Part) -> None:
    peaks = dict[str, float]()
    rows = list[tuple[str, str, str]]()
    for name, code in HUNGRY.items():
        peaks[name], status = await _highest(engine, code)
        rows.append((name, shown(peaks[name], "MB"), status))
    least, most = min(peaks.values()), max(peaks.values())
    met = least >= LIMIT_MB - TOLERANCE_MB and most <= LIMIT_MB + TOLERANCE_MB
    early = [name for name, peak in peaks.items() if peak < LIMIT_MB - TOLERANCE_MB]
    late = [name for name, peak in peaks.items() if peak > LIMIT_MB + TOLERANCE_MB]
    how = f"{len(peaks)} kinds of data; above {LIMIT_MB + TOLERANCE_MB} MB: {', '.join(late) or 'none'}; "
    how += f"ended below {LIMIT_MB - TOLERANCE_MB} MB: {', '.join(early) or 'none'}"
    part.targets.append(Target("memory limit", f"{least:.0f} to {most:.0f} MB", met, how))
    about = "The most resident memory that a worker had (`VmHWM`, read all the time) while a program takes what it gets."
    part.tables.append(Table("Memory limit of 100 MB, by kind of data", about, ("data", "at most", "status of the run"), rows))


async def _highest(engine: Engine, code: str) -> tuple[float, str]:
    """The most resident memory of any worker in MB meanwhile, and how the run ended."""
    task, most = asyncio.create_task(engine.execute(code, timeout_ms=HUNGRY_MS)), 0.0
    while not task.done():
        for child in psutil.Process().children():
            try:
                status = await asyncio.to_thread(Path(f"/proc/{child.pid}/status").read_text)
                most = max(most, int(status.partition("VmHWM:")[2].split(None, 1)[0]) / 1_024)
            except (OSError, IndexError):
                continue
    return most, (await task).status


async def _disk(engine: Engine, part: Part) -> None:
    full = await engine.execute(f"await files.write('all', new Uint8Array({DISK}))")
    beyond = await engine.execute("await files.write('more', 'x')", full.session_id)
    met = full.status == "ok" and beyond.status == "error"
    measured = "10 MB are taken, one byte more is refused" if met else f"10 MB: {full.status}, one byte more: {beyond.status}"
    part.targets.append(Target("disk limit", measured, met, "files of one session"))
