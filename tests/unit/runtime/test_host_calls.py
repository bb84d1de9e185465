"""Calls from the sandbox to the host: data and errors there and back, bounds kept on both sides, nothing left open behind a run."""

import asyncio
import json

import anyio
import psutil
import pytest

from mcp_codeexec.errors import BadArguments
from mcp_codeexec.model import Payload, RawRun
from mcp_codeexec.ports import HostCall
from mcp_codeexec.runtime.host_calls import AT_ONCE
from mcp_codeexec.runtime.worker import SessionWorker
from tests.unit.runtime.sessions import Session, eventually


async def echo(payload: Payload) -> Payload:
    return payload


DATA = [
    "null",
    "1.5",
    "'ä€😀\\u2028\\0'",
    "[1, [null, true]]",
    "{a: {b: []}, '': 0}",
    'JSON.parse(\'{"__proto__": {"x": 1}}\')',
    "{toJSON() { return 'mine' }}",
    "[undefined, () => 1, NaN, new Date(0)]",
    "undefined",
    "() => 1",
    "'x'.repeat(299_998)",
]


async def test_data_goes_there_and_back_as_json_has_it(session: Session) -> None:
    for expression in DATA:
        body = (
            f"const v = {expression}; const sent = JSON.stringify(v) ?? 'null'; return JSON.stringify(await host.echo(v)) === sent"
        )
        raw = await session.run(body, host={"echo": echo})
        assert raw.value is not None, (expression, raw)
        assert (expression, raw.value.json) == (expression, "true")


async def test_a_lone_surrogate_does_not_break_the_wire(session: Session) -> None:
    raw = await session.run("return await host.echo({['k\\ud800']: 'v\\udc00'})", host={"echo": echo})
    assert raw.value is not None, raw
    assert raw.value.json == '{"k\ufffd":"v\ufffd"}'


ANSWERS: list[tuple[Payload, str]] = [
    (Payload(float("nan")), "null"),
    (Payload([float("inf")]), "[null]"),
    (Payload({"k\ud800": "\udfff"}), '{"k\ufffd":"\ufffd"}'),
    (Payload(2**60), "1152921504606847000"),
    (Payload("x" * 5_000_000), ""),
    (Payload(None, b"\x00\xff" * 4_000_000), "null"),
    (Payload({"then": 1, "__proto__": 2}), '{"then":1,"__proto__":2}'),
]


async def test_whatever_a_function_answers_arrives_or_is_an_error(session: Session) -> None:
    for payload, expected in ANSWERS:

        async def answer(asked: Payload, payload: Payload = payload) -> Payload:
            return payload

        raw = await session.run("return await host.answer()", host={"answer": answer})
        assert raw.value is not None, raw
        assert raw.value.json == expected


async def test_a_functions_own_sentence_reaches_the_code_and_no_other(session: Session) -> None:
    async def anticipated(payload: Payload) -> Payload:
        raise BadArguments("there is no file 'x'")

    async def crash(payload: Payload) -> Payload:
        raise RuntimeError("secret of ours")

    async def unsayable(payload: Payload) -> Payload:
        return Payload({"deep": object()})  # pyright: ignore[reportArgumentType] - what a careless embedder does

    async def bottomless(payload: Payload) -> Payload:
        nest: list[object] = []
        for _ in range(5_000):
            nest = [nest]
        return Payload(nest)  # pyright: ignore[reportArgumentType]

    host: dict[str, HostCall] = {"anticipated": anticipated, "crash": crash, "unsayable": unsayable, "bottomless": bottomless}
    for name, message in {
        "anticipated": "there is no file 'x'",
        "crash": "the host function failed",
        "unsayable": "the host function failed",
        "bottomless": "the host function failed",
    }.items():
        raw = await session.run(f"await host.{name}()", host=host)
        assert raw.error is not None, raw
        assert (raw.error.name, raw.error.message) == ("Error", message)


async def test_a_host_is_there_only_with_functions_and_only_in_its_run(session: Session) -> None:
    assert await session.json("typeof host") == '"undefined"'
    await session.run("kept = host.echo", "kept", host={"echo": echo})
    raw = await session.run("return [typeof host, await kept(1)]", host={})
    assert raw.error is not None
    assert raw.error.message == "there is no host function 'echo'"
    raw = await session.run("host = {}; host.echo = 1; return Object.keys(host)", host={"echo": echo})
    assert raw.value is not None
    assert raw.value.json == '["echo"]'
    assert await session.json("typeof host") == '"undefined"'


async def test_many_calls_at_once_are_all_answered_few_at_a_time(session: Session) -> None:
    open_now = most = 0

    async def slow(payload: Payload) -> Payload:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0)
        open_now -= 1
        return payload

    raw = await session.run(
        "const all = await Promise.all(Array.from({length: 500}, (_, i) => host.slow(i))); return all.every((x, i) => x === i)",
        host={"slow": slow},
    )
    assert raw.value is not None, raw
    assert raw.value.json == "true"
    assert 1 < most <= AT_ONCE


async def test_calls_beyond_the_limit_and_data_beyond_the_size_are_errors_in_the_code(session: Session) -> None:
    body = "let n = 0; try { for (;;) { await host.echo(n); n++ } } catch (error) { return [n, error.name, error.message] }"
    for _ in range(2):
        raw = await session.run(body, host={"echo": echo}, ms=20_000)
        assert raw.value is not None, raw
        assert json.loads(raw.value.json) == [1_000, "RangeError", "this run has used up its host calls"]
    raw = await session.run("await host.echo('x'.repeat(300_000))", host={"echo": echo})
    assert raw.error is not None, raw
    assert (raw.error.name, raw.heap_kept) == ("RangeError", True)


async def test_calls_that_are_open_at_the_end_are_cancelled_and_counted(session: Session) -> None:
    cancelled = 0

    async def forever(payload: Payload) -> Payload:
        nonlocal cancelled
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled += 1
        return payload

    raw = await session.run(
        "for (let i = 0; i < 20; i++) host.forever(i); await new Promise((r) => setTimeout(r, 60)); return 1",
        host={"forever": forever},
    )
    assert (raw.status, raw.calls, raw.heap_kept) == ("ok", 20, True)
    assert cancelled == AT_ONCE
    raw = await session.run("host.forever(); return await host.echo(2)", host={"forever": forever, "echo": echo})
    assert raw.value is not None, raw
    assert (raw.value.json, raw.calls, cancelled) == ("2", 1, AT_ONCE + 1)


async def test_a_late_answer_goes_nowhere(session: Session) -> None:
    finish = asyncio.Event()

    async def stubborn(payload: Payload) -> Payload:
        while not finish.is_set():
            try:
                await finish.wait()
            except asyncio.CancelledError:
                finish.set()
        return Payload("late")

    raw = await session.run(
        "heard = 'no'; host.stubborn().then((x) => { heard = x }); return 1", "heard", host={"stubborn": stubborn}
    )
    assert raw.status == "ok"
    raw = await session.run("await new Promise(r => setTimeout(r, 10)); return heard")
    assert raw.value is not None
    assert raw.value.json == '"no"'


async def ended_while_a_call_lingers(session: Session) -> tuple[asyncio.Task[RawRun], asyncio.Event]:
    """A run whose last word has come, and whose open call does not let go yet."""
    begun, cancelled, release = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def linger(payload: Payload) -> Payload:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()
            await release.wait()
        return payload

    task = asyncio.create_task(
        session.run("x = 1; host.linger(); await host.begun(); return 1", "x", host={"linger": linger, "begun": echo})
    )
    with anyio.fail_after(10):
        await cancelled.wait()
    return task, release


async def test_a_run_that_is_cancelled_at_its_very_end_leaves_a_standing_worker(session: Session) -> None:
    task, release = await ended_while_a_call_lingers(session)
    task.cancel()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not session.worker.running
    assert session.worker.names == {"x": "let"}
    await eventually(lambda: psutil.Process(session.pid).status() == psutil.STATUS_STOPPED)
    assert await session.json("1") == "1"


async def test_a_worker_stands_still_while_its_calls_are_closed(session: Session) -> None:
    task, release = await ended_while_a_call_lingers(session)
    await eventually(lambda: psutil.Process(session.pid).status() == psutil.STATUS_STOPPED)
    release.set()
    assert (await task).status == "ok"


async def test_a_process_that_dies_in_a_call_cancels_it(worker: SessionWorker) -> None:
    session, cancelled = Session(worker), asyncio.Event()

    async def kill(payload: Payload) -> Payload:
        psutil.Process(session.pid).kill()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()
        return payload

    raw = await session.run("await host.kill()", host={"kill": kill})
    assert (raw.status, raw.heap_kept) == ("crashed", False)
    assert cancelled.is_set()
