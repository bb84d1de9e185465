# pyright: basic, reportMissingImports=false
"""A Jupyter kernel behind lines of JSON-RPC. Runs in the peer's own environment, which has jupyter_client; this project's has not."""

import asyncio
import contextlib
import json
import sys
import time
from typing import Any

from jupyter_client.manager import AsyncKernelManager


class Bridge:
    """One kernel, one run at a time: a new one gives up the wait for the last."""

    def __init__(self, name: str) -> None:
        self.manager = AsyncKernelManager(kernel_name=name)
        self.client: Any = None
        self.running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        await self.client.wait_for_ready(timeout=60)
        while "execute_result" not in await self.run("0"):  # the first results may be published before we are subscribed
            pass

    async def run(self, code: str) -> str:
        request, said = self.client.execute(code), []
        while True:
            message = await self.client.get_iopub_msg(timeout=None)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] in ("stream", "execute_result", "display_data", "error"):
                said.append({"kind": message["msg_type"], **message["content"]})
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return json.dumps(said)

    async def answer(self, message: dict[str, Any]) -> None:
        began = time.perf_counter()
        text = await self.run(message["params"]["code"]) if message["method"] == "run" else await self.start()
        result = {"ms": (time.perf_counter() - began) * 1_000, "text": text}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)

    async def serve(self) -> None:
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                message = json.loads(line)
                if message["method"] == "interrupt":
                    await self.manager.interrupt_kernel()
                    continue
                if self.running is not None:
                    self.running.cancel()
                self.running = asyncio.create_task(self.answer(message))
        finally:
            with contextlib.suppress(Exception):
                await self.manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    asyncio.run(Bridge(sys.argv[1]).serve())
