"""A launcher for the whole run, and warm workers from it."""

from collections.abc import AsyncGenerator, Generator

import pytest

from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.pool import WorkerPool
from mcp_codeexec.runtime.worker import SessionWorker
from mcp_codeexec.settings import Settings
from tests.unit.runtime.sessions import Session

SETTINGS = Settings.load({"ephemeral": True, "spare_workers": 1})


@pytest.fixture(scope="session")
def launcher() -> Generator[Launcher]:
    launcher = Launcher(SETTINGS.worker_options)
    yield launcher
    launcher.close()


@pytest.fixture
async def worker(launcher: Launcher) -> AsyncGenerator[SessionWorker]:
    """A blank, warm worker of the test's own."""
    pool = WorkerPool(SETTINGS, launcher)
    worker = await pool.acquire(30)
    yield worker
    await pool.release(worker)
    await pool.shutdown()


@pytest.fixture
def session(worker: SessionWorker) -> Session:
    """The same worker, with programs written by hand."""
    return Session(worker)
