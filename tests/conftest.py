"""Fixtures of the whole suite, and which examples its property-based tests take."""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("short", max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.register_profile("long", max_examples=30_000, deadline=None, suppress_health_check=list(HealthCheck))
if os.environ.get("CODEEXEC_FUZZ") != "long":
    settings.load_profile("same")  # `make test` says the same of the same tree; `make fuzz` looks for what is new


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The product runs on asyncio (aiosqlite and subprocess pipes are asyncio's)."""
    return "asyncio"
