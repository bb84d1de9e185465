"""What is no server, behind lines of JSON-RPC. Bridges run in a peer's own environment, and import nothing of this project but this."""

import asyncio
import contextlib
import json
import sys
import time
from typing import Any, Protocol


class Runner(Protocol):
    """What runs code; one run at a time."""

    async def start(self) -> None: ...

    async def run(self, code: str) -> str: ...

    async def interrupt(self) -> None: ...

    async def stop(self) -> None: ...


class Bridge:
    """Between a runner and this process' stdin and stdout. A new run gives up the wait for the last."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._running: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                message: dict[str, Any] = json.loads(line)
                if message["method"] == "interrupt":
                    await self._runner.interrupt()
                    continue
                if self._running is not None:
                    self._running.cancel()
                self._running = asyncio.create_task(self._answer(message))
        finally:
            with contextlib.suppress(Exception):
                await self._runner.stop()

    async def _answer(self, message: dict[str, Any]) -> None:
        began = time.perf_counter()
        text = await self._runner.run(message["params"]["code"]) if message["method"] == "run" else await self._runner.start()
        result = {"ms": (time.perf_counter() - began) * 1_000, "text": text}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
