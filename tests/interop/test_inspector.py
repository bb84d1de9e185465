"""The MCP Inspector's command line from npm: schemas under its strict check, and each tool in both protocol eras, a process per call."""

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from tests.interop.conversation import UNKNOWN
from tests.interop.frameworks import NODE, surroundings

ROOT = Path(__file__).resolve().parents[2]
CALL_S = 120
DONE, TOOL_FAILED = 0, 5  # the Inspector's exit codes


@dataclass(frozen=True, slots=True)
class Inspector:
    """Its command line, for one era and one folder of data."""

    era: str
    home: Path

    def run(self, method: str, *more: str, target: Sequence[str] = ("mcp-codeexec",)) -> subprocess.CompletedProcess[str]:
        env = surroundings(self.home)
        env |= {"PATH": f"{NODE}:{env['PATH']}", "MCP_INSPECTOR_SECRET_STORE": "memory"}
        flags = ["--protocol-era", self.era, "--format", "json"]
        command = [NODE / "mcp-inspector", "--cli", *target, "--method", method, *flags, *more]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=CALL_S, env=env, cwd=self.home)

    def call(self, tool: str, **arguments: object) -> tuple[int, str, dict[str, Any]]:
        """Exit code, text and structure of a call."""
        given = [f"--tool-arg={name}={json.dumps(value)}" for name, value in arguments.items()]  # what is JSON is taken as that
        ran = self.run("tools/call", "--tool-name", tool, *given)
        result = json.loads(ran.stdout)["result"]
        return ran.returncode, result["content"][0]["text"], result["structuredContent"]


@pytest.fixture(params=["legacy", "modern"])
def inspector(request: pytest.FixtureRequest, tmp_path: Path, report: Callable[[str, str], None]) -> Inspector:
    """The Inspector in one era, with a store of its own."""
    version = json.loads((NODE.parent / "@modelcontextprotocol/inspector/package.json").read_text("utf-8"))["version"]
    report(
        "test_inspector.py",
        f"MCP Inspector {version} --cli, legacy and modern: tools/list --strict, tools/call of each tool, failures",
    )
    return Inspector(cast("str", request.param), tmp_path)


def test_the_strict_check_of_the_schemas_finds_no_error(inspector: Inspector) -> None:
    listed = inspector.run("tools/list", "--strict")
    assert listed.returncode == DONE, listed.stderr
    assert "0 errors" in listed.stderr
    assert [tool["name"] for tool in json.loads(listed.stdout)["result"]["tools"]] == [
        "execute_code",
        "get_variable",
        "session_history",
    ]


def test_the_block_for_claude_desktop_and_cursor_starts_the_server(inspector: Inspector) -> None:
    page = (ROOT / "docs" / "clients.md").read_text("utf-8")
    config = inspector.home / "mcp.json"
    config.write_text(next(text for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL) if "mcpServers" in text), "utf-8")
    listed = inspector.run("tools/list", target=["--config", str(config), "--server", "codeexec"])
    assert listed.returncode == DONE, listed.stderr
    assert len(json.loads(listed.stdout)["result"]["tools"]) == 3


def test_each_tool_answers_and_a_session_outlives_the_process(inspector: Inspector) -> None:
    code, text, first = inspector.call("execute_code", code="const basket = [9.5, 20]; basket.length")
    assert (code, first["value"]) == (DONE, 2)
    assert "value: 2" in text
    session = first["session_id"]
    code, text, again = inspector.call("execute_code", code="basket[0] + basket[1]", session_id=session, timeout_ms=2_000)
    assert (code, again["value"], again["state"]) == (DONE, 29.5, "restored")
    assert "value: 29.5" in text
    code, text, variable = inspector.call("get_variable", session_id=session, name="basket", path="[1]")
    assert (code, variable["value"]) == (DONE, 20)
    assert "basket[1]" in text
    code, text, history = inspector.call("session_history", session_id=session, limit=5)
    assert (code, [run["run"] for run in history["runs"]]) == (DONE, [2, 1])
    assert "run 2 · ok" in text


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ({"code": "const a = 1;\nnull.x"}, "error", "(line 2, column 6)"),
        ({"code": "require('fs')"}, "rejected", "nothing ran, nothing changed"),
        ({"code": "1", "session_id": UNKNOWN}, "not_run", f"there is no session {UNKNOWN}"),
    ],
)
def test_a_failure_is_a_failed_call_with_the_whole_answer(
    inspector: Inspector, arguments: dict[str, str], status: str, said: str
) -> None:
    code, text, answer = inspector.call("execute_code", **arguments)
    assert (code, answer["status"]) == (TOOL_FAILED, status)
    assert said in text
