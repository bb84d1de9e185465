"""The pool: workers that are ready before they are needed, never given twice, never left behind, and one sentence when there are none."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import anyio
import psutil
import pytest

from mcp_codeexec.errors import RuntimeUnavailable
from mcp_codeexec.runtime.frames import encode
from mcp_codeexec.runtime.launcher import WARM, Launcher
from mcp_codeexec.runtime.monitor import memory_mb
from mcp_codeexec.runtime.pool import WorkerPool
from mcp_codeexec.settings import Settings
from tests.unit.runtime.sessions import Session, children, eventually, there

Pools = Callable[..., AbstractAsyncContextManager[WorkerPool]]


def settings(**more: object) -> Settings:
    return Settings.load({"ephemeral": True, "spare_workers": 2, "worker_start_s": 30, **more})


@pytest.fixture
def pools(launcher: Launcher) -> Pools:
    """Pools that leave no process behind when their test ends."""

    @asynccontextmanager
    async def made(**more: object) -> AsyncGenerator[WorkerPool]:
        before = children()
        pool = WorkerPool(settings(**more), launcher)
        try:
            yield pool
        finally:
            await pool.shutdown()
            await eventually(lambda: children() <= before)

    return made


async def test_two_workers_are_ready_and_the_rest_follow_the_first_claim_when_nothing_runs(pools: Pools) -> None:
    async with pools(spare_workers=3) as pool:
        await pool.warmup()
        assert pool.get_status().available >= 1
        await eventually(lambda: pool.get_status().available == 2)
        await pool.acquire(30)
        assert pool.get_status().available == 1  # nor was a third one made before
        pool.busy(True)
        pool.busy(False)
        await eventually(lambda: pool.get_status().available == 3)
        status = pool.get_status()
        assert (status.total, status.busy) == (4, 1)
        assert status.memory_mb > 60
        assert 0 < status.average_age_s < 60


async def test_no_spare_is_made_while_something_runs(pools: Pools) -> None:
    async with pools(spare_workers=3) as pool:
        pool.busy(True)
        await pool.warmup()
        worker = await pool.acquire(30)
        raw = await Session(worker).run("await new Promise(r => setTimeout(r, 500))")  # time enough to make one
        assert raw.status == "ok"
        assert pool.get_status().total == 1
        pool.busy(False)
        await eventually(lambda: pool.get_status().available == 3)


async def test_a_claimed_worker_is_warm_limited_and_never_comes_back(pools: Pools) -> None:
    async with pools() as pool:
        await pool.warmup()
        worker = await pool.acquire(30)
        session = Session(worker)
        await session.run("mine = 1", "mine")
        await pool.release(worker)
        assert not there(session.pid)
        other = await pool.acquire(30)
        assert other is not worker
        assert await Session(other).json("typeof mine") == '"undefined"'
        assert pool.get_status().busy == 1


async def test_concurrent_claims_get_workers_of_their_own(pools: Pools) -> None:
    async with pools(spare_workers=1) as pool:
        workers = await asyncio.gather(*(pool.acquire(60) for _ in range(4)))
        assert len({worker.process.pid for worker in workers}) == 4
        assert pool.get_status().busy == 4


async def test_a_dead_spare_is_not_given(pools: Pools) -> None:
    async with pools(spare_workers=1) as pool:
        before = children()
        await pool.warmup()
        [pid] = children() - before
        psutil.Process(pid).kill()
        await eventually(lambda: not there(pid))
        worker = await pool.acquire(30)
        assert worker.process.pid != pid
        assert await Session(worker).json("1") == "1"
        assert not there(pid)


async def stale_spare(pool: WorkerPool) -> int:
    """A spare that was silent for long."""
    worker = await pool.acquire(30)
    worker.touched = asyncio.get_running_loop().time() - 1_000
    vars(pool)["_busy"].remove(worker)
    vars(pool)["_spares"].append(worker)
    return worker.process.pid


async def test_a_spare_that_was_silent_for_long_is_asked_before_it_is_given(pools: Pools) -> None:
    async with pools(spare_workers=1) as pool:
        pid = await stale_spare(pool)
        assert (await pool.acquire(30)).process.pid == pid
        pid = await stale_spare(pool)
        psutil.Process(pid).suspend()
        assert (await pool.acquire(30)).process.pid != pid
        assert not there(pid)


async def test_a_claim_that_is_given_up_while_a_spare_is_asked_leaves_no_process(pools: Pools) -> None:
    async with pools(spare_workers=1) as pool:
        pid = await stale_spare(pool)
        psutil.Process(pid).suspend()
        task = asyncio.create_task(pool.acquire(30))
        await eventually(lambda: pool.get_status().available == 0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await eventually(lambda: not there(pid))


async def test_a_claim_that_is_given_up_while_a_worker_starts_leaves_no_process_and_others_get_theirs(pools: Pools) -> None:
    async with pools(spare_workers=1) as pool:
        before = children()
        first, second = asyncio.create_task(pool.acquire(60)), asyncio.create_task(pool.acquire(60))
        await eventually(lambda: len(children() - before) == 2)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        worker = await second
        await eventually(lambda: children() - before == {worker.process.pid})


async def test_idle_spares_retire_to_two(pools: Pools) -> None:
    async with pools(spare_workers=4, spare_idle_s=0.5) as pool:
        await pool.warmup()
        await eventually(lambda: pool.get_status().available == 2 and not pool.get_status().busy)
        await pool.acquire(30)
        await eventually(lambda: pool.get_status().total == 3)


async def test_shutdown_ends_what_is_spare_claimed_and_being_made(launcher: Launcher) -> None:
    before = children()
    pool = WorkerPool(settings(), launcher)
    await pool.warmup()
    await pool.acquire(30)
    claims = [asyncio.create_task(pool.acquire(60)) for _ in range(3)]
    await asyncio.sleep(0)
    await pool.shutdown()
    for claim in claims:
        with pytest.raises(RuntimeUnavailable):
            await claim
    await eventually(lambda: children() <= before)
    with pytest.raises(RuntimeUnavailable):
        await pool.acquire(1)
    assert pool.get_status().total == 0
    await pool.shutdown()


# ---- a Deno that does not do ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def pool_of(script: str, **more: object) -> AsyncGenerator[WorkerPool]:
    """A pool whose processes are shell scripts: under the layers no other program than Deno could be started in its place."""
    chosen, before = settings(**more), children()
    launcher = Launcher(chosen.worker_options)

    def session() -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        return subprocess.Popen(["/bin/sh", "-c", script], stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True)

    launcher.session = session
    pool = WorkerPool(chosen, launcher)
    try:
        yield pool
    finally:
        await pool.shutdown()
        launcher.close()
        await eventually(lambda: children() <= before)


SENTENCES = [
    ("exit 3", 30, "Deno ended at once (exit code 3) at start."),
    ("exec sleep 60", 0.3, "Deno did not answer within 0.3 s at start."),
    ("echo not a frame at all; exec sleep 60", 30, "Deno ended at once (exit code -9) at start."),
    ("kill -ILL $$", 30, "Deno ended at once (exit code -4) at start."),
]


@pytest.mark.parametrize(("script", "start_s", "sentence"), SENTENCES)
async def test_a_deno_that_does_not_start_is_told_in_one_sentence(script: str, start_s: float, sentence: str) -> None:
    async with pool_of(script, worker_start_s=start_s) as pool:
        with pytest.raises(RuntimeUnavailable) as caught:
            await pool.warmup()
        assert str(caught.value) == sentence
        with pytest.raises(RuntimeUnavailable):
            await pool.acquire(5)


async def test_failures_in_a_row_are_further_and_further_apart(tmp_path: Path) -> None:
    async with pool_of(f"echo x >> {tmp_path}/starts; exit 1") as pool:
        failed = 0
        with anyio.move_on_after(1.5):
            while True:
                try:
                    await pool.acquire(30)
                except RuntimeUnavailable:
                    failed += 1
        assert 2 <= failed <= 6
    assert len((tmp_path / "starts").read_text().split()) <= 7


async def test_a_failure_is_forgotten_when_a_worker_starts(tmp_path: Path, launcher: Launcher) -> None:
    real = launcher.session
    async with pool_of("exit 1") as pool:
        with pytest.raises(RuntimeUnavailable):
            await pool.acquire(30)
        vars(pool)["_launcher"].session = real
        worker = await pool.acquire(30)
        assert await Session(worker).json("1") == "1"


async def test_workers_for_concurrent_claims_start_in_parallel() -> None:
    before = children()
    async with pool_of("exec sleep 60") as pool:
        claims = [asyncio.create_task(pool.acquire(30)) for _ in range(4)]
        await eventually(lambda: len(children() - before) == 4)
        for claim in claims:
            claim.cancel()
        await asyncio.wait(claims)


async def test_a_claim_gives_up_after_its_time() -> None:
    async with pool_of("exec sleep 60") as pool:
        with pytest.raises(RuntimeUnavailable, match=r"No worker became ready within 0\.1 s"):
            await pool.acquire(0.1)


async def test_a_keeper_goes_on_after_failures(tmp_path: Path, launcher: Launcher) -> None:
    real = launcher.session
    async with pool_of("exit 1", spare_workers=2) as pool:
        shell = vars(pool)["_launcher"].session
        vars(pool)["_launcher"].session = real
        await pool.warmup()
        vars(pool)["_launcher"].session = shell
        await eventually(lambda: vars(pool)["_failures"] >= 1)
        vars(pool)["_launcher"].session = real
        await eventually(lambda: pool.get_status().available == 2)


BAD_DENOS = [
    ("", "There is no Deno at "),
    ("#!/bin/sh\nexit 2\n", "could not build the worker's files (exit 2)"),
    ("#!/bin/sh\necho not json\n", "could not build the worker's files"),
    ("#!/nowhere/at/all\n", "cannot be run"),
    ("#!/bin/sh\necho '[]'\n", "could not build the worker's files"),
    ('#!/bin/sh\necho \'{"files": {}, "builtins": [], "deno": "newest"}\'\n', "is too old"),
    ('#!/bin/sh\necho \'{"files": {}, "builtins": [], "deno": "2.9.3"}\'\n', "is too old"),
    ('#!/bin/sh\necho \'{"files": {}, "builtins": [], "deno": "1.46.0-rc.1+abc"}\'\n', "is too old"),
]


@pytest.mark.parametrize(("script", "sentence"), BAD_DENOS)
def test_a_deno_that_cannot_be_used_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, sentence: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    deno = tmp_path / "deno"
    if script:
        deno.write_text(script)
        deno.chmod(0o700)
    with pytest.raises(RuntimeUnavailable) as caught:
        Launcher(settings(deno=deno).worker_options)
    assert sentence in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


async def test_an_early_worker_warms_itself_and_others_when_they_are_spoken_to(launcher: Launcher) -> None:
    assert encode({"op": "warm"}) == WARM
    launcher.start_early()
    early, cold = launcher.session(), launcher.session()
    try:
        for popen in (early, cold):
            assert popen.stdout is not None
            assert b'"ready"' in popen.stdout.read(64)
        await eventually(lambda: memory_mb(early.pid) > memory_mb(cold.pid) + 4)
    finally:
        for popen in (early, cold):
            popen.kill()
            popen.communicate()
