"""The server in one process with its client: what an engine raises, and what the model then reads."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import anyio
import pytest
from mcp import Client
from mcp.types import CallToolResult, TextContent

from mcp_codeexec import Engine, logs
from mcp_codeexec.answers import HistoryAnswer, Outcome
from mcp_codeexec.errors import Busy, CodeExecError, RuntimeUnavailable, StoreUnavailable, Withheld, WorkerDied
from mcp_codeexec.model import Stage
from mcp_codeexec.server.app import INSTRUCTIONS, build_server
from mcp_codeexec.settings import Settings

SETTINGS = Settings.load({"ephemeral": True, "spare_workers": 1})
SESSION = "ses_" + "A" * 22
LIMIT_S = 30


class Raising(Engine):
    """An engine that starts nothing and fails in a way of the test's choice."""

    def __init__(self, failure: Exception) -> None:
        super().__init__(SETTINGS)
        self.failure = failure

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    async def execute(
        self, code: str, session_id: str = "", timeout_ms: int = 0, *, on_stage: Callable[[Stage], None] | None = None
    ) -> Outcome:
        raise self.failure

    async def session_history(
        self,
        session_id: str = "",
        run: int = 0,
        part: str = "",
        offset: int = 0,
        limit: int = 0,
        cursor: str = "",
        *,
        status: str = "",
    ) -> HistoryAnswer:
        raise self.failure


@asynccontextmanager
async def client_of(make_engine: Callable[[], Engine]) -> AsyncGenerator[Client]:
    with anyio.fail_after(LIMIT_S):
        async with Client(build_server(SETTINGS, make_engine)) as client:
            yield client


def both(result: CallToolResult) -> tuple[str, dict[str, Any]]:
    """Text and structure of a failed call."""
    assert result.is_error
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text, result.structured_content or {}


FAILURES: list[tuple[CodeExecError, str]] = [
    (Busy("eight calls wait already.", hint="Wait for one of them."), "not_run"),
    (RuntimeUnavailable("Deno is too old.", hint="Install 2.9."), "not_run"),
    (WorkerDied("The process ended."), "not_run"),
    (StoreUnavailable("The database is locked.", hint="Try again."), "not_run"),
    (Withheld("The answer could not be filtered.", hint="Try again."), "withheld"),
]


@pytest.mark.parametrize(("failure", "status"), FAILURES, ids=[type(failure).__name__ for failure, _ in FAILURES])
@pytest.mark.parametrize("tool", ["execute_code", "session_history"])
async def test_what_was_anticipated_is_told_in_both_channels(tool: str, failure: CodeExecError, status: str) -> None:
    async with client_of(lambda: Raising(failure)) as client:
        arguments = {"session_id": SESSION, **({"code": "1"} if tool == "execute_code" else {})}
        text, structure = both(await client.call_tool(tool, arguments))
    word = "not run" if status == "not_run" else status
    assert text == f"{word}: {failure}" + (f" {failure.hint}" if failure.hint else "")
    hint = {"hint": failure.hint} if failure.hint else {}
    error = {"name": type(failure).__name__, "message": str(failure)}
    assert structure == {"status": status, "error": error, **hint, "session_id": SESSION}


async def test_a_crash_of_ours_leaks_nothing_and_is_logged_by_type_and_place() -> None:
    secret = "the user's value 4711"
    stream = io.StringIO()
    logs.set_up("warning", stream)
    try:
        async with client_of(lambda: Raising(KeyError(secret))) as client:
            text, structure = both(await client.call_tool("execute_code", {"code": "1"}))
    finally:
        logging.getLogger(logs.ROOT).handlers.clear()
        logging.getLogger(logs.ROOT).propagate = True
    assert structure["error"]["name"] == "InternalError"
    assert "session_history" in structure["hint"]
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert (line["crash"], line["level"]) == ("KeyError", "error")
    assert line["place"].startswith(f"{__name__}:")
    for shown in (text, json.dumps(structure), stream.getvalue()):
        assert secret not in shown


@pytest.mark.parametrize("session_id", ["", "my notes", "ses_" + "x" * 60])
async def test_a_failure_repeats_only_what_looks_like_a_session(session_id: str) -> None:
    async with client_of(lambda: Raising(Busy("no."))) as client:
        _, structure = both(await client.call_tool("execute_code", {"code": "1", "session_id": session_id}))
    assert "session_id" not in structure


async def test_progress_is_told_from_the_start_of_a_call_and_not_after_it() -> None:
    told: list[tuple[float, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message))

    async with client_of(lambda: Engine(SETTINGS)) as client:
        await client.call_tool("execute_code", {"code": "1"}, progress_callback=hear)
    assert told[0] == (0, "queued, 0 s")
    assert [task for task in asyncio.all_tasks() if "beat" in repr(task.get_coro())] == []


async def test_an_unknown_tool_is_told_those_that_are_there() -> None:
    async with client_of(lambda: Raising(Busy("no."))) as client:
        text, structure = both(await client.call_tool("run_python", {"code": "1"}))
    assert text == "not run: there is no tool 'run_python'. There are execute_code, get_variable, session_history."
    assert structure["status"] == "not_run"


async def test_one_server_serves_one_client_after_another_each_with_an_engine_of_its_own() -> None:
    server = build_server(SETTINGS, lambda: Engine(SETTINGS))
    found: list[str] = []
    for _ in range(2):
        with anyio.fail_after(LIMIT_S):
            async with Client(server) as client:
                ran = await client.call_tool("execute_code", {"code": "let a = 20; a + 1"})
                assert (ran.structured_content or {})["value"] == 21
                listed: dict[str, Any] = (await client.call_tool("session_history", {})).structured_content or {}
                (row,) = listed["sessions"]
                found.append(row["session_id"])
    assert found[0] != found[1]


def test_the_instructions_fit_what_clients_read() -> None:
    assert 100 < len(INSTRUCTIONS.encode()) < 2_048
