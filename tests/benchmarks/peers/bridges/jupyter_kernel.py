# pyright: basic, reportMissingImports=false
"""A Jupyter kernel, by jupyter_client."""

import asyncio
import json
import sys
from typing import Any

from bridge import Bridge
from jupyter_client.manager import AsyncKernelManager

LATE_S = 1.0  # the deno kernel publishes one result in some hundred after it said that it is idle, and as another request's


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
        """All that is published until the kernel is idle again; a result that it publishes after that, within LATE_S, too."""
        request, said, idle = self.client.execute(code), [], False
        while not idle or not said:
            message = await self._published(LATE_S if idle else None)
            if message is None:
                break
            own = message["parent_header"].get("msg_id") == request
            if message["msg_type"] in ("stream", "execute_result", "display_data", "error") and (own or idle):
                said.append({"kind": message["msg_type"], **message["content"]})
            idle = idle or (own and message["msg_type"] == "status" and message["content"]["execution_state"] == "idle")
        return json.dumps(said)

    async def _published(self, within_s: float | None) -> Any:
        try:
            return await asyncio.wait_for(self.client.get_iopub_msg(timeout=None), within_s)
        except TimeoutError:
            return None

    async def interrupt(self) -> None:
        await self.manager.interrupt_kernel()

    async def stop(self) -> None:
        await self.manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    asyncio.run(Bridge(Kernel(sys.argv[1])).serve())
