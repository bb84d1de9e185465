"""The MCP server: three tools over one engine. Every fact goes into both channels, `content` and `structuredContent`.

Built on the SDK's lower layer: three tools, nothing else advertised, and our own words for wrong arguments.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams, TextContent, Tool

from mcp_codeexec import __version__
from mcp_codeexec.answers import Answer, ErrorInfo, Failure, Outcome
from mcp_codeexec.engine import Engine
from mcp_codeexec.errors import CodeExecError, Withheld
from mcp_codeexec.model import Stage
from mcp_codeexec.server.text import render
from mcp_codeexec.server.tools import TOOLS
from mcp_codeexec.settings import Settings

log = logging.getLogger(__name__)

Context = ServerRequestContext[Engine, Any]

INSTRUCTIONS = """\
Work in code: execute_code runs TypeScript in a session that keeps its variables. Start without session_id and carry the returned id \
along. When an answer was cut, its `rest` names the call that fetches more (get_variable, session_history): never run code again just to \
read its result again."""
_CRASH = "an internal error; nothing more of it is shown."
_BEAT_S = 2.0


def build_server(settings: Settings, make_engine: Callable[[], Engine]) -> Server[Engine]:
    """A server for one or more connections of one process; each entering of its lifespan makes an engine."""

    @cache
    def definitions(inputs: tuple[str, ...]) -> list[Tool]:  # only when they are asked for: the schemas take as long as ten calls
        return [spec.definition(name, settings, inputs) for name, spec in TOOLS.items()]

    @asynccontextmanager
    async def lifespan(_: Server[Engine]) -> AsyncGenerator[Engine]:
        async with make_engine() as engine:  # returns at once: nothing may delay the handshake
            yield engine

    async def list_tools(ctx: Context, _: PaginatedRequestParams | None) -> ListToolsResult:
        inputs: list[str] = []
        if settings.input:
            with contextlib.suppress(Withheld):  # files.list() names them, or says why it does not
                inputs = await ctx.lifespan_context.offered_files()
        return ListToolsResult(tools=definitions(tuple(inputs)))

    async def call_tool(ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        return _result(await _answer(ctx, params))

    return Server(
        "mcp-codeexec",
        version=__version__,
        title="Code execution",
        description="Runs a model's TypeScript in a sandbox, keeps its variables, filters what comes back.",
        instructions=INSTRUCTIONS,
        lifespan=lifespan,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def _answer(ctx: Context, params: CallToolRequestParams) -> Answer:
    """The tool's answer, or the failure that stands for it. Only a cancellation gets out."""
    arguments = params.arguments or {}
    session_id = arguments.get("session_id", "")
    try:
        spec = TOOLS.get(params.name)
        if spec is None:
            return _failure("UnknownTool", f"there is no tool {params.name[:80]!r}.", f"There are {', '.join(TOOLS)}.")
        async with _progress(ctx) as on_stage:
            return await spec.call(params.name, arguments, ctx.lifespan_context, on_stage)
    except CodeExecError as exc:
        status = "withheld" if isinstance(exc, Withheld) else "not_run"
        return _failure(type(exc).__name__, str(exc), exc.hint, session_id=session_id, status=status)
    except Exception:
        log.exception("call failed")
        return _failure(
            "InternalError", _CRASH, "Try again; session_history tells whether the run was kept.", session_id=session_id
        )


@asynccontextmanager
async def _progress(ctx: Context) -> AsyncGenerator[Callable[[Stage], None]]:
    """Tells how far a call is, at its start and every two seconds; a client that did not ask for it hears nothing."""
    stages: list[Stage] = ["queued"]

    async def beat() -> None:
        seconds = 0
        while True:
            stage = stages[-1]
            said = f"running {seconds} s" if stage == "executing" else f"{stage}, {seconds} s"
            with contextlib.suppress(Exception):  # a client that is gone ends the call by itself
                await ctx.session.report_progress(seconds, None, said)
            await asyncio.sleep(_BEAT_S)
            seconds += int(_BEAT_S)

    task = asyncio.create_task(beat())
    try:
        yield stages.append
    finally:
        task.cancel()


def _failure(name: str, message: str, hint: str, *, session_id: object = "", status: Any = "not_run") -> Failure:
    fields: dict[str, object] = {"status": status, "error": ErrorInfo(name=name, message=message)}
    if hint:
        fields["hint"] = hint
    if isinstance(session_id, str) and session_id.startswith("ses_") and len(session_id) < 40:
        fields["session_id"] = session_id
    return Failure.model_validate(fields)


def _result(answer: Answer) -> CallToolResult:
    failed = isinstance(answer, Failure) or (isinstance(answer, Outcome) and answer.status != "ok")
    return CallToolResult(
        content=[TextContent(type="text", text=render(answer))], structured_content=answer.structure(), is_error=failed
    )
