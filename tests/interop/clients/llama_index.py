"""LlamaIndex: it starts a server for each call."""

import asyncio
from typing import Any

from conversation import Read, hold

# docs/clients.md shows from here
from llama_index.tools.mcp import BasicMCPClient, McpToolSpec

client = BasicMCPClient("mcp-codeexec", args=[], timeout=60)
tool_spec = McpToolSpec(client)
# to here


async def main() -> None:
    """Each tool gives what the agent puts before its model."""
    tools = {tool.metadata.get_name(): tool for tool in await tool_spec.to_tool_list_async()}

    async def call(name: str, arguments: dict[str, Any]) -> Read:
        output = await tools[name].acall(**arguments)
        return Read(output.content, "is_error=True" in output.content)  # the whole result, as Python prints it

    await hold(["llama-index-tools-mcp", "mcp"], tools, call)


asyncio.run(main())
