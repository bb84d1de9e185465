"""What execute_code's description promises a model is so."""

import re
from pathlib import Path

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.server.tools import TOOLS
from mcp_codeexec.settings import Settings
from tests.integration.stdio import connected, structure_of
from tests.unit.filtering.samples import BY_VENDOR

TEXT = TOOLS["execute_code"].definition("execute_code", Settings.load({})).description or ""


def section(name: str) -> str:
    """The text after a heading, up to the next."""
    found = re.search(rf"^{name}  (.*?)(?=^[A-Z][A-Z ]+  |\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_description_has_its_sections() -> None:
    for name in ("SESSION", "RESULT", "LIMITS", "HAVE", "HAVE NOT", "PRIVACY", "EXAMPLE"):
        assert section(name)


async def test_the_example_gives_what_it_says(engine: Engine) -> None:
    first, then = section("EXAMPLE").split("then, with that session_id:")
    expected = re.search(r"// value (\d+)", first)
    assert expected is not None
    outcome = await engine.execute(first)
    assert outcome.value == int(expected[1])
    again = await engine.execute(then, outcome.session_id)
    assert again.value == [{"sku": "A", "qty": 2, "price": 9.5}]


async def test_what_it_has_is_there(engine: Engine) -> None:
    names = re.findall(r"\b(?:[A-Z]\w+|[a-z]\w+)\b", section("HAVE").split(": ", 1)[1].split(". UTC")[0])
    assert {"Intl", "URL", "crypto", "TextEncoder", "structuredClone"} <= set(names)
    outcome = await engine.execute("[" + ", ".join(f"typeof {name}" for name in names) + "]")
    assert isinstance(outcome.value, list)
    assert "undefined" not in outcome.value
    zone = await engine.execute("[Intl.DateTimeFormat().resolvedOptions().timeZone, new Date(0).getTimezoneOffset()]")
    assert zone.value == ["UTC", 0]


async def test_a_token_in_a_string_is_the_real_value_for_the_code_alone(engine: Engine) -> None:
    assert "[EMAIL_k3f9q2]" in section("PRIVACY")
    first = await engine.execute("const to = ['ann', 'example.com'].join('@'); to")
    again = await engine.execute(f"['{first.value}' === to, '{first.value}']", first.session_id)
    assert re.fullmatch(r"\[EMAIL_\w+\]", str(first.value))
    assert again.value == [True, first.value]


@pytest.mark.parametrize("name", ["fetch", "require", "process", "Deno", "Buffer", "eval", "Worker", "globalThis"])
async def test_what_it_has_not_is_refused_with_what_to_do_instead(engine: Engine, name: str) -> None:
    assert name in section("HAVE NOT")
    outcome = await engine.execute(f"{name}.x")
    assert outcome.status == "rejected"
    assert len(outcome.violations[0].message) > 10


@pytest.mark.parametrize("code", ['import fs from "node:fs"', 'await import("npm:lodash")', "class A { @log m() {} }"])
async def test_imports_and_decorators_are_refused(engine: Engine, code: str) -> None:
    outcome = await engine.execute(code)
    assert outcome.status == "rejected"
    assert outcome.hint == "Nothing ran, nothing changed."


async def test_types_are_not_checked(engine: Engine) -> None:
    assert (await engine.execute('const n: number = "text"; n')).value == "text"


SESSION: list[tuple[str, str, str]] = [
    ("a declaration may be repeated", "const a = 1", "class a { static x = 5 }; a.x"),
    ("a variable outlives an error", "let a = 5; throw new Error('x')", "a"),
    ("a variable outlives a time-out", "let a = 5; while (true) {}", "a"),
    ("the previous value is _", "2 + 3", "_"),
    ("a promise is awaited", "const f = async () => 5", "f()"),
    ("a final declaration gives what it declared", "1", "let {x} = {x: 5}; x"),
    ("return works", "1", "if (true) return 5; 6"),
    ("await works", "1", "await Promise.resolve(5)"),
]


@pytest.mark.parametrize(("before", "code"), [case[1:] for case in SESSION], ids=[case[0] for case in SESSION])
async def test_a_session_is_a_notebook(engine: Engine, before: str, code: str) -> None:
    first = await engine.execute(before, timeout_ms=100)
    assert (await engine.execute(code, first.session_id)).value == 5


LOSSES = ["await null; for (;;) {}", "const all = []; for (;;) all.push(new Array(1e6).fill(1.5))"]


@pytest.mark.parametrize("code", LOSSES)
async def test_a_run_that_is_killed_is_undone_and_what_a_session_may_lose_is_named(engine: Engine, code: str) -> None:
    first = await engine.execute("let a = 5; const next = (() => { let n = 0; return () => ++n })(); a")
    killed = await engine.execute(f"a = 6; {code}", first.session_id, timeout_ms=2_000)
    assert (killed.status != "ok", killed.state, killed.lost) == (True, "rolled_back", ["next"])
    assert (await engine.execute("a", first.session_id)).value == 5
    history = await engine.session_history(first.session_id)
    assert [row.run for row in history.runs] == [3, 2, 1]


async def test_the_operators_files_are_named_but_for_what_may_not_be_read(tmp_path: Path) -> None:
    names = ["rows.csv", "ann@example.com.csv", f"{BY_VENDOR['github_token']}.txt"]
    (folder := tmp_path / "in").mkdir()
    for name in names:
        (folder / name).write_text("a")
    async with connected(flags=["--input", str(folder)]) as client:
        told = (await client.list_tools()).tools[0].description or ""
        run = await client.call_tool("execute_code", {"code": "(await files.list()).map(f => f.name.replace(/.*\\//, ''))"})
    shown = '"inputs/in/[REDACTED:email]", "inputs/in/[REDACTED:github_token].txt", "inputs/in/rows.csv"'
    assert told.split("INPUTS  ")[1].split("\n")[0] == f"to read only: {shown}."
    assert re.fullmatch(r"\[EMAIL_\w+\]", structure_of(run)["value"][0]), structure_of(run)


async def test_a_name_that_is_too_long_for_the_description_takes_no_place_in_it(tmp_path: Path) -> None:
    names = [*("a" * 80 + f"{i}.csv" for i in range(7)), "short.csv"]
    for name in names:
        (tmp_path / name).write_text("a")
    flags = [flag for name in names for flag in ("--input", str(tmp_path / name))]
    async with connected(flags=flags) as client:
        told = (await client.list_tools()).tools[0].description or ""
    assert told.split("INPUTS  ")[1].split("\n")[0] == 'to read only: "inputs/short.csv", 7 more, see files.list().'
