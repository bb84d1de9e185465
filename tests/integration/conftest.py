"""An engine for a test, with a store in memory and few spare workers."""

from collections.abc import AsyncGenerator

import pytest

from mcp_codeexec import Engine
from mcp_codeexec.settings import Settings

CHEAP: dict[str, object] = {"ephemeral": True, "spare_workers": 1}


@pytest.fixture
async def engine() -> AsyncGenerator[Engine]:
    """A started engine."""
    async with Engine(Settings.load(CHEAP)) as engine:
        yield engine
