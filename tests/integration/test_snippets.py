"""The table of snippets, through the engine and over stdio."""

from collections.abc import AsyncGenerator
from itertools import chain
from typing import Any

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.settings import Settings
from tests.integration.conftest import CHEAP
from tests.integration.stdio import connected, structure_of
from tests.snippets import Snippet, failures, habits, idioms, mismatch, notebook, typescript, values

ROWS = list(chain(notebook.ROWS, values.ROWS, idioms.ROWS, typescript.ROWS, habits.ROWS, failures.ROWS))


@pytest.fixture(scope="module")
async def shared() -> AsyncGenerator[Engine]:
    """One engine for the whole table; every row has a session of its own."""
    async with Engine(Settings.load({**CHEAP, "spare_workers": 3, "live_sessions": 4})) as engine:
        yield engine


def test_the_table_is_large_and_its_ids_are_its_own() -> None:
    assert len(ROWS) >= 250
    assert len({row.id for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
async def test_a_snippet_gets_its_answer(shared: Engine, row: Snippet) -> None:
    *earlier, last = row.texts
    session = ""
    for text in earlier:
        session = (await shared.execute(text, session)).session_id
    assert mismatch(row, (await shared.execute(last, session)).structure()) == ""


async def test_the_table_gets_the_same_answers_over_stdio() -> None:
    wrong: list[str] = []
    async with connected() as client:
        for row in ROWS[::4]:
            session: dict[str, str] = {}
            answer: dict[str, Any] = {}
            for text in row.texts:
                answer = structure_of(await client.call_tool("execute_code", {"code": text, **session}))
                session = {"session_id": answer["session_id"]}
            if difference := mismatch(row, answer):
                wrong.append(f"{row.id}: {difference}")
    assert wrong == []
