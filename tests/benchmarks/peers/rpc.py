"""A process that is spoken to in lines of JSON-RPC. Every wait has a limit, and its end takes all its children along."""

import asyncio
import contextlib
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.process_memory import tree

LINE_BYTES = 256 * 1_048_576
LEAVE_S = 3.0


class RpcProcess:
    """Lives from `open` to `close`."""

    def __init__(self, argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._argv, self._folder, self._environment = argv, folder, environment
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self.serial = 0

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=self._folder,
            env=self._environment,
            limit=LINE_BYTES,
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._read(self._process))

    def processes(self) -> list[psutil.Process]:
        """It and all below it; none where it is gone."""
        if self._process is None or self._process.returncode is not None:
            return []
        try:
            return tree(psutil.Process(self._process.pid))
        except psutil.Error:
            return []

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode if self._process else None

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        self._send({"method": method, "params": params})

    async def request(self, method: str, params: Mapping[str, Any], within_s: float) -> str:
        """The line that answers; empty where none comes in time, or the process is gone."""
        self.serial += 1
        number = self.serial
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        try:
            return await asyncio.wait_for(future, within_s)
        except TimeoutError:
            return ""
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """Take its input away, and after a while end it and all its children."""
        all_of_it = self.processes()
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), LEAVE_S)
        for child in all_of_it:
            with contextlib.suppress(psutil.Error):
                child.kill()
        await process.wait()
        if self._reader is not None:
            await self._reader

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        with contextlib.suppress(ConnectionError, ValueError):
            async for line in process.stdout:
                text = line.decode("utf-8", "replace")
                with contextlib.suppress(ValueError, AttributeError):
                    number = json.loads(text).get("id")
                    if (future := self._waiting.get(number)) is not None and not future.done():
                        future.set_result(text)
        for future in self._waiting.values():
            if not future.done():
                future.set_result("")
