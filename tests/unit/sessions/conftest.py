"""Fixtures of the session room."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from mcp_codeexec.ports import SessionStore
from tests.unit.sessions.stores import FACTORIES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a session database may be made; its folder does not exist yet."""
    return tmp_path / "data" / "sessions.db"


@pytest.fixture(params=FACTORIES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[SessionStore]:
    """An empty, open store of each kind: what is written with it holds for all of them."""
    async with FACTORIES[request.param](tmp_path) as store:
        yield store
