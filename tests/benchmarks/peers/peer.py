"""A peer as the measurements see it: something that runs code, whatever it is spoken to by."""

import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from tests.benchmarks.peers.rpc import RpcProcess

START_S, BRIDGES = 60.0, Path(__file__).with_name("bridges")


@dataclass(frozen=True, slots=True)
class Said:
    """What came back of a run: all of it as it crossed the wire; empty where nothing came in time."""

    text: str
    ms: float


class Peer(Protocol):
    """Lives from `open` to `close`, and may be opened again: then it is another process with the same folder."""

    async def open(self) -> float:
        """Start it; milliseconds until it takes code. Raises NotStarted."""
        ...

    async def run(self, code: str, within_s: float) -> Said: ...

    async def cancel(self) -> None:
        """Give up the run that is under way, as its protocol has it."""
        ...

    def processes(self) -> list[psutil.Process]: ...

    async def close(self) -> None: ...


class NotStarted(Exception):
    """A peer that took no code in time; says how it ended."""


class McpPeer:
    """An MCP server over stdio, by the handshake that all of them know."""

    def __init__(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str], tool: str) -> None:
        self._rpc = RpcProcess(argv, folder, environment)
        self._tool, self._session = tool, ""

    async def open(self) -> float:
        began = time.perf_counter()
        await self._rpc.open()
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        if not await self._rpc.request("initialize", hello, START_S):
            code = self._rpc.exit_code
            await self._rpc.close()
            raise NotStarted(f"no handshake within {START_S:.0f} s" if code is None else f"ended with exit code {code}")
        self._rpc.notify("notifications/initialized", {})
        return (time.perf_counter() - began) * 1_000

    async def run(self, code: str, within_s: float) -> Said:
        arguments = {"code": code} | ({"session_id": self._session} if self._session else {})
        began = time.perf_counter()
        text = await self._rpc.request("tools/call", {"name": self._tool, "arguments": arguments}, within_s)
        took = (time.perf_counter() - began) * 1_000
        with contextlib.suppress(ValueError, KeyError, TypeError):
            self._session = self._session or json.loads(text)["result"]["structuredContent"]["session_id"]
        return Said(text, took)

    async def cancel(self) -> None:
        self._rpc.notify("notifications/cancelled", {"requestId": self._rpc.serial, "reason": "not wanted any more"})

    def processes(self) -> list[psutil.Process]:
        return self._rpc.processes()

    async def close(self) -> None:
        await self._rpc.close()


class BridgedPeer:
    """What is no server, by a bridge in an environment that has it. The bridge has the clock, and is not counted."""

    def __init__(self, python: str, bridge: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        """`bridge` is a file of bridges/ and its arguments."""
        self._rpc = RpcProcess([python, str(BRIDGES / bridge[0]), *bridge[1:]], folder, environment)

    async def open(self) -> float:
        await self._rpc.open()
        answer = await self._ask("start", {}, START_S)
        if not answer:
            await self._rpc.close()
            raise NotStarted(f"not ready within {START_S:.0f} s")
        return float(answer["ms"])

    async def run(self, code: str, within_s: float) -> Said:
        answer = await self._ask("run", {"code": code}, within_s)
        return Said(answer["text"], float(answer["ms"])) if answer else Said("", within_s * 1_000)

    async def cancel(self) -> None:
        self._rpc.notify("interrupt", {})

    def processes(self) -> list[psutil.Process]:
        return self._rpc.processes()[1:]

    async def close(self) -> None:
        await self._rpc.close()

    async def _ask(self, method: str, params: Mapping[str, Any], within_s: float) -> dict[str, Any]:
        line = await self._rpc.request(method, params, within_s)
        return json.loads(line).get("result", {}) if line else {}
