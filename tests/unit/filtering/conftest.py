"""One loaded pipeline for all tests of the room: loading takes a while, and it keeps nothing."""

import pytest

from mcp_codeexec.filtering import FilterPipeline
from tests.unit.filtering.memory_vault import MemoryVault


@pytest.fixture(scope="session")
def pipeline() -> FilterPipeline:
    loaded = FilterPipeline()
    loaded.load()
    return loaded


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()
