"""FastMCP's client."""

import asyncio
from typing import Any

from conversation import Read, hold

# docs/clients.md shows from here
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

client = Client(StdioTransport("mcp-codeexec", []))
# to here


async def main() -> None:
    """The client raises on an error; an agent that is built on it shows the model the text."""

    async def call(name: str, arguments: dict[str, Any]) -> Read:
        result = await client.call_tool(name, arguments, raise_on_error=False)
        return Read("\n".join(block.text for block in result.content), result.is_error)

    async with client:
        await hold(["fastmcp", "mcp"], [tool.name for tool in await client.list_tools()], call)


asyncio.run(main())
