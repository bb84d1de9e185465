"""Pydantic AI: an agent, with a function in the place of its model."""

import asyncio
from typing import Any

from conversation import Read, hold
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, RetryPromptPart, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

# docs/clients.md shows from here
from fastmcp.client.transports import StdioTransport
from pydantic_ai.mcp import MCPToolset

toolset = MCPToolset(StdioTransport("mcp-codeexec", []), tool_error_behavior="failed")
# to here


async def main() -> None:
    """One run of the agent for each call; what the second request holds is what the model reads."""
    planned: tuple[str, dict[str, Any]] = "", {}
    tools: list[str] = []
    read: list[Read] = []

    def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        tools[:] = [tool.name for tool in info.function_tools]
        for part in messages[-1].parts:
            if isinstance(part, RetryPromptPart):
                raise AssertionError(f"a retry was spent: {part.model_response()}")
            if isinstance(part, ToolReturnPart):
                read.append(Read(part.model_response_str(), part.outcome == "failed"))
                return ModelResponse(parts=[TextPart("done")])
        return ModelResponse(parts=[ToolCallPart(*planned)])

    agent = Agent(FunctionModel(model), toolsets=[toolset])

    async def call(name: str, arguments: dict[str, Any]) -> Read:
        nonlocal planned
        planned = name, arguments
        await agent.run("go on")
        return read[-1]

    async with agent:
        await hold(["pydantic-ai-slim", "mcp"], tools, call)


asyncio.run(main())
