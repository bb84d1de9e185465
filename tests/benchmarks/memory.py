"""What a session holds in memory: while it has a process, and when it is suspended; and what a server holds without any."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import psutil
from mcp import Client

from tests.benchmarks.clock import BARE
from tests.benchmarks.process_memory import MEASURE, held_mb, settled, tree_mb
from tests.benchmarks.rows import Part, Table, shown
from tests.benchmarks.servers import ECHO, connected, execute, ours
from tests.benchmarks.sessions import LARGE, SMALL

WAITING = Path(__file__).with_name("waiting.js")
LIVE, SUSPENDED, LARGE_LIVE = 8, 100, 2
ROOMY = ("--spare-workers", "2", "--live-sessions", "32")
CROWDED = ("--spare-workers", "2", "--live-sessions", "1")


async def measure() -> Part:
    rows = list[tuple[str, str, str]]()
    async with _bare_deno() as bare:
        with tempfile.TemporaryDirectory() as folder:
            async with connected(ours(*ROOMY, data=Path(folder))) as (client, server), connected(ECHO) as (_, echo):
                await execute(client, "1")
                await settled(server)
                beside = f"{shown(held_mb(echo), 'MB')}, the echo server"
                rows.append(("the server's own process, one session", shown(held_mb(server), "MB"), beside))
                for what, code, count in (
                    ("empty", "1", LIVE),
                    ("20 variables", SMALL, LIVE),
                    ("11 MB of variables", LARGE, LARGE_LIVE),
                ):
                    one = await _more(client, server, code, count)
                    beside = f"{shown(held_mb(bare), 'MB')}, a bare Deno that waits"
                    rows.append((f"one more live session, {what}", shown(one, "MB"), beside))
        with tempfile.TemporaryDirectory() as folder:
            async with connected(ours(*CROWDED, data=Path(folder))) as (client, server):
                for _ in range(10):
                    await execute(client, SMALL)
                before = _stored(Path(folder))
                one = await _more(client, server, SMALL, SUSPENDED)
                stored = (_stored(Path(folder)) - before) / SUSPENDED / 1_024
                kb = f"{max(0.0, one * 1_024):,.0f} KB"
                rows.append(("one more suspended session, 20 variables", kb, f"and {shown(stored, 'KB')} of the store's file"))
    about = (
        f"{MEASURE} of the server and all its processes, so both what a worker holds and what the server remembers of it: "
        f"after {LIVE} more live sessions ({LARGE_LIVE} of the large ones) or {SUSPENDED} suspended ones, divided by their number. "
        "A live session is one whose variables are in a process of its own."
    )
    return Part(tables=[Table("Memory of a session", about, ("what", "here", "beside"), rows)])


async def _more(client: Client, server: psutil.Process, code: str, count: int) -> float:
    """MB that one more session takes."""
    await settled(server)
    before = tree_mb(server)
    for _ in range(count):
        session = (await execute(client, code))["session_id"]
        await execute(client, "1 + 1", session)
    await settled(server)
    return (tree_mb(server) - before) / count


def _stored(folder: Path) -> int:
    """Bytes of the store's files but its log, which is written into them now and then."""
    return sum(file.stat().st_size for file in folder.iterdir() if not file.name.endswith(("-wal", "-shm")))


@asynccontextmanager
async def _bare_deno() -> AsyncGenerator[psutil.Process]:
    async with await anyio.open_process([*BARE, str(WAITING)]) as process:
        try:
            assert process.stdout is not None
            await process.stdout.receive()
            yield psutil.Process(process.pid)
        finally:
            process.kill()
