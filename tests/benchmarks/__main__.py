"""`make bench`: timings as medians, each beside its floor in the same run, in turns, so that a busy machine slows both alike."""

import asyncio
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import anyio
from deno import find_deno_bin
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from mcp_codeexec import Engine
from mcp_codeexec.language.grammar import parse
from mcp_codeexec.language.prepare import prepare
from mcp_codeexec.language.validator import CodeValidator
from mcp_codeexec.model import Erased
from mcp_codeexec.settings import Settings
from tests.benchmarks import lease, sandbox, sessions

HERE = Path(__file__).parent
OURS = StdioServerParameters(command=sys.executable, args=["-m", "mcp_codeexec", "--ephemeral"])
ECHO = StdioServerParameters(command=sys.executable, args=[str(HERE / "echo_server.py")])
ROUNDS, CALLS, COLD = 6, 60, 7

Once = Callable[[], Awaitable[float]]


def ms(seconds: float) -> str:
    return f"{seconds * 1_000:.2f} ms"


def row(what: str, ours: float, floor: float, aim: str) -> None:
    print(f"{what:46} {ms(ours):>12}   floor {ms(floor):>12}   ratio {ours / floor:5.2f}   ({aim})")


def note(what: str, text: str) -> None:
    print(f"{what:46} {text}")


async def timed(client: Client, arguments: dict[str, Any]) -> float:
    began = time.perf_counter()
    await client.call_tool("execute_code", arguments)
    return time.perf_counter() - began


async def warm(era: Any) -> None:
    """A warm call over stdio, beside an echo tool of the same SDK."""
    async with Client(OURS, mode=era) as ours, Client(ECHO, mode=era) as echo:
        first = await ours.call_tool("execute_code", {"code": "const rows = [1, 2, 3]; rows.length"})
        session: dict[str, Any] = first.structured_content or {}
        mine, floor = list[float](), list[float]()
        await asyncio.sleep(1.5)  # the pool fills up
        for round_ in range(ROUNDS):
            for call in range(CALLS):
                code = f"rows.length + {round_ * CALLS + call}"
                mine.append(await timed(ours, {"code": code, "session_id": session["session_id"]}))
            for call in range(CALLS):
                floor.append(await timed(echo, {"code": f"rows.length + {call}"}))
    row(f"warm execute_code, era {era}", statistics.median(mine), statistics.median(floor), "at most 2.5, aim 1.5")


async def cold() -> None:
    """From spawn to the first result, beside the echo server's."""

    async def once(server: StdioServerParameters) -> float:
        began = time.perf_counter()
        async with Client(server) as client:
            await client.call_tool("execute_code", {"code": "1 + 1"})
            return time.perf_counter() - began

    mine, floor = list[float](), list[float]()
    for _ in range(COLD):
        mine.append(await once(OURS))
        floor.append(await once(ECHO))
    row("spawn to first result", statistics.median(mine), statistics.median(floor), "at most 1.25, aim 1.1")


async def engine() -> None:
    """In the engine, without the protocol."""
    async with Engine(Settings.load({"ephemeral": True, "spare_workers": 2})) as engine:
        session = (await engine.execute("const rows = [1, 2, 3]; rows")).session_id
        times = list[float]()
        for call in range(400):
            began = time.perf_counter()
            await engine.execute(f"rows.length + {call}", session)
            times.append(time.perf_counter() - began)
        note("engine.execute, warm", f"{ms(statistics.median(times))}, 95 % within {ms(statistics.quantiles(times, n=20)[18])}")


def workers() -> None:
    """Bare Deno, for scale."""
    empty = HERE / "empty.js"
    times = list[float]()
    for _ in range(10):
        began = time.perf_counter()
        subprocess.run([find_deno_bin(), "run", "--no-config", "--no-lock", str(empty)], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    note("deno run of an empty file", ms(statistics.median(times)))


def language() -> None:
    """Validation and preparation, beside tree-sitter's own parse."""
    line = "const total = rows.filter(r => r.ok && r.n > 3).map((r) => ({ ...r, sum: r.a + r.b * 2 })).reduce((s, r) => s + r.sum, 0);\n"
    big, small = (line * 1_000)[:100_000], (HERE / "program.js").read_text()
    validator = CodeValidator()

    def median(f: Callable[[], object], n: int) -> float:
        times = list[float]()
        for _ in range(n):
            began = time.perf_counter()
            f()
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    large = (f"{big[:-8]}// {number:05}" for number in count())
    row(
        "validation of 100 KB", median(lambda: validator.check(next(large)), 7), median(lambda: parse(big.encode()), 7), "at most 3"
    )
    fresh = (f"{small}// {number}" for number in count())  # no text twice: the last ones are remembered

    def both() -> None:
        text = next(fresh)
        validator.check(text)
        prepare(Erased(text), text, {"rows": "let"})

    row("check and prepare of 20 lines", median(both, 200), median(lambda: parse(small.encode()), 200), "under 1 ms")


async def main() -> None:
    names = ("mcp", "deno", "pydantic", "tree-sitter")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    print(f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {packages}\n")
    workers()
    language()
    await engine()
    sandbox.starts(row)  # before this process is large: a fork copies its page tables
    await sessions.keeping(row, note)
    await sessions.bringing_back(row)
    await lease.turns(row)
    await sandbox.limits(note)
    for era in ("legacy", "auto"):
        await warm(era)
    await cold()


if __name__ == "__main__":
    anyio.run(main)
