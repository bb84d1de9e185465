"""OpenAI Agents: an agent, with a script in the place of its model."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage
from agents.items import TResponseStreamEvent
from conversation import Read, hold
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

# docs/clients.md shows from here
from agents.mcp import MCPServerStdio

server = MCPServerStdio(params={"command": "mcp-codeexec", "args": []}, client_session_timeout_seconds=60)
# to here


class Script(Model):
    """Asks for the planned call, reads its output, and is done."""

    def __init__(self) -> None:
        self.planned: tuple[str, dict[str, Any]] = "", {}
        self.tools: list[str] = []
        self.read = ""

    async def get_response(self, *args: Any, **asked: Any) -> ModelResponse:
        self.tools[:] = [tool.name for tool in asked["tools"]]
        last = asked["input"][-1]
        if last.get("type") == "function_call_output":
            output = last["output"]
            self.read = output if isinstance(output, str) else "\n".join(part["text"] for part in output)
            text = ResponseOutputText(type="output_text", text="done", annotations=[])
            said: Any = ResponseOutputMessage(id="m", type="message", role="assistant", status="completed", content=[text])
        else:
            name, arguments = self.planned
            said = ResponseFunctionToolCall(type="function_call", call_id="c", name=name, arguments=json.dumps(arguments))
        return ModelResponse(output=[said], usage=Usage(), response_id=None)

    def stream_response(self, *args: Any, **kwargs: Any) -> AsyncIterator[TResponseStreamEvent]:
        raise NotImplementedError


async def main() -> None:
    """One run of the agent for each call; what the second request holds is what the model reads."""
    model = Script()

    async def call(name: str, arguments: dict[str, Any]) -> Read:
        model.planned = name, arguments
        await Runner.run(agent, "go on", run_config=RunConfig(tracing_disabled=True))
        return Read(model.read, None)

    async with server:
        agent = Agent(name="tester", model=model, mcp_servers=[server])
        await hold(["openai-agents", "mcp"], model.tools, call)


asyncio.run(main())
