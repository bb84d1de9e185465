"""A call from end to end: warm, cold, and in the engine without the protocol."""

import asyncio
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters

from mcp_codeexec import Engine
from mcp_codeexec.settings import Settings
from tests.benchmarks.clock import in_turns, median, percentile, took
from tests.benchmarks.rows import Part, Row, Target, shown
from tests.benchmarks.servers import ECHO, connected, execute, ours

ROUNDS, CALLS, COLD, TYPICAL, ENGINE_CALLS = 6, 60, 7, 9, 400
FILL_S = 1.5  # the pool fills up
ERAS = {"legacy": "2025-11-25", "auto": "2026-07-28"}
WORK_MS = 75
WORK = f"const end = performance.now() + {WORK_MS}; let n = 0; while (performance.now() < end) n++; rows.map(row => row * 2)"


async def measure() -> Part:
    part = Part()
    for era, name in ERAS.items():
        await _warm(part, era, name)
    await _engine(part)
    await _cold(part)
    return part


async def _warm(part: Part, era: Any, name: str) -> None:
    async with connected(ours(), era) as (client, _), connected(ECHO, era) as (echo, _):
        session = (await execute(client, "const rows = [1, 2, 3]; rows.length"))["session_id"]
        await asyncio.sleep(FILL_S)
        here, floor = await in_turns(
            ROUNDS,
            lambda n: took(execute(client, f"rows.length + {n}", session)),
            lambda n: took(execute(echo, f"rows.length + {n}")),
            each=CALLS,
        )
        part.rows.append(Row(f"warm `execute_code` over stdio, era {name}", here, floor, "an echo tool of the same SDK", times=1.5))
        if era == "auto":
            times = [await took(execute(client, WORK, session)) for _ in range(TYPICAL)]
            how = f"a program that works for {WORK_MS} ms in a session with variables, over stdio, from call to answer"
            part.targets.append(
                Target("code execution, typical (50 to 100 ms of work)", shown(median(times)), max(times) < 500, how)
            )


async def _cold(part: Part) -> None:
    async def until_first(server: StdioServerParameters) -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with Client(server) as client:
            await execute(client, "1 + 1")
            return (loop.time() - began) * 1_000

    here, floor = await in_turns(COLD, lambda _: until_first(ours()), lambda _: until_first(ECHO))
    part.rows.append(Row("spawn to first result", here, floor, "the echo server", times=1.1))


async def _engine(part: Part) -> None:
    async with Engine(Settings.load({"ephemeral": True, "spare_workers": 2})) as engine:
        session = (await engine.execute("const rows = [1, 2, 3]; rows")).session_id
        times = [await took(engine.execute(f"rows.length + {n}", session)) for n in range(ENGINE_CALLS)]
    part.rows.append(
        Row("`engine.execute`, warm, without the protocol", median(times), more=f"95 % within {shown(percentile(times, 95))}")
    )
