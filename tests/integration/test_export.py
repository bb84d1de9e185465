"""A session as a notebook and as Markdown: everything that was recorded, nothing that was hidden."""

import sys
from typing import Any

import nbformat
import pytest

from mcp_codeexec import Engine
from mcp_codeexec.errors import BadArguments, SessionNotFound
from mcp_codeexec.settings import Settings
from tests.integration.conftest import CHEAP

ADDRESS, KEY = "ann.lee@example.com", "ghp_" + "a1B2c3D4e5" * 3 + "F6g7H8"


@pytest.fixture
async def session(engine: Engine) -> str:
    """One of every kind of run."""
    session = (await engine.execute(f"const who: string = '{ADDRESS}'; console.log('hi', who); [who.length]")).session_id
    await engine.execute("throw new RangeError('no')", session)
    await engine.execute("require('fs')", session)
    await engine.set_variable(session, "rows", [1, 2])
    await engine.execute(f"const key = '{KEY}'; '```\\n' + rows.length", session)
    await engine.execute("rows; undefined", session)
    return session


def notebook(text: str) -> Any:
    made = nbformat.reads(text, as_version=4)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    nbformat.validate(made)  # pyright: ignore[reportUnknownMemberType]
    return made  # pyright: ignore[reportUnknownVariableType]


async def test_a_notebook_is_valid_and_opens_with_the_deno_kernel(engine: Engine, session: str) -> None:
    made = notebook(await engine.export(session))
    assert (made.nbformat, made.nbformat_minor) == (4, 5)
    assert made.metadata.kernelspec == {"display_name": "Deno", "language": "typescript", "name": "deno"}
    assert made.metadata.language_info.file_extension == ".ts"
    assert made.metadata.mcp_codeexec.session_id == session


async def test_a_notebook_has_a_cell_for_every_run_with_what_it_gave(engine: Engine, session: str) -> None:
    about, first, thrown, refused, act, fenced, nothing = notebook(await engine.export(session)).cells
    assert about.source.startswith(f"# Session {session}\n\nRuns 1 to 6. ")
    assert [cell.id for cell in (first, thrown, refused, act, fenced, nothing)] == [f"run-{n}" for n in range(1, 7)]
    assert first.source.startswith("const who: string = '[EMAIL_")
    assert first.execution_count == 1
    stream, result = first.outputs
    assert stream.text.startswith("hi [EMAIL_")
    assert result.data == {"text/plain": "[19]"}
    facts = first.metadata.mcp_codeexec
    assert (facts.run, facts.status, facts.redactions, facts.usage.output_chars) == (1, "ok", {"email": 2}, 23)
    (error,) = thrown.outputs
    assert (error.ename, error.evalue) == ("RangeError", "no")
    (error,) = refused.outputs
    assert (error.ename, "no-require" in error.evalue) == ("Rejected", True)
    assert (act.cell_type, "Run 4, by the host:" in act.source, "rows = …" in act.source) == ("markdown", True, True)
    assert fenced.outputs[0].data["text/plain"] == "```\n2"
    assert (nothing.source, nothing.outputs) == ("rows; undefined", [])


async def test_markdown_has_every_run_in_blocks_that_nothing_in_them_ends(engine: Engine, session: str) -> None:
    text = await engine.export(session, "md")
    heads = [line.split(" · ")[:2] for line in text.splitlines() if line.startswith("## ")]
    assert heads == [[f"## Run {n}", "error" if n == 2 else "rejected" if n == 3 else "ok"] for n in range(1, 7)]
    assert "Error:\n\n```text\nRangeError: no" in text
    assert "Value:\n\n```text\n[19]\n```\n\nHidden: 2 email." in text
    assert "Value:\n\n````text\n```\n2\n````" in text
    assert " · by the host\n\n```typescript\nrows = …" in text


@pytest.mark.parametrize("form", ["ipynb", "md"])
async def test_what_was_hidden_stays_hidden(engine: Engine, session: str, form: Any) -> None:
    text = await engine.export(session, form)
    assert ADDRESS not in text
    assert KEY not in text
    assert "[REDACTED:" in text


@pytest.mark.parametrize("form", ["ipynb", "md"])
async def test_an_empty_session_and_an_unknown_one(engine: Engine, form: Any) -> None:
    assert "No runs." in await engine.export(await engine.create_session(), form)
    with pytest.raises(SessionNotFound):
        await engine.export("ses_nope", form)


async def test_a_trimmed_history_is_exported_from_its_oldest_run_and_says_so() -> None:
    async with Engine(Settings.load({**CHEAP, "history_mb": 1})) as engine:
        session = await engine.create_session()
        for _ in range(4):
            await engine.execute("console.log('o'.repeat(400_000))", session)
        about, *cells = notebook(await engine.export(session)).cells
    assert [cell.execution_count for cell in cells] == [3, 4]
    assert "Runs 3 to 4; those before run 3 were trimmed." in about.source


async def test_without_nbformat_a_notebook_is_refused_and_markdown_works(
    engine: Engine, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(BadArguments, match="needs the package nbformat") as caught:
        await engine.export(session)
    assert "mcp-codeexec[export]" in caught.value.hint
    assert await engine.export(session, "md")
