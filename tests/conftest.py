"""Fixtures of the whole suite, and how many examples the tests in fuzz/ take."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("short", max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.register_profile("long", max_examples=30_000, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio (aiosqlite and subprocess pipes are asyncio's)."""
    return "asyncio"
