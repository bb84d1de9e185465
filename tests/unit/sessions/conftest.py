"""Fixtures of the session room."""

from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a session database may be made; its folder does not exist yet."""
    return tmp_path / "data" / "sessions.db"
