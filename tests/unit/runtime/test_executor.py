"""Which process runs which session: sessions apart, places fair and bounded, processes bounded, nothing left."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import psutil
import pytest

from mcp_codeexec.errors import Busy, RuntimeUnavailable, WorkerDied
from mcp_codeexec.model import Erased, Kind, Payload, RawRun
from mcp_codeexec.ports import HostCall
from mcp_codeexec.runtime.executor import DenoExecutor
from mcp_codeexec.runtime.pool import PoolStatus
from mcp_codeexec.runtime.worker import Job
from mcp_codeexec.settings import Settings
from tests.unit.runtime.sessions import children, eventually, program, there

Executors = Callable[..., AbstractAsyncContextManager[DenoExecutor]]


@pytest.fixture
def executors() -> Executors:
    """Executors that leave no process behind when their test ends."""

    @asynccontextmanager
    async def made(**more: object) -> AsyncGenerator[DenoExecutor]:
        before = children()
        executor = DenoExecutor(Settings.load({"ephemeral": True, "spare_workers": 1, "worker_start_s": 30, **more}))
        await executor.initialize()
        try:
            yield executor
        finally:
            await executor.shutdown()
            await eventually(lambda: children() <= before)

    return made


def job(executor: DenoExecutor, session: str, body: str, *names: str, **more: Any) -> Job:
    known: dict[str, Kind] = dict(executor.names(session, 0) or {})
    return Job(1, program(body, *names, known=known), more.pop("ms", 5_000), known, more)


async def run(executor: DenoExecutor, session: str, body: str, *names: str, **more: Any) -> RawRun:
    return await executor.execute(session, job(executor, session, body, *names, **more))


def value(raw: RawRun) -> str:
    assert raw.value is not None, raw
    return raw.value.json


def process_of(executor: DenoExecutor, session: str) -> int:
    return vars(executor)["_live"][session].process.pid


async def test_sessions_run_at_once_and_apart(executors: Executors) -> None:
    async with executors() as executor:
        meeting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        there_now: set[object] = set()

        async def meet(payload: Payload) -> Payload:
            there_now.add(payload.data)
            if len(there_now) == 2:
                meeting.set_result(None)
            await meeting
            return payload

        raws = await asyncio.gather(*(run(executor, s, f"x = '{s}'; return await host.meet(x)", "x", meet=meet) for s in "ab"))
        assert [value(raw) for raw in raws] == ['"a"', '"b"']
        assert process_of(executor, "a") != process_of(executor, "b")
        assert [value(await run(executor, s, "return x")) for s in "ab"] == ['"a"', '"b"']
        assert executor.names("a", 0) == {"x": "let"}
        assert executor.names("never", 0) is None


async def test_places_are_given_in_order_and_no_more_than_there_are(executors: Executors) -> None:
    async with executors(concurrent_runs=2, waiting_runs=4) as executor:
        order: list[int] = []
        release = asyncio.Event()

        async def take(i: int) -> None:
            async with executor.place():
                order.append(i)
                await release.wait()

        tasks: list[asyncio.Task[None]] = []
        for i in range(6):
            tasks.append(asyncio.create_task(take(i)))
            await asyncio.sleep(0)
        assert order == [0, 1]
        assert executor.get_metrics().queued_executions == 4
        with pytest.raises(Busy) as caught:
            async with executor.place():
                pass
        assert str(caught.value) == "4 runs wait already."
        tasks[3].cancel()
        release.set()
        await asyncio.wait(tasks)
        assert order == [0, 1, 2, 4, 5]
        assert executor.get_metrics().queued_executions == 0
        async with executor.place():
            pass


async def test_a_place_is_given_back_whatever_happens_in_it(executors: Executors) -> None:
    async with executors(concurrent_runs=1) as executor:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with executor.place():
                    raise ZeroDivisionError
        async with executor.place():
            pass


async def test_the_least_recently_used_session_is_suspended_above_the_bound(executors: Executors) -> None:
    async with executors(live_sessions=2) as executor:
        for session in ("a", "b", "a", "c"):
            await run(executor, session, "x = 1", "x")
        assert {s: executor.names(s, 0) for s in "abc"} == {"a": {"x": "let"}, "b": None, "c": {"x": "let"}}
        assert executor.get_metrics().live_sessions == 2
        assert value(await run(executor, "b", "return typeof x")) == '"undefined"'
        assert executor.names("a", 0) is None


async def test_a_session_that_runs_is_never_suspended(executors: Executors) -> None:
    async with executors(live_sessions=1) as executor:
        release, begun = asyncio.Event(), asyncio.Event()

        async def wait(payload: Payload) -> Payload:
            begun.set()
            await release.wait()
            return payload

        running = asyncio.create_task(run(executor, "a", "x = 1; return await host.wait(2)", "x", wait=wait))
        await begun.wait()
        for session in "bcd":
            await run(executor, session, "x = 1", "x")
        assert executor.names("a", 0) is not None
        assert executor.get_metrics().live_sessions == 2
        release.set()
        assert value(await running) == "2"


async def test_a_job_that_counts_on_a_heap_that_is_gone_does_not_run(executors: Executors) -> None:
    async with executors() as executor:
        await run(executor, "a", "x = 1", "x")
        counting = job(executor, "a", "return x")
        pid = process_of(executor, "a")
        psutil.Process(pid).kill()
        await eventually(lambda: not there(pid))
        assert executor.names("a", 0) is None
        with pytest.raises(WorkerDied):
            await executor.execute("a", counting)
        assert value(await run(executor, "a", "return typeof x")) == '"undefined"'


async def test_a_session_goes_on_in_a_fresh_process_after_its_own_died(executors: Executors) -> None:
    async with executors() as executor:
        await run(executor, "a", "x = 1", "x")
        raw = await run(executor, "a", "await 0; for (;;);", ms=50)
        assert (raw.status, raw.heap_kept) == ("timeout", False)
        assert executor.names("a", 0) is None
        assert executor.get_metrics().live_sessions == 0
        assert value(await run(executor, "a", "return typeof x")) == '"undefined"'


@pytest.mark.parametrize(("body", "kept"), [("await new Promise(() => {})", True), ("for (;;);", False)])
async def test_a_cancelled_run_is_stopped(executors: Executors, body: str, kept: bool) -> None:
    async with executors() as executor:
        begun = asyncio.Event()

        async def begin(payload: Payload) -> Payload:
            begun.set()
            return payload

        host: dict[str, HostCall] = {"begin": begin}
        task = asyncio.create_task(run(executor, "a", "x = 1; await host.begin();" + body, "x", **host))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        raw = await executor.stop("a", {"x": "let"})
        assert raw is not None
        assert (raw.status, raw.heap_kept) == ("cancelled", kept)
        assert (executor.names("a", 0) is not None) is kept
        assert await executor.stop("a", {}) is None
        assert await executor.stop("never", {}) is None
        assert executor.get_metrics().active_workers == 0
        assert value(await run(executor, "a", "return typeof x")) == ('"number"' if kept else '"undefined"')


async def test_metrics_add_up(executors: Executors) -> None:
    async with executors() as executor:
        for session in "ab":
            for body in ("return 1", "throw 1", "await new Promise(r => setTimeout(r, 20))"):
                await run(executor, session, body)
        metrics, pool = executor.get_metrics(), executor.pool_status
        assert (metrics.total_executions, metrics.live_sessions, metrics.active_workers, metrics.queued_executions) == (6, 2, 0, 0)
        assert 20 / 3 <= metrics.average_latency_ms < 5_000
        assert metrics.worker_utilization == 0
        assert pool.busy == 2
        assert pool.total == pool.available + pool.busy
        assert metrics.memory_usage_mb > 60

        async def measure(payload: Payload) -> Payload:
            now = executor.get_metrics()
            return Payload([now.active_workers, now.worker_utilization])

        assert value(await run(executor, "a", "return await host.measure()", measure=measure)) == "[1,0.5]"


async def test_a_suspended_session_has_no_process(executors: Executors) -> None:
    async with executors() as executor:
        await run(executor, "a", "x = 1", "x")
        pid = process_of(executor, "a")
        await executor.suspend("a")
        assert not there(pid)
        assert executor.names("a", 0) is None
        await executor.suspend("a")
        await executor.suspend("never")


async def test_shutdown_ends_runs_that_are_going(executors: Executors) -> None:
    async with executors() as executor:
        begun = asyncio.Event()

        async def begin(payload: Payload) -> Payload:
            begun.set()
            return payload

        task = asyncio.create_task(run(executor, "a", "await host.begin(); await new Promise(() => {})", begin=begin))
        await begun.wait()
        await executor.shutdown()
        raw = await task
        assert (raw.status, raw.heap_kept) == ("crashed", False)
        await executor.shutdown()
        with pytest.raises(RuntimeUnavailable):
            await run(executor, "b", "return 1")


async def test_nothing_runs_before_it_is_initialized() -> None:
    executor = DenoExecutor(Settings.load({"ephemeral": True}))
    with pytest.raises(RuntimeUnavailable):
        await executor.erase("1")
    with pytest.raises(RuntimeUnavailable):
        await run(executor, "a", "return 1")
    assert executor.pool_status == PoolStatus(0, 0, 0, 0.0, 0.0)
    assert (executor.layers, executor.deno) == ((), ("", ""))
    await executor.shutdown()


async def test_an_executor_says_what_it_runs_on(executors: Executors) -> None:
    async with executors() as executor:
        version, path = executor.deno
        assert version.startswith("2.9.")
        assert path.endswith("deno")
        assert {layer.name for layer in executor.layers} >= {"landlock", "seccomp", "memory_limit"}
        assert await executor.erase("let a: number") == Erased("let a        ")


async def test_an_idle_session_gives_its_process_up_unless_something_would_go_with_it(executors: Executors) -> None:
    async with executors(session_idle_s=0.2) as executor:
        await run(executor, "held", "x = Promise.resolve(1); return 1", "x")
        await run(executor, "data", "x = [1]", "x")
        data = process_of(executor, "data")
        await eventually(lambda: not there(data))
        assert (executor.names("data", 0), executor.names("held", 0)) == (None, {"x": "let"})


async def test_a_process_near_its_memory_limit_is_replaced_when_what_it_holds_is_small(executors: Executors) -> None:
    async with executors() as executor:
        raw = await run(executor, "s", "let big = new Uint8Array(37_000_000).fill(1); x = big.length; big = null; return 1", "x")
        assert (raw.status, raw.usage.peak_memory_mb > 90) == ("ok", True)
        assert executor.names("s", 0) is None
        raw = await run(executor, "other", "x = new Uint8Array(37_000_000).fill(1); return 1", "x")
        assert raw.usage.peak_memory_mb > 90
        assert executor.names("other", 0) is not None  # x itself is not kept
