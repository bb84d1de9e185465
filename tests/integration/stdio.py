"""A server process of the tests' own, spoken to by the SDK's client or in raw lines."""

import json
import sqlite3
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from subprocess import PIPE
from typing import Any, NamedTuple

import anyio
import anyio.abc
import psutil
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.types import CallToolResult, TextContent

from tests.measured import measured

LIMIT_S = 30
ERAS = ["auto", "legacy"]  # the SDK's words for 2026-07-28 and 2025-11-25


def command(data: Path | None) -> list[str]:
    """The server as users start it; `data` None keeps the store in memory."""
    store = ["--ephemeral"] if data is None else ["--data-dir", str(data)]
    return ["-m", "mcp_codeexec", *store, "--spare-workers", "1"]


@asynccontextmanager
async def connected(era: Any = "auto", data: Path | None = None, flags: Sequence[str] = ()) -> AsyncGenerator[Client]:
    """A connected client, for LIMIT_S seconds at most."""
    with anyio.fail_after(LIMIT_S):
        server = StdioServerParameters(command=sys.executable, args=[*command(data), *flags], env=measured())
        async with Client(server, mode=era) as client:
            yield client


def text_of(result: CallToolResult) -> str:
    """What a client shows that shows text."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def structure_of(result: CallToolResult) -> dict[str, Any]:
    """What a client shows that shows the structure."""
    structure: dict[str, Any] | None = result.structured_content
    assert structure is not None
    return structure


def handshake_line() -> bytes:
    """The first line of a client of 2025-11-25; its id is 0."""
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    return json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}).encode() + b"\n"


class RawServer:
    """A server process and its lines, without a client between."""

    def __init__(self, process: anyio.abc.Process) -> None:
        self.process = process
        self._buffer = b""
        self.lines: list[bytes] = []

    async def send(self, **message: Any) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    async def receive(self) -> dict[str, Any]:
        """The next line that the server wrote to stdout."""
        assert self.process.stdout is not None
        while b"\n" not in self._buffer:
            self._buffer += await self.process.stdout.receive()
        line, self._buffer = self._buffer.split(b"\n", 1)
        self.lines.append(line)
        return json.loads(line)

    async def answer(self, request_id: int) -> dict[str, Any]:
        """The answer to a request; notifications in between are passed over."""
        while True:
            message = await self.receive()
            if message.get("id") == request_id:
                return message

    async def ran(self) -> dict[str, Any]:
        """The structure of the next answer, whichever request it is for: calls that arrive during the start have no order."""
        while "result" not in (message := await self.receive()):
            pass
        return message["result"]["structuredContent"]

    async def initialize(self) -> None:
        """The handshake of 2025-11-25."""
        assert self.process.stdin is not None
        await self.process.stdin.send(handshake_line())
        assert "result" in await self.answer(0)
        await self.send(method="notifications/initialized")

    async def execute(self, request_id: int, code: str, **more: Any) -> None:
        """Ask for a run, without waiting for it."""
        await self.send(id=request_id, method="tools/call", params={"name": "execute_code", "arguments": {"code": code, **more}})

    def workers(self) -> list[psutil.Process]:
        """The server's living Deno processes."""
        return [child for child in psutil.Process(self.process.pid).children(recursive=True) if "deno" in child.name()]


@asynccontextmanager
async def raw_server(data: Path | None = None, program: str = "", flags: Sequence[str] = ()) -> AsyncGenerator[RawServer]:
    """A server process, or a Python program that serves; killed at the end if it still lives."""
    arguments = ["-c", program] if program else [*command(data), *flags]
    with anyio.fail_after(LIMIT_S):
        process = await anyio.open_process([sys.executable, *arguments], stdin=PIPE, stdout=PIPE, stderr=PIPE)
        try:
            yield RawServer(process)
        finally:
            with anyio.CancelScope(shield=True):
                if process.returncode is None:
                    process.kill()
                await process.wait()
                await process.aclose()


class LeaseRow(NamedTuple):
    """The lease of a store's only session: the run that began, 0 for none, and who waits."""

    run: int
    waiting: str


def lease(data: Path) -> LeaseRow:
    """The lease as it stands in a server's database."""
    with closing(sqlite3.connect(data / "sessions.db")) as connection:
        row = connection.execute("SELECT run, waiting FROM lease").fetchone()
    return LeaseRow(*row) if row else LeaseRow(0, "")


def ended(processes: list[psutil.Process], within_s: float) -> bool:
    """Whether all of them ended in time. A zombie has: when an orphan is reaped is the system's business, and may take seconds."""
    deadline = time.monotonic() + within_s
    while any(map(_lives, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)  # they are no children of ours: their end is no event that we could wait for
    return True


async def gone(processes: list[psutil.Process], within_s: float) -> bool:
    """`ended`, without holding up what else goes on."""
    return await anyio.to_thread.run_sync(ended, processes, within_s)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
