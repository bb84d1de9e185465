"""The limits of a run, each reached, and how a run ends from outside."""

import asyncio

import anyio
import psutil
import pytest

from mcp_codeexec.errors import WorkerDied
from mcp_codeexec.model import Payload, RawRun
from mcp_codeexec.runtime.monitor import cpu_seconds
from tests.unit.runtime.sessions import Session, eventually, there


async def test_timers_that_are_pending_at_the_end_are_cancelled_and_counted(session: Session) -> None:
    raw = await session.run(
        "ran = 0; setTimeout(() => ran++, 1e6); setInterval(() => ran++, 5); clearTimeout(setTimeout(() => ran++, 1));"
        "await new Promise(r => setTimeout(r, 30)); return ran > 0",
        "ran",
    )
    assert raw.value is not None
    assert (raw.value.json, raw.timers) == ("true", 2)
    before = await session.json("ran")
    await session.run("await new Promise(r => setTimeout(r, 30))")
    assert await session.json("ran") == before


async def test_a_timer_that_was_cleared_never_fires(session: Session) -> None:
    raw = await session.run(
        "let fired = 0; const once = setTimeout(() => fired++, 1), often = setInterval(() => fired++, 1);"
        "clearTimeout(once); clearInterval(often); clearTimeout(often); clearTimeout(); clearTimeout({});"
        "await new Promise((r) => setTimeout(r, 10)); return [typeof once, often - once, fired]"
    )
    assert raw.value is not None
    assert (raw.value.json, raw.timers) == ('["number",1,0]', 0)


async def test_a_promise_of_an_earlier_run_does_not_end_a_later_one(session: Session) -> None:
    raw = await session.run("return await new Promise((r) => { release = r })", "release", ms=50)
    assert (raw.status, raw.stopped) == ("timeout", "waiting")
    raw = await session.run("release('stale'); await new Promise(r => setTimeout(r, 20)); return 'own'")
    assert raw.value is not None
    assert raw.value.json == '"own"'
    raw = await session.run("await new Promise((_, r) => { release = r })", ms=50)
    raw = await session.run("release('stale'); await new Promise(r => setTimeout(r, 20)); return 'own'")
    assert (raw.status, raw.console.head) == ("ok", "")


BUSY = [
    ("digests", "(async () => { for (;;) { await crypto.subtle.digest('SHA-256', new Uint8Array(1)); n++ } })()"),
    ("signals", "(() => { const again = () => { n++; AbortSignal.timeout(0).onabort = again }; again() })()"),
    (
        "compression",
        """(async () => { for (;;) {
        await new Response_(new Blob(['x']).stream().pipeThrough(new CompressionStream('gzip'))); n++ } })()
        async function Response_(s) { for await (const _ of s); }""",
    ),
]


@pytest.mark.parametrize("body", [body for _, body in BUSY], ids=[name for name, _ in BUSY])
async def test_nothing_of_a_session_executes_between_runs(session: Session, body: str) -> None:
    for wait in ("await new Promise(r => setTimeout(r, 20))", "0"):  # a long run hears the host meanwhile, a short one does not
        raw = await session.run(f"n = 0; {body}; {wait}; return n", "n")
        assert raw.status == "ok"
        await eventually(lambda: psutil.Process(session.pid).status() == psutil.STATUS_STOPPED)
        at, before = cpu_seconds(session.pid), session.worker.names
        await asyncio.sleep(0)
        assert cpu_seconds(session.pid) == at
        assert session.worker.names == before
    assert (await session.run("return 1")).status == "ok"


async def test_an_endless_chain_of_microtasks_ends_at_the_limit(session: Session) -> None:
    raw = await session.run("(async () => { for (;;) await 0 })(); return 1", ms=100)
    assert (raw.status, raw.stopped, raw.heap_kept) == ("timeout", "killed", False)
    assert not there(session.pid)


async def test_a_loop_is_stopped_in_place(session: Session) -> None:
    await session.run("kept = 1", "kept")
    for loop in (
        "for (;;);",
        "while (true) { kept++ }",
        "for (;;) { try { for (;;); } finally { continue } }",
        "/(a+)+$/.test('a'.repeat(40) + 'b')",
    ):
        raw = await session.run(loop + "; kept = -1; for (;;);", "kept", ms=60)
        assert (raw.status, raw.stopped, raw.heap_kept) == ("timeout", "synchronous", True)
    assert (await session.run("return kept > 0")).value is not None


async def test_the_time_of_a_stopped_run_is_its_limit(session: Session) -> None:
    over: list[int] = []
    for body in ("for (;;);", "await new Promise(() => {})"):
        raw = await session.run(body, ms=200)
        assert raw.heap_kept
        over.append(raw.usage.wall_ms - 200)
    assert min(over) >= -1
    assert min(over) <= 50


async def test_a_wait_that_never_ends_costs_no_heap(session: Session) -> None:
    await session.run("kept = 'k'", "kept")
    for wait in (
        "await new Promise(() => {})",
        "await new Promise(r => setTimeout(r, 1e9))",
        "for await (const x of (async function* () { await new Promise(() => {}) })());",
    ):
        raw = await session.run(wait, ms=60)
        assert (raw.status, raw.stopped, raw.heap_kept) == ("timeout", "waiting", True)
    assert await session.json("kept") == '"k"'


async def test_a_loop_after_a_wait_is_killed_soon_after_the_limit(session: Session) -> None:
    raw = await session.run("await new Promise(r => setTimeout(r, 1)); for (;;);", ms=100)
    assert (raw.status, raw.stopped, raw.heap_kept) == ("timeout", "killed", False)
    assert raw.usage.wall_ms < 700  # about 150; the rest is what a starved machine is given
    assert not there(session.pid)


async def test_a_limit_reached_with_large_variables_keeps_the_heap(session: Session) -> None:
    await session.run("big = Array.from({length: 50_000}, (_, i) => ({i})); map = new Map(big.map(b => [b.i, b]))", "big", "map")
    raw = await session.run("big = big; map = map; for (;;);", "big", "map", ms=100)
    assert (raw.status, raw.stopped, raw.heap_kept) == ("timeout", "synchronous", True)
    assert [v.type for v in raw.variables] == ["Array(50000)", "Map(50000)"]


MEMORY = [
    ("objects", "const a = []; for (;;) a.push({i: a.length, s: 'x' + a.length})"),
    ("numbers", "const a = []; for (;;) a.push(Math.random())"),
    ("strings", "const a = []; for (let i = 0;; i++) a.push(('y' + i).repeat(10_000).split('').join('-'))"),
    ("one string", "let s = 'x'.repeat(2 ** 28); s = s + 'y'; return s.charCodeAt(5) + s.split('').length"),
    ("after a wait", "await 0; const a = []; for (;;) a.push(new Array(1_000).fill(a.length))"),
    ("in the value", "return Array.from({length: 3e6}, (_, i) => ({i, j: [i]}))"),
]


@pytest.mark.parametrize("body", [body for _, body in MEMORY], ids=[name for name, _ in MEMORY])
async def test_too_much_memory_ends_the_process_and_is_told_as_that(session: Session, body: str) -> None:
    raw = await session.run("console.log('before');" + body, ms=20_000)
    assert (raw.status, raw.heap_kept, raw.error) == ("memory_limit", False, None)
    assert raw.console.head == "before\n"
    assert raw.usage.peak_memory_mb < 106
    assert not there(session.pid)


async def test_how_large_a_process_was_is_told_though_it_is_gone(session: Session) -> None:
    slowly = "for (const all = [];;) { all.push(new Array(1e4).fill(1.5)); for (const t = Date.now(); Date.now() - t < 2;); }"
    raw = await session.run(slowly, ms=20_000)  # so that it is looked at on its way, whoever is told of its end
    assert raw.status == "memory_limit"
    assert 60 < raw.usage.peak_memory_mb < 106


async def test_buffers_beyond_the_memory_are_refused_or_end_the_process(session: Session) -> None:
    raw = await session.run("const a = []; for (;;) { const b = new Uint8Array(4e6); b.fill(1); a.push(b) }", ms=20_000)
    if raw.heap_kept:
        assert raw.error is not None
        assert (raw.status, raw.error.name) == ("error", "RangeError")
        assert await session.json("1") == "1"
    else:
        assert raw.status == "memory_limit"


async def test_garbage_while_a_run_waits_is_only_garbage(session: Session) -> None:
    body = "for (let i = 0; i < 40; i++) { await new Promise(r => setTimeout(r, 1)); Array.from({length: 5e4}, () => ({})) }"
    for _ in range(3):
        raw = await session.run(body + "return 1", ms=20_000)
        assert raw.status == "ok", raw
    await session.run("for (let i = 0; i < 500; i++) new Promise(() => {}).then(() => i)")
    raw = await session.run("await new Promise(() => {})", ms=50)
    assert raw.heap_kept
    raw = await session.run(body + "return 2", ms=20_000)
    assert raw.status == "ok", raw


async def began(session: Session, body: str) -> asyncio.Task[RawRun]:
    """A run that is well under way."""
    begun = asyncio.Event()

    async def begin(payload: Payload) -> Payload:
        begun.set()
        return payload

    task = asyncio.create_task(session.run("console.log('on'); await host.begin(); " + body, host={"begin": begin}))
    await begun.wait()
    return task


async def cancelled(task: asyncio.Task[RawRun]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_stopped_wait_keeps_the_heap(session: Session) -> None:
    await session.run("kept = 1", "kept")
    await cancelled(await began(session, "kept = 2; await new Promise(() => {})"))
    raw = await session.worker.stop(session.worker.names)
    assert (raw.status, raw.stopped, raw.heap_kept, raw.console.head) == ("cancelled", "waiting", True, "on\n")
    assert await session.json("kept") == "2"


async def test_a_stopped_loop_costs_the_process(session: Session) -> None:
    await cancelled(await began(session, "for (;;);"))
    raw = await session.worker.stop({})
    assert (raw.status, raw.stopped, raw.heap_kept, raw.console.head) == ("cancelled", "killed", False, "on\n")
    assert not there(session.pid)


async def test_a_process_that_is_killed_from_outside_is_told_as_that(session: Session) -> None:
    task = await began(session, "await new Promise(() => {})")
    psutil.Process(session.pid).kill()
    raw = await task
    assert raw.error is not None
    assert (raw.status, raw.error.message) == ("crashed", "the session's process was ended from outside (signal 9)")
    assert not there(session.pid)


async def test_a_worker_that_died_between_runs_says_so_at_once(session: Session) -> None:
    await session.run("kept = 1", "kept")
    psutil.Process(session.pid).kill()
    await eventually(lambda: not session.worker.alive)
    with anyio.fail_after(4):
        assert (await session.run("return 1")).status == "crashed"
        with pytest.raises(WorkerDied):
            await session.worker.table(["kept"])
        assert not await session.worker.ping()
