"""Generated programs mean what they mean in any JavaScript engine, as one cell and as a cell for each statement."""

from collections.abc import Generator

import pytest
from hypothesis import given, settings

from mcp_codeexec import Engine
from tests.unit.language.plain import Plain
from tests.unit.language.programs import DECLARED, SEEN, bodies


@pytest.fixture(scope="session")
def plain() -> Generator[Plain]:
    """One process for all programs."""
    with Plain() as plain:
        yield plain


@settings(deadline=None, max_examples=40)
@given(statements=bodies("\n", ";\n", "; // so\n", " /* so */;\n"))
async def test_a_program_means_the_same_in_one_cell(language_engine: Engine, plain: Plain, statements: list[str]) -> None:
    body = "".join([DECLARED, "\n", *statements])
    outcome = await language_engine.execute(f"{body}\n;{SEEN}")
    assert (outcome.value, outcome.error and outcome.error.name) == plain.call(f"{body}\n;return {SEEN}")


@settings(deadline=None, max_examples=40)
@given(statements=bodies(";\n", "; // so\n", " /* so */;\n"))
async def test_a_program_means_the_same_in_many_cells(language_engine: Engine, plain: Plain, statements: list[str]) -> None:
    outcome = await language_engine.execute(DECLARED)
    for text in (*statements, SEEN):
        outcome = await language_engine.execute(text, outcome.session_id)
        if outcome.error is not None:
            break
    body = "".join([DECLARED, "\n", *statements])
    assert (outcome.value, outcome.error and outcome.error.name) == plain.call(f"{body}return {SEEN}")
