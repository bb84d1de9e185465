"""The servers that benchmarks talk to, over stdio by the SDK's own client: ours, and the floor, an echo tool of the same SDK."""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
from mcp import Client
from mcp.client.stdio import StdioServerParameters

ECHO = StdioServerParameters(command=sys.executable, args=[str(Path(__file__).with_name("echo_server.py"))])


def ours(*flags: str, data: Path | None = None) -> StdioServerParameters:
    """Our server; `data` None keeps its store in memory."""
    store = ["--ephemeral"] if data is None else ["--data-dir", str(data)]
    return StdioServerParameters(command=sys.executable, args=["-m", "mcp_codeexec", *store, *flags])


async def execute(client: Client, code: str, session: str = "") -> dict[str, Any]:
    """Run code; what the answer says as a structure."""
    arguments = {"code": code, "session_id": session} if session else {"code": code}
    return (await client.call_tool("execute_code", arguments)).structured_content or {}


@asynccontextmanager
async def connected(server: StdioServerParameters, era: Any = "auto") -> AsyncGenerator[tuple[Client, psutil.Process]]:
    """A client of the server, and the server's process."""
    before = set(psutil.Process().children())
    async with Client(server, mode=era) as client:
        (process,) = (child for child in psutil.Process().children() if child not in before and child.cmdline()[1:] == server.args)
        yield client, process
