"""Several sessions at once: calls a second and how long they take, in the engine, over one stdio client, and of the echo tool."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from mcp_codeexec import Engine
from mcp_codeexec.settings import Settings
from tests.benchmarks.clock import median, percentile, took
from tests.benchmarks.rows import Part, Table, shown
from tests.benchmarks.servers import ECHO, connected, execute, ours

AT_ONCE, CALLS, FILL_S = (1, 2, 4, 8), 1_000, 2.0
BEGIN = "const rows = [1, 2, 3]; rows.length"
ROOM = ("--spare-workers", "4", "--live-sessions", "16")

Call = Callable[[str, int], Awaitable[object]]


async def measure() -> Part:
    rows = list[list[str]]()
    settings = Settings.load({"ephemeral": True, "spare_workers": 4, "live_sessions": 16})
    async with Engine(settings) as engine, connected(ours(*ROOM)) as (client, _), connected(ECHO) as (echo, _):
        most = max(AT_ONCE)
        own = [(await engine.execute(BEGIN)).session_id for _ in range(most)]
        over = [str((await execute(client, BEGIN))["session_id"]) for _ in range(most)]
        await asyncio.sleep(FILL_S)
        for count in AT_ONCE:
            rows.append(
                [
                    str(count),
                    *await _at_once(own[:count], lambda session, n: engine.execute(f"rows.length + {n}", session)),
                    *await _at_once(over[:count], lambda session, n: execute(client, f"rows.length + {n}", session)),
                    *await _at_once(over[:count], lambda _, n: execute(echo, f"rows.length + {n}")),
                ]
            )
    doors = ("engine", "stdio", "echo")
    head = ["sessions", *(f"{door}: {figure}" for door in doors for figure in ("calls/s", "p50", "p99"))]
    about = (
        f"Each session sends its next call when it has the answer to its last, {CALLS:,} calls in all for each figure. "
        "The engine runs in the measuring process; over stdio one client talks to one server, and both share the processors with "
        f"the workers. At most {settings.concurrent_runs} runs are under way at one moment here, one for each processor; the others wait."
    )
    return Part(tables=[Table("Several sessions at once", about, head, rows)])


async def _at_once(sessions: Sequence[str], call: Call) -> tuple[str, str, str]:
    times, numbers = list[float](), iter(range(CALLS))

    async def calls(session: str) -> None:
        for n in numbers:
            times.append(await took(call(session, n)))

    began = time.perf_counter()
    await asyncio.gather(*map(calls, sessions))
    rate = CALLS / (time.perf_counter() - began)
    return f"{rate:,.0f}", shown(median(times)), shown(percentile(times, 99))
