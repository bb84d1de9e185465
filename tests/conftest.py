"""Fixtures of the whole suite."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio (aiosqlite and subprocess pipes are asyncio's)."""
    return "asyncio"
