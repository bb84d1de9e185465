"""Workers from start to end: warm before they are needed, one session's for life, and a Deno that does not work told in a sentence."""

import re
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import psutil
import pytest

from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.pool import WorkerPool
from mcp_codeexec.settings import Settings
from tests.unit.runtime.conftest import SETTINGS


@pytest.fixture
async def pool(launcher: Launcher) -> AsyncGenerator[WorkerPool]:
    pool = WorkerPool(Settings.load({"ephemeral": True, "spare_workers": 3}), launcher)
    yield pool
    await pool.shutdown()


# ruff: noqa: ASYNC110 - the pool tells its number, not its changes


async def filled(pool: WorkerPool, spares: int) -> None:
    with anyio.fail_after(20):
        while pool.get_status().available != spares:
            await anyio.sleep(0.01)


async def test_a_first_worker_is_ready_and_the_pool_fills_up_while_nothing_runs(pool: WorkerPool) -> None:
    await pool.warmup()
    assert pool.get_status().available >= 1
    await filled(pool, 3)
    status = pool.get_status()
    assert (status.total, status.available, status.busy) == (3, 3, 0)
    assert 60 < status.memory_mb < 600


async def test_no_spare_is_made_while_something_runs(pool: WorkerPool) -> None:
    pool.busy(True)
    await pool.warmup()
    await anyio.sleep(0.3)
    assert pool.get_status().available == 1
    pool.busy(False)
    await filled(pool, 3)


async def test_a_claimed_worker_never_comes_back(pool: WorkerPool) -> None:
    await pool.warmup()
    worker = await pool.acquire(10)
    await pool.release(worker)
    assert not psutil.pid_exists(worker.process.pid)
    assert pool.get_status().busy == 0
    assert (await pool.acquire(10)).process.pid != worker.process.pid


async def test_a_spare_that_died_is_passed_over(pool: WorkerPool) -> None:
    await pool.warmup()
    await filled(pool, 3)
    spares = [child for child in psutil.Process().children() if "deno" in child.name()]
    for spare in spares:
        spare.kill()
    _, alive = await anyio.to_thread.run_sync(psutil.wait_procs, spares, 10)
    assert not alive
    worker = await pool.acquire(10)
    assert worker.alive
    assert await worker.ping()


async def test_many_are_claimed_at_once(pool: WorkerPool) -> None:
    await pool.warmup()
    pids: set[int] = set()

    async def claim() -> None:
        pids.add((await pool.acquire(20)).process.pid)

    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(claim)
    assert len(pids) == 6


async def test_spares_that_nobody_claims_retire_to_two(launcher: Launcher) -> None:
    pool = WorkerPool(Settings.load({"ephemeral": True, "spare_workers": 4, "spare_idle_s": 0.8}), launcher)
    try:
        await pool.warmup()
        await filled(pool, 4)
        await filled(pool, 2)
        await pool.acquire(10)
        await filled(pool, 4)
    finally:
        await pool.shutdown()


async def test_a_shut_pool_leaves_no_process(launcher: Launcher) -> None:
    pool = WorkerPool(SETTINGS, launcher)
    await pool.warmup()
    worker = await pool.acquire(10)
    await pool.shutdown()
    assert not worker.alive
    assert not psutil.pid_exists(worker.process.pid)


BUILDS = '#!/bin/sh\ncase "$*" in *build.ts*) exec {deno} "$@" ;; esac\n'  # a Deno that builds, and then does not start


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("#!/bin/sh\nexit 7\n", "could not build the worker's files (exit 7)"),
        ('#!/bin/sh\necho \'{"files": {}, "builtins": [], "deno": "2.8.1"}\'\n', "Deno 2.8.1 at"),
        ("no program at all", "cannot be run"),
        (BUILDS + "exit 9\n", "Deno cannot be started"),
    ],
)
async def test_a_deno_that_does_not_work_is_told_in_a_sentence(launcher: Launcher, tmp_path: Path, script: str, says: str) -> None:
    deno = tmp_path / "deno"
    deno.write_text(script.replace("{deno}", str(launcher.deno)), "utf-8")
    deno.chmod(0o755)

    async def start() -> None:
        settings = Settings.load({"ephemeral": True, "deno": deno})
        own = Launcher(settings)
        try:
            await WorkerPool(settings, own).warmup()
        finally:
            own.close()

    with pytest.raises(RuntimeUnavailable, match=re.escape(says)):
        await start()


async def test_failures_in_a_row_wait_before_the_next(launcher: Launcher, tmp_path: Path) -> None:
    deno = tmp_path / "deno"
    deno.write_text(BUILDS.replace("{deno}", str(launcher.deno)) + "exit 9\n", "utf-8")
    deno.chmod(0o755)
    settings = Settings.load({"ephemeral": True, "deno": deno, "worker_start_s": 5})
    own = Launcher(settings)
    pool = WorkerPool(settings, own)
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(RuntimeUnavailable):
            await pool.acquire(5)
    assert time.monotonic() - began > 0.1 + 0.2 - 0.05
    await pool.shutdown()
    own.close()
