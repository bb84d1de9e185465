"""The product as its users meet it: a server process, real stdio, the SDK's client in both protocol eras."""

import json
import sys
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError

from tests.integration.stdio import ERAS, LIMIT_S, command, connected, structure_of, text_of

pytestmark = pytest.mark.parametrize("era", ERAS)


async def ask(client: Client, tool: str, **arguments: Any) -> tuple[bool, str, dict[str, Any]]:
    """isError, text and structure of a call."""
    result = await client.call_tool(tool, arguments)
    return bool(result.is_error), text_of(result), structure_of(result)


async def test_exactly_three_tools_are_offered_with_plain_schemas(era: str) -> None:
    async with connected(era) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools) == ["execute_code", "get_variable", "session_history"]
    for tool in tools.values():
        assert tool.output_schema is not None
        assert tool.description is not None
        assert len(tool.description.encode()) <= 2_048
        assert tool.input_schema["additionalProperties"] is False
        assert "anyOf" not in json.dumps(tool.input_schema)
        assert tool.annotations is not None
        assert tool.annotations.open_world_hint is False
        assert tool.annotations.destructive_hint is False
        assert tool.annotations.read_only_hint is (tool.name != "execute_code")
    assert tools["execute_code"].input_schema["required"] == ["code"]
    assert tools["execute_code"].input_schema["properties"]["timeout_ms"]["maximum"] == 50_000


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("execute_code", {"code": "null.x"}),
        ("execute_code", {"code": "let = ="}),
        ("execute_code", {"code": "require('fs')"}),
        ("execute_code", {"code": "1", "session_id": "ses_AAAAAAAAAAAAAAAAAAAAAA"}),
        ("execute_code", {}),
        ("get_variable", {}),
        ("get_variable", {"session_id": "ses_AAAAAAAAAAAAAAAAAAAAAA"}),
        ("session_history", {"session_id": "ses_AAAAAAAAAAAAAAAAAAAAAA"}),
        ("session_history", {"run": -1}),
    ],
)
async def test_a_failure_fits_the_published_schema(era: str, tool: str, arguments: dict[str, Any]) -> None:
    async with connected(era) as client:
        schema = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}[tool]
        failed, _, answer = await ask(client, tool, **arguments)
    assert failed
    jsonschema.validate(answer, schema or {})


async def test_an_analysis_in_several_calls_uses_earlier_variables(era: str) -> None:
    async with connected(era) as client:
        _, _, first = await ask(client, "execute_code", code="const rows: {n: number}[] = [1, 2, 3].map(n => ({n}));\nrows.length")
        session = first["session_id"]
        assert first["value"] == 3
        failed, text, second = await ask(
            client, "execute_code", session_id=session, code="const sum = rows.reduce((s, r) => s + r.n, 0); sum"
        )
        assert not failed
        assert (second["run"], second["status"], second["value"]) == (2, "ok", 6)
        assert text.splitlines()[0].startswith(f"{session} · run 2 · ok · ")
        assert "value: 6" in text
        _, text, page = await ask(client, "get_variable", session_id=session, name="rows", offset=1, limit=1)
        assert (page["value"], page["offset"], page["count"], page["total"], page["unit"]) == ([{"n": 2}], 1, 1, 3, "items")
        assert page["next"] in text
        _, text, table = await ask(client, "get_variable", session_id=session)
        assert [row["name"] for row in table["variables"]] == ["rows", "sum"]
        assert all(row["name"] in text for row in table["variables"])
        _, text, history = await ask(client, "session_history", session_id=session)
        assert [(row["run"], row["status"]) for row in history["runs"]] == [(2, "ok"), (1, "ok")]
        _, _, sessions = await ask(client, "session_history")
        assert [row["session_id"] for row in sessions["sessions"]] == [session]
        _, text, run = await ask(client, "session_history", session_id=session, run=2)
        assert {**run["answer"], "usage": second["usage"]} == second
        assert run["answer"]["usage"].items() >= second["usage"].items()
        assert "rows.reduce" in text


FAILURES: list[tuple[str, dict[str, Any], str, str]] = [
    ("throws", {"code": "let a = 1;\nnull.x"}, "error", "(line 2, column 6)"),
    ("does not parse", {"code": "let a = ;"}, "error", "(line 1, column 9)"),
    ("is refused", {"code": "require('fs')"}, "rejected", "line 1, column 1  no-require"),
    ("hangs", {"code": "for (;;) {}", "timeout_ms": 100}, "timeout", "Stopped after 100 ms"),
    ("never settles", {"code": "await new Promise(() => {})", "timeout_ms": 100}, "timeout", "waiting for a promise"),
    ("needs too much", {"code": "const a = []; for (;;) a.push({a: 1})"}, "memory_limit", "more than 100 MB"),
]


@pytest.mark.parametrize(("arguments", "status", "said"), [case[1:] for case in FAILURES], ids=[case[0] for case in FAILURES])
async def test_a_failed_run_is_an_error_in_both_channels(era: str, arguments: dict[str, Any], status: str, said: str) -> None:
    async with connected(era) as client:
        failed, text, answer = await ask(client, "execute_code", **arguments)
        assert failed
        assert answer["status"] == status
        assert said in text
        assert text.startswith(f"{answer['session_id']} · run 1 · {status}")
        for fact in (answer.get("hint", ""), answer.get("error", {}).get("message", ""), *answer.get("lost", [])):
            assert fact in text or status == "rejected"
        failed, _, again = await ask(client, "execute_code", code="1 + 1", session_id=answer["session_id"])
        assert (failed, again["value"], again["run"]) == (False, 2, 2)


WRONG: list[tuple[str, str, dict[str, Any], str]] = [
    ("an unknown argument", "execute_code", {"code": "1", "session": "x"}, "there is no argument 'session'"),
    ("a missing argument", "execute_code", {}, "code is missing"),
    ("a wrong type", "execute_code", {"code": 5}, "code: "),
    ("too long a limit", "execute_code", {"code": "1", "timeout_ms": 50_001}, "it can be 1 to 50000"),
    (
        "an unknown session",
        "execute_code",
        {"code": "1", "session_id": "ses_nope"},
        "there is no session ses_nope (sessions are kept 7 days).",
    ),
    ("a session of no one", "get_variable", {"session_id": "ses_" + "A" * 22}, "there is no session"),
    ("a negative offset", "get_variable", {"session_id": "ses_" + "A" * 22, "offset": -1}, "offset: "),
    ("a part without a run", "session_history", {"part": "code"}, "need a session_id"),
    ("an unknown tool", "run_python", {"code": "1"}, "there is no tool 'run_python'"),
]


@pytest.mark.parametrize(("tool", "arguments", "said"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
async def test_wrong_arguments_run_nothing_and_say_what_is_wrong(era: str, tool: str, arguments: dict[str, Any], said: str) -> None:
    async with connected(era) as client:
        failed, text, answer = await ask(client, tool, **arguments)
        assert failed
        assert text.startswith("not run: ")
        assert said in text
        assert answer["status"] == "not_run"
        assert answer["error"]["message"] in text
        assert answer.get("hint", "") in text
        _, _, sessions = await ask(client, "session_history")
        assert sessions.get("sessions", []) == []


async def test_secrets_and_personal_data_are_hidden_on_every_path(era: str) -> None:
    key, address = "ghp_" + "a1B2c3D4e5" * 3 + "F6g7H8", "ann.lee@example.com"
    async with connected(era) as client:
        code = f"const o = {{['{address}']: '{address}'}};\nconsole.log('{address}', '{key}');\nconsole.error(o);\n"
        code += f"throw new Error('{address} {key}')"
        _, text, answer = await ask(client, "execute_code", code=code)
        session = answer["session_id"]
        seen = [text, json.dumps(answer)]
        for tool, arguments in [
            ("get_variable", {"name": "o"}),
            ("get_variable", {"name": "o", "limit": 12, "offset": 4}),
            ("session_history", {}),
            ("session_history", {"run": 1}),
            *[("session_history", {"run": 1, "part": part}) for part in ("code", "output", "error")],
        ]:
            _, text, more = await ask(client, tool, session_id=session, **arguments)
            seen += [text, json.dumps(more)]
        assert "[EMAIL_" in seen[0]
        assert "[REDACTED:" in seen[0]
        for text in seen:
            assert address not in text
            assert key not in text


async def test_a_large_result_stays_within_the_budget_and_names_the_rest(era: str) -> None:
    async with connected(era) as client:
        _, text, answer = await ask(client, "execute_code", code="console.log('y'.repeat(200_000)); 'x'.repeat(300_000)")
        assert len(text) < 9_000
        assert len(json.dumps(answer)) < 9_500
        cuts = {cut["part"]: cut for cut in answer["truncated"]}
        assert cuts["value"]["total"] == 300_000
        assert cuts["output"]["total"] == 200_001
        assert all(cut["get"] in text for cut in cuts.values())


async def test_cancelling_a_call_stops_its_run_and_keeps_the_session(era: str) -> None:
    async with connected(era) as client:
        _, _, first = await ask(client, "execute_code", code="let kept = 1; kept")
        session = first["session_id"]
        with anyio.move_on_after(1) as scope:
            await client.call_tool(
                "execute_code", {"code": "await new Promise(() => {})", "session_id": session, "timeout_ms": 50_000}
            )
        assert scope.cancelled_caught
        _, _, answer = await ask(client, "execute_code", code="kept + 1", session_id=session)
        assert (answer["value"], answer["run"]) == (2, 3)
        _, _, history = await ask(client, "session_history", session_id=session)
        assert [row["status"] for row in history["runs"]] == ["ok", "cancelled", "ok"]


async def test_a_long_run_tells_its_progress(era: str) -> None:
    told: list[tuple[float, str]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, message or ""))

    async with connected(era) as client:
        code = "await new Promise(resolve => setTimeout(resolve, 2_300)); 'done'"
        result = await client.call_tool("execute_code", {"code": code}, progress_callback=hear)
        assert structure_of(result)["value"] == "done"
    assert [progress for progress, _ in told] == [0, 2]
    assert told[-1][1] == "running 2 s"


async def test_sessions_outlive_the_server_process(era: str, tmp_path: Path) -> None:
    async with connected(era, tmp_path) as client:
        _, _, first = await ask(client, "execute_code", code="const rows = [1, 2]; const total = Promise.resolve(3); rows")
    async with connected(era, tmp_path) as client:
        _, text, answer = await ask(client, "execute_code", code="rows", session_id=first["session_id"])
        assert (answer["run"], answer["value"], answer["state"], answer["lost"]) == (2, [1, 2], "restored", ["total"])
        assert "lost: total" in text
        _, _, history = await ask(client, "session_history", session_id=first["session_id"])
        assert [row["run"] for row in history["runs"]] == [2, 1]


async def test_a_rejected_run_tells_in_both_channels_that_the_variables_were_brought_back(era: str, tmp_path: Path) -> None:
    async with connected(era, tmp_path) as client:
        _, _, first = await ask(client, "execute_code", code="const rows = [1, 2]; rows")
    async with connected(era, tmp_path) as client:
        _, text, answer = await ask(client, "execute_code", code="require('fs')", session_id=first["session_id"])
    assert (answer["status"], answer["state"]) == ("rejected", "restored")
    assert "The variables were brought back" in text


async def test_null_for_an_argument_that_may_be_left_out_is_left_out(era: str) -> None:
    async with connected(era) as client:
        failed, _, answer = await ask(client, "execute_code", code="1", session_id=None, timeout_ms=None)
        assert (failed, answer["value"]) == (False, 1)
        failed, text, _ = await ask(client, "execute_code", code=None)
        assert failed
        assert "code is missing" in text


async def test_absurd_numbers_cost_no_session_its_variables(era: str) -> None:
    async with connected(era) as client:
        _, _, first = await ask(client, "execute_code", code="let rows = [1, 2]; rows")
        session = first["session_id"]
        for arguments in ({"offset": 10**23}, {"limit": 2**53 + 1}, {"offset": 2**31 - 1, "limit": 2**31 - 1}):
            await ask(client, "get_variable", session_id=session, name="rows", **arguments)
        _, text, _ = await ask(client, "session_history", session_id=session, run=10**30)
        assert "run: " in text
        _, _, answer = await ask(client, "execute_code", session_id=session, code="rows")
        assert (answer["value"], answer.get("lost")) == ([1, 2], None)


async def test_without_deno_the_server_serves_and_its_calls_say_what_is_missing(era: str) -> None:
    missing = StdioServerParameters(command=sys.executable, args=[*command(None), "--deno", "/no/deno"])
    with anyio.fail_after(LIMIT_S):
        async with Client(missing, mode=era) as client:
            assert len((await client.list_tools()).tools) == 3
            for _ in range(2):  # it is tried again, and again said
                failed, text, answer = await ask(client, "execute_code", code="1")
                assert (failed, answer["status"]) == (True, "not_run")
                assert text.startswith("not run: There is no Deno at /no/deno.")
            _, _, sessions = await ask(client, "session_history")
            assert sessions.get("sessions", []) == []


async def test_an_unknown_method_is_a_protocol_error(era: str) -> None:
    async with connected(era) as client:
        with pytest.raises(MCPError):
            await client.list_prompts()
