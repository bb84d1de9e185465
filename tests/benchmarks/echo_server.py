"""The floor: the same SDK, one tool that gives back what it gets."""

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams, TextContent, Tool

Context = ServerRequestContext[dict[str, object]]


async def list_tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
    schema = {"type": "object", "properties": {"code": {"type": "string"}}}
    return ListToolsResult(tools=[Tool(name="execute_code", input_schema=schema)])


async def call_tool(_: Context, params: CallToolRequestParams) -> CallToolResult:
    text = str((params.arguments or {}).get("code"))
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content={"session_id": "", "value": text})


async def main() -> None:
    server = Server("echo", on_list_tools=list_tools, on_call_tool=call_tool)
    async with stdio_server() as (source, sink):
        await server.run(source, sink, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(main)
