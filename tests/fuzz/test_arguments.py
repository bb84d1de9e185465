"""Any arguments of the three tools: always an answer, in both channels, and never more of us than we meant to say."""

import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client

from mcp_codeexec import Engine
from mcp_codeexec.server.app import build_server
from mcp_codeexec.settings import Settings
from tests.fuzz.profile import examples
from tests.fuzz.programs import cut_up, token_soup
from tests.integration.stdio import structure_of, text_of

SETTINGS = Settings.load({"ephemeral": True, "spare_workers": 1, "live_sessions": 2, "max_timeout_ms": 2_000, "timeout_ms": 300})
HERE = "the session that is there"
OURS = ("InternalError", "Traceback", "site-packages", "mcp_codeexec/", "session_worker", str(Path(__file__).parents[2]))

whole = st.sampled_from([0, 1, 2, 3, -1, 50, 10**9, 2**31, 10**30]) | st.integers()
words = st.text(max_size=20)
scalars = st.one_of(st.none(), st.booleans(), whole, st.floats(allow_nan=False, allow_infinity=False), words)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
ids = st.sampled_from([HERE, HERE, HERE, "", "ses_" + "A" * 22]) | words
path = st.lists(st.sampled_from(["a", ".", "[", "]", "0", "-1", '"b c"', "'", "\\", "m", "é", "length"]), max_size=6).map("".join)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "code": token_soup | cut_up() | words,
    "session_id": ids,
    "timeout_ms": st.sampled_from([0, 1, 50, 300]) | whole,
    "name": st.sampled_from(["o", "n", "long", "", "no"]) | words,
    "path": path | words,
    "offset": whole,
    "limit": whole,
    "run": whole,
    "part": st.sampled_from(["code", "value", "output", "error", "answer", ""]) | words,
    "cursor": st.sampled_from(["", "1", "2"]) | words,
}
TOOLS = {
    "execute_code": ("code", "session_id", "timeout_ms"),
    "get_variable": ("session_id", "name", "path", "offset", "limit"),
    "session_history": ("session_id", "run", "part", "offset", "limit", "cursor"),
}


@st.composite
def likely(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Arguments of the right names and types, of which some are right."""
    tool = draw(st.sampled_from(list(TOOLS)))
    return tool, draw(st.fixed_dictionaries({}, optional={name: LIKELY[name] for name in TOOLS[tool]}))


unlikely = st.tuples(
    st.sampled_from([*TOOLS, "execute", ""]),
    st.dictionaries(st.sampled_from(list(LIKELY)) | st.text(max_size=12), anything, max_size=5),
)


@pytest.fixture(scope="module")
async def client() -> AsyncGenerator[Client]:
    """The server, without a process of its own."""
    async with Client(build_server(SETTINGS, lambda: Engine(SETTINGS))) as client:
        yield client


@pytest.fixture(scope="module")
async def session(client: Client) -> str:
    """A session with some variables and a run of every kind."""
    first = "const o = { a: [1, { 'b c': 'é' }], m: new Map([['a', 0]]) }, n = 5n, long = 'x'.repeat(9_000); console.log(long); o"
    session: str = structure_of(await client.call_tool("execute_code", {"code": first}))["session_id"]
    for code in ("null.x", "require('fs')"):
        await client.call_tool("execute_code", {"code": code, "session_id": session})
    return session


def meant(arguments: Mapping[str, Any], session: str) -> dict[str, Any]:
    return {name: session if value == HERE else value for name, value in arguments.items()}


@examples(300, 5_000)
@given(asked=likely() | unlikely)
async def test_any_arguments_get_an_answer(client: Client, session: str, asked: tuple[str, dict[str, Any]]) -> None:
    tool, arguments = asked
    result = await client.call_tool(tool, meant(arguments, session))
    text, structure = text_of(result), structure_of(result)
    assert text
    assert structure
    assert len(text) < 2 * SETTINGS.answer_chars
    for ours in OURS:
        assert ours not in text + json.dumps(structure)
    assert bool(result.is_error) == (structure.get("status", "ok") != "ok")
