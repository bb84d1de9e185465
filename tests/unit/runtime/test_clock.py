"""The clock of a run counts its own time: not the host's, while the host answers it; but all that it works meanwhile."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from mcp_codeexec.model import Payload
from mcp_codeexec.runtime.launcher import Launcher
from mcp_codeexec.runtime.layers import Layers
from mcp_codeexec.runtime.pool import WorkerPool
from mcp_codeexec.settings import Settings
from tests.unit.runtime.conftest import SETTINGS
from tests.unit.runtime.sessions import Session


async def slow(payload: Payload) -> Payload:
    """The host at work: no shorter than the run's limit."""
    await asyncio.sleep(0.4)
    return payload


async def never(payload: Payload) -> Payload:
    await asyncio.get_running_loop().create_future()
    return payload


async def test_the_clock_stands_still_while_the_host_answers(session: Session) -> None:
    raw = await session.run("return await host.slow(1)", host={"slow": slow}, ms=150)
    assert (raw.status, raw.value.json if raw.value else "") == ("ok", "1")
    assert raw.usage.wall_ms >= 400
    raw = await session.run("await host.slow(1); await new Promise(() => {})", host={"slow": slow}, ms=150)
    assert (raw.status, raw.stopped) == ("timeout", "waiting")
    assert raw.usage.wall_ms >= 550


async def test_the_clock_of_one_run_knows_nothing_of_the_calls_of_another(session: Session) -> None:
    await session.run("host.never(); await host.slow(1)", host={"slow": slow, "never": never}, ms=150)
    raw = await session.run("await new Promise(() => {})", ms=150)
    assert (raw.status, raw.stopped) == ("timeout", "waiting")
    assert raw.usage.wall_ms < 400


WORKING = """
const call = host.never();
for (let n = 0;; n++) {
  await new Promise((resolve) => setTimeout(resolve, 0));
  const until = performance.now() + 20;
  while (performance.now() < until);
}
"""


async def test_what_a_run_works_while_the_host_answers_is_counted(session: Session) -> None:
    raw = await session.run(WORKING, host={"never": never}, ms=200)
    assert (raw.status, raw.stopped, raw.calls) == ("timeout", "waiting", 1)
    assert raw.usage.cpu_ms >= 150


async def test_a_loop_is_ended_though_a_call_is_open(session: Session) -> None:
    raw = await session.run("host.never(); await null; for (;;);", host={"never": never}, ms=200)
    assert (raw.status, raw.stopped, raw.heap_kept) == ("timeout", "killed", False)


@pytest.fixture
async def hasty(launcher: Launcher) -> AsyncGenerator[Session]:
    """A session whose host calls may take a tenth of a second."""
    pool = WorkerPool(Settings.load({"ephemeral": True, "spare_workers": 1, "host_call_s": 0.1}), launcher)
    worker = await pool.acquire(30)
    yield Session(worker)
    await pool.release(worker)
    await pool.shutdown()


async def test_a_call_that_the_host_never_answers_is_an_error_in_the_code(hasty: Session) -> None:
    raw = await hasty.run("return await host.never(1)", host={"never": never}, ms=150)
    assert raw.error is not None
    assert (raw.status, raw.error.message) == ("error", "the host function did not answer within 0.1 s")


@pytest.fixture
async def unlimited() -> AsyncGenerator[Session]:
    """A session whose memory the kernel does not limit, as where there is no Linux."""
    launcher = Launcher(SETTINGS.worker_options)
    launcher.layers.close()
    launcher.layers = Layers.probe(
        deno=launcher.deno,
        readable=[launcher.files.folder],
        open_files=SETTINGS.open_files,
        memory_mb=SETTINGS.memory_mb,
        only=frozenset({"no_new_privs", "landlock", "seccomp", "rlimits", "parent_death_signal"}),
    )
    pool = WorkerPool(SETTINGS, launcher)
    worker = await pool.acquire(30)
    yield Session(worker)
    await pool.release(worker)
    await pool.shutdown()
    launcher.close()


async def test_where_the_kernel_does_not_limit_memory_it_is_watched(unlimited: Session) -> None:
    body = "for (const all = [];; await new Promise((r) => setTimeout(r, 1))) all.push(new Uint8Array(1e6).fill(1))"
    raw = await unlimited.run(body)
    assert (raw.status, raw.stopped, raw.heap_kept) == ("memory_limit", "killed", False)
    assert raw.usage.peak_memory_mb >= SETTINGS.memory_mb  # it counts tenths
