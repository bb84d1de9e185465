"""An engine for the tests of the language: they state what programs mean, not how they are spelt."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.answers import Outcome
from mcp_codeexec.settings import Settings

Run = Callable[..., Awaitable[Outcome]]
"""Runs texts one after the other in a new session; the outcome of the last one."""


@pytest.fixture(scope="module")
async def language_engine() -> AsyncGenerator[Engine]:
    """One engine for a file, its sessions short-lived. Not for longer: its spares would come while others count processes."""
    async with Engine(Settings.load({"ephemeral": True, "spare_workers": 2, "live_sessions": 4})) as engine:
        yield engine


@pytest.fixture
def run(language_engine: Engine) -> Run:
    """See `Run`."""

    async def run(*texts: str) -> Outcome:
        session = ""
        for text in texts[:-1]:
            session = (await language_engine.execute(text, session)).session_id
        return await language_engine.execute(texts[-1], session)

    return run


Notebook = Callable[..., Awaitable[list[object]]]
UNDEFINED = "<undefined>"


@pytest.fixture
def notebook(language_engine: Engine) -> Notebook:
    """Runs texts one after the other in one new session; what each came to."""

    async def run(*texts: str) -> list[object]:
        session, said = "", list[object]()
        for text in texts:
            outcome = await language_engine.execute(text, session_id=session)
            session = outcome.session_id
            said.append(_said(outcome))
        return said

    return run


def _said(outcome: Outcome) -> object:
    """A value; or `Name: message @line:column` of an error; or `rule@line:column` of each violation."""
    if outcome.violations:
        return " ".join(f"{v.rule}@{v.line}:{v.column}" for v in outcome.violations)
    if outcome.error is not None:
        return f"{outcome.error.name}: {outcome.error.message} @{outcome.error.line}:{outcome.error.column}"
    if "value" in outcome.model_fields_set:
        return outcome.value
    return outcome.value_text or UNDEFINED
