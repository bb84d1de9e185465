# pyright: basic, reportMissingImports=false
"""A Jupyter kernel, by jupyter_client."""

import asyncio
import json
import sys
from typing import Any

from bridge import Bridge
from jupyter_client.manager import AsyncKernelManager


class Kernel:
    """One kernel and the client of it."""

    def __init__(self, name: str) -> None:
        self.manager = AsyncKernelManager(kernel_name=name)
        self.client: Any = None

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

    async def interrupt(self) -> None:
        await self.manager.interrupt_kernel()

    async def stop(self) -> None:
        await self.manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    asyncio.run(Bridge(Kernel(sys.argv[1])).serve())
