"""Any arguments of the three tools: always an answer, in both channels, and never more of us than we meant to say."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client
from mcp.types import TextContent

from mcp_codeexec import Engine
from mcp_codeexec.server.app import build_server
from mcp_codeexec.settings import Settings
from tests.fuzz.profile import fuzzed

SETTINGS = Settings.load({"ephemeral": True, "spare_workers": 1, "live_sessions": 2})
ids = st.one_of(st.just(""), st.just("ses_" + "A" * 22), st.text(max_size=30))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20))
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
NAMES = ["code", "session_id", "timeout_ms", "name", "path", "offset", "limit", "run", "part", "cursor"]
arguments = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), anything, max_size=5),
    st.dictionaries(st.text(max_size=12), anything, max_size=3),
    st.fixed_dictionaries(
        {"session_id": ids}, optional={"name": st.text(max_size=10), "path": st.text(max_size=20), "run": st.integers()}
    ),
)


@pytest.fixture(scope="module")
async def client() -> AsyncGenerator[Client]:
    """The server, without a process of its own."""
    async with Client(build_server(SETTINGS, lambda: Engine(SETTINGS))) as client:
        yield client


@fuzzed
@given(tool=st.sampled_from(["execute_code", "get_variable", "session_history", "execute", ""]), asked=arguments)
async def test_any_arguments_get_an_answer(client: Client, tool: str, asked: dict[str, Any]) -> None:
    try:
        json.dumps(asked, allow_nan=False).encode()
    except (ValueError, UnicodeEncodeError):
        return  # no JSON that a client could send
    result = await client.call_tool(tool, asked)
    text = "\n".join(block.text for block in result.content if isinstance(block, TextContent))
    said = json.dumps(result.structured_content)
    assert text
    assert result.structured_content
    for ours in ("InternalError", "Traceback", "site-packages", "mcp_codeexec/"):
        assert ours not in text + said
