"""A session for tests: programs are written by hand, in the two texts that a worker takes, and run one after the other."""

import asyncio
import itertools
from collections.abc import Callable, Mapping

import anyio
import psutil

from mcp_codeexec.model import Kind, Position, Program, RawRun, declaration
from mcp_codeexec.ports import HostCall
from mcp_codeexec.runtime.worker import Job, SessionWorker

EVENTUALLY_S = 10.0


def program(body: str, *names: str, known: Mapping[str, Kind] | None = None) -> Program:
    """`names` are declared by it, unless the session knows them, and reported."""
    fresh = [name for name in names if name not in (known or {})]
    return Program(declaration(fresh), body, dict.fromkeys(names, "let"), frozenset(names), Position)


class Session:
    """Runs bodies in one worker, numbered from 1."""

    def __init__(self, worker: SessionWorker) -> None:
        self.worker = worker
        self._serial = itertools.count(1)

    @property
    def pid(self) -> int:
        return self.worker.process.pid

    def job(self, body: str, *names: str, ms: int = 5_000, host: Mapping[str, HostCall] | None = None) -> Job:
        known = dict(self.worker.names)
        return Job(next(self._serial), program(body, *names, known=known), ms, known, host or {})

    async def run(self, body: str, *names: str, ms: int = 5_000, host: Mapping[str, HostCall] | None = None) -> RawRun:
        return await self.worker.run(self.job(body, *names, ms=ms, host=host))

    async def text(self, expression: str) -> str:
        """How the worker prints an expression's value; a string as it is."""
        raw = await self.run(f"return ({expression})")
        assert raw.value is not None, raw
        return raw.value.text

    async def json(self, expression: str) -> str:
        """The JSON text of an expression's value; empty where it is not plain data."""
        raw = await self.run(f"return ({expression})")
        assert raw.value is not None, raw
        return raw.value.json


async def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds that will hold, however busy the machine is; bounded."""
    with anyio.fail_after(EVENTUALLY_S):
        while not holds():  # noqa: ASYNC110 - the kernel's states have no event to wait for
            await asyncio.sleep(0.005)


def there(pid: int) -> bool:
    """Whether a process is running, or waits to be reaped."""
    return psutil.pid_exists(pid)


def children() -> set[int]:
    """Processes of ours that are there now, zombies included."""
    return {child.pid for child in psutil.Process().children()}
