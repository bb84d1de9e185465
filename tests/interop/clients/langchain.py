"""LangChain: it starts a server for each call."""

import asyncio
from typing import Any

from conversation import Read, hold

# docs/clients.md shows from here
from langchain_mcp_adapters.client import MultiServerMCPClient

client = MultiServerMCPClient({"codeexec": {"transport": "stdio", "command": "mcp-codeexec", "args": []}})
# to here


async def main() -> None:
    """Each tool makes a message for the model out of a call of the model."""
    tools = {tool.name: tool for tool in await client.get_tools()}

    async def call(name: str, arguments: dict[str, Any]) -> Read:
        message = await tools[name].ainvoke({"type": "tool_call", "id": "1", "name": name, "args": arguments})
        return Read(message.text, message.status == "error")

    await hold(["langchain-mcp-adapters", "mcp"], tools, call)


asyncio.run(main())
